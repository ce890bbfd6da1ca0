"""Work and evidence meet in PostgreSQL at the worst moment, and do not wait in a circle.

Operations are driven statement by statement on connections of their own, so the moment is certain.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import anyio
import pytest

from blazz.campaigns.delivery import Reported, State
from blazz.campaigns.ledger import evidence_work
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import Finding
from blazz.databases.operations import Operation, run_on_postgres
from blazz.errors import LeaseLost
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
        rows_held, window_taken = anyio.Event(), anyio.Event()

        async def chunk_is_next() -> None:
            rows_held.set()
            await window_taken.wait()

        async def record() -> None:
            findings = [Finding(number, 1, 1, Reported(Status.SENT))]
            operation = evidence_work.record(findings, now=time.time())
            assert await drive(ledger, operation, {"count_changes": chunk_is_next}) == 1

        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(record)
                await rows_held.wait()
                # It must not wait: what it waited for would wait for the chunk, which it holds.
                rows = await ledger.begin_window(lease, 10, after=0, ttl=60, now=time.time())
                window_taken.set()

        assert [it.seq for it in rows] == list(range(2, 11))
        there = await counters_fit(ledger, number)
        assert there == {State.SENT: 1, State.SENDING: 9}


async def test_a_window_that_waited_for_its_chunk_counts_what_it_took(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        number = await ready(ledger, 10)
        lease = await leased(ledger, number)
        taken: list[int] = []

        async def take() -> None:
            rows = await ledger.begin_window(lease, 5, after=0, ttl=60, now=time.time())
            taken.extend(it.seq for it in rows)

        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                # The chunk and two of its rows change after the window began to wait.
                findings = [Finding(number, seq, 1, Reported(Status.SENT)) for seq in (2, 3)]
                async with ledger._database.transaction() as other:
                    await other.fetch("SELECT FROM chunk WHERE number = 1 FOR UPDATE")
                    tasks.start_soon(take)
                    await somebody_waits(ledger)
                    operation = evidence_work.record(findings, now=time.time())
                    assert await run_on_postgres(other, ledger._queries, operation) == 2

        assert taken, "it went on"
        assert set(taken) <= {1, 4, 5, 6, 7}
        there = await counters_fit(ledger, number)
        assert there == {State.SENT: 2, State.SENDING: len(taken), State.PENDING: 8 - len(taken)}


async def test_a_window_that_waited_for_a_chunk_that_was_taken_over_takes_nothing(
    postgres_url: str,
) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        number = await ready(ledger, 10)
        lease = await leased(ledger, number)

        async def take() -> None:
            with pytest.raises(LeaseLost):
                await ledger.begin_window(lease, 5, after=0, ttl=60, now=time.time())

        with anyio.fail_after(60):
            async with (
                anyio.create_task_group() as tasks,
                ledger._database.transaction() as other,
            ):
                await other.execute("UPDATE chunk SET owner = 'bob', epoch = epoch + 1")
                tasks.start_soon(take)
                await somebody_waits(ledger)

        assert await counters_fit(ledger, number) == {State.PENDING: 10}


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
