"""An inbox on each database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blazz.webhooks.inbox.postgres import PostgresInbox
from blazz.webhooks.inbox.sql import SqlInbox
from blazz.webhooks.inbox.sqlite import SqliteInbox

MakeInbox = Callable[[], SqlInbox]


@pytest.fixture(params=["sqlite", "postgres"])
def inbox_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty inbox is."""
    if request.param == "sqlite":
        return str(tmp_path / "inbox.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def make_inbox(inbox_url: str) -> MakeInbox:
    """Makes inboxes on one database, as several processes would."""
    if inbox_url.startswith("postgresql:"):
        return lambda: PostgresInbox(inbox_url)
    return lambda: SqliteInbox(inbox_url)
