"""Databases that are locked, full or gone for a while: requests are put off, nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from blazz.events import Event
from blazz.webhooks.inbox.postgres import PostgresInbox
from blazz.webhooks.inbox.sqlite import SqliteInbox
from tests.integration.webhooks import traffic
from tests.integration.webhooks.process import Process
from tests.servers.postgres import PostgresServer

BATCH = 20


@pytest.fixture(autouse=True)
def _rest_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazz.webhooks.dispatcher._REST_SECONDS", 0.02)
    monkeypatch.setattr("blazz.databases.sqlite._BUSY_TIMEOUT_MS", 50)


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    made = Process(SqliteInbox(tmp_path / "inbox.db"))
    made.dispatcher.on(Event)(made.count)
    await made.open()
    yield made
    await made.inbox.close()


def batch(number: int) -> bytes:
    return traffic.body(range(number * BATCH, (number + 1) * BATCH))


async def test_postgresql_crashes_while_updates_come_and_are_handled(
    postgres_server: PostgresServer,
) -> None:
    inbox = PostgresInbox(postgres_server.url())
    process, begun, back = Process(inbox, lease=1.0), anyio.Event(), anyio.Event()
    statuses: set[int] = set()

    @process.dispatcher.on(Event)
    async def handle(event: Event) -> None:
        if len(process.handled) >= 2 * BATCH:
            begun.set()
            await back.wait()  # the crash finds handlers at work
        await process.count(event)

    async def crash() -> None:
        await begun.wait()
        await anyio.to_thread.run_sync(postgres_server.kill)
        while 503 not in statuses:  # noqa: ASYNC110  # it is seen below
            await anyio.sleep(0.01)
        back.set()
        await anyio.to_thread.run_sync(postgres_server.start)

    async def post() -> None:
        for number in range(10):
            while (status := await process.answer(batch(number))) != 200:
                statuses.add(status)
                await anyio.sleep(0.01)
            if number == 4:
                await begun.wait()

    async def look() -> None:
        """Requests come while it is away, if only this one."""
        await begun.wait()
        while not statuses:
            statuses.update({await process.answer(batch(0))} - {200})

    await process.open()
    try:
        with anyio.fail_after(120):
            async with anyio.create_task_group() as tasks:
                await tasks.start(process.dispatcher.run)
                async with anyio.create_task_group() as others:
                    for each in (crash, post, look):
                        others.start_soon(each)
                while len(process.handled) < 10 * BATCH:  # noqa: ASYNC110  # no bell tells
                    await anyio.sleep(0.02)
                await process.dispatcher.drained()
                tasks.cancel_scope.cancel()
        assert statuses == {503}
        counts = await inbox.counts()
        assert (counts.arrived, dict(counts.updates)) == (0, {})
    finally:
        await inbox.close()


async def test_another_process_locks_the_sqlite_file(process: Process, tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        await tasks.start(process.dispatcher.run)
        await process.post(batch(0))
        other = sqlite3.connect(tmp_path / "inbox.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await process.answer(batch(1)) == 503
        other.execute("ROLLBACK")
        other.close()

        await process.post(batch(1))
        with anyio.fail_after(60):
            await process.dispatcher.drained()
        tasks.cancel_scope.cancel()
    assert len(process.handled) == 2 * BATCH


async def test_the_disk_is_full_for_a_while(process: Process) -> None:
    async def limit(pages: int) -> None:
        assert isinstance(process.inbox, SqliteInbox)
        await process.inbox._database.write(
            lambda db: db.execute(f"PRAGMA max_page_count={pages:d}").fetchone()
        )

    async with anyio.create_task_group() as tasks:
        await tasks.start(process.dispatcher.run)
        await limit(1)  # as many as there are
        number = 0
        while await process.answer(batch(number)) == 200:
            number += 1
        assert await process.answer(batch(0)) == 503
        await limit(2**30)

        await process.post(batch(number))
        with anyio.fail_after(60):
            await process.dispatcher.drained()
        tasks.cancel_scope.cancel()
    assert len(process.handled) == (number + 1) * BATCH
    assert set(process.handled.values()) == {1}
