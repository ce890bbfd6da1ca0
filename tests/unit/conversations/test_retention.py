"""What is old is forgotten while a client runs, and a failure of that harms nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from blazz.conversations import retention
from blazz.conversations.retention import KEPT, forget_regularly
from blazz.conversations.sqlite import SqliteConversationStore


class Watched(SqliteConversationStore):
    """Fails once, and tells of each attempt."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[datetime] = []
        self.enough = anyio.Event()

    async def prune(self, before: datetime) -> None:
        self.asked.append(before)
        if len(self.asked) == 1:
            raise OSError("the disk is away")
        self.enough.set()


async def test_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retention, "_EVERY_SECONDS", 0.001)
    store = Watched(tmp_path / "conversations.db")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(forget_regularly, store)
        with anyio.fail_after(60):
            await store.enough.wait()
        tasks.cancel_scope.cancel()
    assert "could not be forgotten" in caplog.text
    age = datetime.now(UTC) - store.asked[0]
    assert KEPT <= age < KEPT + timedelta(hours=1)
