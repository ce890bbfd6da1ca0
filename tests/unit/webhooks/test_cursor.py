"""A reader's position is kept often enough, at the end in any case, and not with every event."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blazz.errors import InboxUnavailable
from blazz.webhooks.cursor import Cursor
from blazz.webhooks.inbox.sqlite import SqliteInbox


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[SqliteInbox]:
    async with SqliteInbox(tmp_path / "inbox.db") as inbox:
        yield inbox


async def test_a_quick_reader_keeps_its_position_now_and_then(inbox: SqliteInbox) -> None:
    now = 0.0
    cursor = Cursor(inbox, "bot", 0, clock=lambda: now)
    await cursor.move(1)
    assert await inbox.cursor("bot") == 1
    for position in range(2, 100):
        await cursor.move(position)
    assert await inbox.cursor("bot") == 1
    now = 0.05
    await cursor.move(100)
    assert await inbox.cursor("bot") == 100
    await cursor.move(101)
    await cursor.leave()
    assert await inbox.cursor("bot") == 101


async def test_without_a_name_nothing_is_kept(inbox: SqliteInbox) -> None:
    cursor = Cursor(inbox, None, 0)
    await cursor.move(1)
    await cursor.leave()
    assert cursor.position == 1


async def test_an_inbox_that_was_closed_before_its_reader_does_no_harm(tmp_path: Path) -> None:
    async with SqliteInbox(tmp_path / "inbox.db") as inbox:
        cursor = Cursor(inbox, "bot", 7)
    await cursor.leave()
    with pytest.raises(InboxUnavailable):
        await cursor.keep()
