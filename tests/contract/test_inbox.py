"""Every inbox keeps the promises of the seam."""

from __future__ import annotations

from pathlib import Path

from blazz.testing.inbox import check_inbox
from blazz.webhooks.inbox.base import Inbox
from blazz.webhooks.inbox.postgres import PostgresInbox
from blazz.webhooks.inbox.sqlite import SqliteInbox


async def test_the_sqlite_inbox(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"

    assert isinstance(SqliteInbox(path), Inbox)
    await check_inbox(lambda clock: SqliteInbox(path, clock=clock))


async def test_the_postgres_inbox(postgres_url: str) -> None:
    assert isinstance(PostgresInbox(postgres_url), Inbox)
    await check_inbox(lambda clock: PostgresInbox(postgres_url, clock=clock))
