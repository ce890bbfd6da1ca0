"""Work and evidence meet in PostgreSQL at the worst moment, and do not wait in a circle.

Operations are driven statement by statement on connections of their own, so the moment is certain.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import anyio

from blazz.campaigns.delivery import Reported, State
from blazz.campaigns.ledger import chunk_work, evidence_work
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import Finding
from blazz.databases.operations import Operation, run_on_postgres
from blazz.events.statuses import Status
from tests.integration.campaigns.test_postgres_ledger import counters_fit, leased, ready

T = TypeVar("T")
Pause = Callable[[], Awaitable[None]]


async def drive(ledger: PostgresLedger, operation: Operation[T], pauses: Mapping[str, Pause]) -> T:
    """Run an operation in a transaction; before some of its queries, do something else."""

    def only(step: Any) -> Operation[Any]:
        return (yield step)

    answer: Any = None
    async with ledger._database.transaction() as connection:
        while True:
            try:
                step = operation.send(answer)
            except StopIteration as finished:
                result: T = finished.value
                return result
            if step.query in pauses:
                await pauses[step.query]()
            answer = await run_on_postgres(connection, ledger._queries, only(step))


async def test_a_window_passes_over_rows_that_are_being_recorded(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        number = await ready(ledger, 10)
        lease = await leased(ledger, number)
        rows_held, chunk_held = anyio.Event(), anyio.Event()
        taken: list[int] = []

        async def record_first() -> None:
            rows_held.set()
            await chunk_held.wait()

        async def record() -> None:
            findings = [Finding(number, 1, 1, Reported(Status.SENT))]
            operation = evidence_work.record(findings, now=time.time())
            assert await drive(ledger, operation, {"count_changes": record_first}) == 1

        async def take() -> None:
            await rows_held.wait()

            async def both_go_on() -> None:
                chunk_held.set()

            operation = chunk_work.begin_window(lease, 10, after=0, ttl=60, now=time.time())
            rows = await drive(ledger, operation, {"take_window": both_go_on})
            taken.extend(it.seq for it in rows)

        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(record)
                tasks.start_soon(take)

        assert taken == list(range(2, 11))
        there = await counters_fit(ledger, number)
        assert there == {State.SENT: 1, State.SENDING: 9}


async def test_a_row_that_a_window_passed_over_is_taken_later(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        number = await ready(ledger, 10)
        lease = await leased(ledger, number)
        async with ledger._database.transaction() as other:
            await other.fetch(f"SELECT seq FROM recipient_{number} WHERE seq = 4 FOR UPDATE")
            with anyio.fail_after(60):
                rows = await ledger.begin_window(lease, 10, after=0, ttl=60, now=time.time())
            assert [it.seq for it in rows] == [1, 2, 3, 5, 6, 7, 8, 9, 10]
        findings = [Finding(number, it.seq, 1, Reported(Status.SENT)) for it in rows]
        await ledger.record(findings, now=time.time())
        await ledger.release(lease, now=time.time())

        offers = await ledger.offer(owner="d", depth=3, hold=60, now=time.time())
        assert [it.chunk for it in offers] == [lease.chunk]
        again = await leased(ledger, number)
        rows = await ledger.begin_window(again, 10, after=0, ttl=60, now=time.time())
        assert [it.seq for it in rows] == [4]


async def test_chunks_are_held_in_the_order_of_their_numbers(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        await ready(ledger, 20)
        async with ledger._database.connection() as connection:
            await connection.execute("UPDATE chunk SET owner = 'ann', lease_until = 1e12")
            # Now a scan comes upon the second one first.
            await connection.execute("UPDATE chunk SET epoch = 1 WHERE number = 1")
        with anyio.fail_after(60):
            async with (
                anyio.create_task_group() as tasks,
                ledger._database.transaction() as first,
            ):
                await first.fetch("SELECT FROM chunk WHERE number = 1 FOR UPDATE")
                tasks.start_soon(ledger.leave, "ann")
                await somebody_waits(ledger)
                async with ledger._database.transaction() as second:
                    # It waits for the first chunk, and does not hold the second meanwhile.
                    await second.fetch("SELECT FROM chunk WHERE number = 2 FOR UPDATE NOWAIT")


async def somebody_waits(ledger: PostgresLedger) -> None:
    """Until a transaction waits for another one's lock."""
    async with ledger._database.connection() as connection:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not await connection.fetchval(waiting):  # noqa: ASYNC110  # there is no event
            await anyio.sleep(0.01)
