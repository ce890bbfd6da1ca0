"""Readers of the log are woken by what concerns them, and look by themselves for the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import anyio
import pytest

from blazz.webhooks import log as log_module
from blazz.webhooks.inbox.base import Page
from blazz.webhooks.inbox.sqlite import SqliteInbox
from blazz.webhooks.log import EventLog
from tests.unit.webhooks.scenery import Said, Stage, profile, said

ONE, OTHER = "acme/one", "acme/other"
HOUR = 3_600.0


class Watched(SqliteInbox):
    """Counts how often the log is read, and for whom."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.reads: Counter[str | None] = Counter()
        self.all_read = anyio.Event()
        self.ends = 0
        self.looked_often = anyio.Event()

    async def read_after(self, position: int, *, limit: int, session: str | None = None) -> Page:
        self.reads[session] += 1
        if len(self.reads) == len((ONE, OTHER)):
            self.all_read.set()
        return await super().read_after(position, limit=limit, session=session)

    async def last_position(self) -> int:
        self.ends += 1
        if self.ends >= 10:
            self.looked_often.set()
        return await super().last_position()


class Reading:
    """Two sessions, each with a reader of its events."""

    def __init__(self, inbox: Watched) -> None:
        self.inbox = inbox
        self.sessions = {ONE, OTHER}
        self.stage = Stage(inbox, logged=self.grown)
        self.log = EventLog(inbox, self.stage.dispatcher.deliveries, self.sessions.__contains__)
        self.found = {name: anyio.create_memory_object_stream[str](100) for name in self.sessions}

    def grown(self, sessions: Collection[str]) -> None:
        self.log.grown(sessions)

    async def read(self, session: str) -> None:
        async for event in self.log.follow(session, (Said,)):
            await self.found[session][0].send(event.key)
        await self.found[session][0].send("the end")

    async def next(self, session: str) -> str:
        with anyio.fail_after(60):
            return await self.found[session][1].receive()

    def close(self) -> None:
        for send, receive in self.found.values():
            send.close()
            receive.close()


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncIterator[Reading]:
    async with Watched(tmp_path / "inbox.db") as inbox:
        reading = Reading(inbox)
        await reading.stage.receiver.add(ONE, profile("1"))
        await reading.stage.receiver.add(OTHER, profile("2"))
        yield reading
        reading.close()


async def test_only_those_wake_whose_session_got_something(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "_POLL_SECONDS", HOUR)
    async with reading.stage.running(), anyio.create_task_group() as readers:
        readers.start_soon(reading.read, ONE)
        readers.start_soon(reading.read, OTHER)
        with anyio.fail_after(60):
            await reading.inbox.all_read.wait()
        before = reading.inbox.reads[OTHER]

        for number in range(3):
            await reading.stage.post(said(f"a{number}"))
            assert await reading.next(ONE) == f"a{number}"
        assert reading.inbox.reads[OTHER] == before, "it was woken for nothing"

        await reading.stage.post(said("b1", account="2"))
        assert await reading.next(OTHER) == "b1"
        reading.sessions.clear()
        reading.log.grown([ONE, OTHER])
        assert {await reading.next(ONE), await reading.next(OTHER)} == {"the end"}


async def test_what_others_received_is_found_with_one_look_for_all(
    reading: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(log_module, "_GLANCE_SECONDS", 0.02)
    async with anyio.create_task_group() as readers:
        readers.start_soon(reading.read, ONE)
        readers.start_soon(reading.read, OTHER)
        with anyio.fail_after(60):
            await reading.inbox.all_read.wait()
        reads = reading.inbox.reads.total()
        with anyio.fail_after(60):
            await reading.inbox.looked_often.wait()
        assert reading.inbox.reads.total() == reads, "nothing came, and it was read all the same"

        async with SqliteInbox(tmp_path / "inbox.db") as elsewhere:
            other = Stage(elsewhere)
            await other.receiver.add(ONE, profile("1"))
            await other.post(said("a1"))
            await other.handled()
            assert await reading.next(ONE) == "a1"
        readers.cancel_scope.cancel()
