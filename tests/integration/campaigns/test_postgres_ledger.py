"""The PostgreSQL ledger where servers, connections and processes fail; real servers, no mocks."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import anyio
import pytest

from blazz.campaigns.delivery import Accepted, Lost, Reported, State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import CampaignRow, CampaignState, Finding, Lease, NewRow
from blazz.errors import LeaseLost, LedgerError, LedgerUnavailable
from blazz.events.statuses import Status
from tests.servers.postgres import PostgresServer

T = TypeVar("T")

ROW = CampaignRow(workspace="w", id="c", session="s", message="{}", columns=(), chunk_size=10)
STOPPED = Path(__file__).with_name("stopped_worker.py")


async def ready(ledger: Ledger, count: int, row: CampaignRow = ROW) -> int:
    """The number of a running campaign with so many recipients."""
    now = time.time()
    number = (await ledger.create(row, now=now)).number
    owner = await ledger.join()
    await ledger.begin_import(number, owner=owner, now=now, ttl=60)
    rows = [NewRow(n, f"+62{10**9 + n}", "[]") for n in range(1, count + 1)]
    await ledger.import_rows(number, rows, owner=owner, now=now, ttl=60)
    await ledger.finish_import(number, owner=owner, audience="a", columns=(), now=now, ttl=60)
    await ledger.change(number, CampaignState.RUNNING, expected={CampaignState.READY})
    return number


async def leased(ledger: Ledger, number: int, chunk: int = 1, *, ttl: float = 60.0) -> Lease:
    """Lease a chunk as soon as it can be."""
    owner = await ledger.join()
    while True:
        lease = await ledger.lease_chunk(
            ChunkId(number, chunk), owner=owner, ttl=ttl, now=time.time()
        )
        if lease is not None:
            return lease
        await anyio.sleep(0.02)


async def counters_fit(ledger: Ledger, number: int) -> Counter[State]:
    """Check that the counters agree with the rows; give those."""
    rows = await ledger.recipients(number, tuple(State), limit=100_000)
    there = Counter(it.state for it in rows)
    counts = (await ledger.standing(number, now=time.time())).counts
    assert {state: getattr(counts, state) for state in State} == {s: there[s] for s in State}
    return there


async def when_back(call: Callable[[], Awaitable[T]]) -> T:
    """Do as workers do: wait while the server is away."""
    with anyio.fail_after(60):
        while True:
            try:
                return await call()
            except LedgerUnavailable:
                await anyio.sleep(0.05)


async def test_a_server_that_is_away_says_so_and_comes_back(
    postgres_server: PostgresServer,
) -> None:
    postgres_server.stop()
    ledger = PostgresLedger(postgres_server.url())
    with pytest.raises(LedgerUnavailable):
        await ledger.open()
    postgres_server.start()
    await ledger.open()
    number = await ready(ledger, 10)
    for end in (postgres_server.stop, postgres_server.kill):
        end()
        with pytest.raises(LedgerUnavailable):
            await ledger.get(number)
        with pytest.raises(LedgerUnavailable):
            await ledger.record([Finding(number, 1, 1, Lost())], now=time.time())
        postgres_server.start()
        assert await when_back(lambda: ledger.get(number)) is not None
        # Nothing has to be opened again, and no old connection gets in the way.
        for _ in range(5):
            await ledger.record([Finding(number, 1, 1, Lost())], now=time.time())
    await ledger.close()


async def test_what_was_committed_outlives_a_crash(postgres_server: PostgresServer) -> None:
    async with PostgresLedger(postgres_server.url()) as ledger:
        number = await ready(ledger, 500)
        recorded: set[int] = set()
        crashes = {50: anyio.Event(), 150: anyio.Event()}

        async def work(chunk: int) -> None:
            lease = await when_back(lambda: leased(ledger, number, chunk))
            rows = await when_back(
                lambda: ledger.begin_window(lease, 10, after=0, ttl=60, now=time.time())
            )
            for it in rows:
                finding = Finding(number, it.seq, it.attempt, Accepted(f"wamid.{it.seq}"))
                await when_back(lambda f=finding: ledger.record([f], now=time.time()))  # type: ignore[misc]
                recorded.add(it.seq)
                if len(recorded) in crashes:
                    crashes[len(recorded)].set()
            await when_back(lambda: ledger.release(lease, now=time.time()))

        async def crash() -> None:
            for enough in crashes.values():
                await enough.wait()
                await asyncio.to_thread(postgres_server.kill)
                await asyncio.to_thread(postgres_server.start)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(crash)
            for chunk in range(1, 36):
                tasks.start_soon(work, chunk)
        accepted = await ledger.recipients(number, {State.ACCEPTED}, limit=1000)
        assert {it.seq for it in accepted} >= recorded, "what was answered is there"
        assert len(recorded) >= 150
        await counters_fit(ledger, number)


async def test_leases_run_by_the_servers_clock(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        number = await ready(ledger, 10)
        ann, bob = await ledger.join(), await ledger.join()
        chunk = ChunkId(number, 1)
        yesterday, tomorrow = time.time() - 86_400, time.time() + 86_400
        lease = await ledger.lease_chunk(chunk, owner=ann, ttl=60, now=yesterday)
        assert lease is not None
        assert await ledger.lease_chunk(chunk, owner=bob, ttl=60, now=tomorrow) is None
        assert len(await ledger.begin_window(lease, 3, after=0, ttl=60, now=tomorrow)) == 3
        assert (await ledger.standing(number, now=tomorrow)).busy == 1
        (first, *_) = await ledger.recipients(number, {State.SENDING})
        assert abs(first.sent_at - time.time()) < 3600


async def test_a_worker_that_was_stopped_past_its_lease_is_fenced_off(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        number = await ready(ledger, 10)
        worker = await asyncio.create_subprocess_exec(
            sys.executable, STOPPED, postgres_url, str(number), stdin=PIPE, stdout=PIPE
        )
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"took 3\n"
        os.kill(worker.pid, signal.SIGSTOP)
        lease = await leased(ledger, number)  # waits until the lease has run out
        assert lease.due == 7
        assert {it.seq for it in await ledger.recipients(number, {State.UNKNOWN})} == {1, 2, 3}
        taken = await ledger.begin_window(lease, 4, after=3, ttl=60, now=time.time())
        os.kill(worker.pid, signal.SIGCONT)
        worker.stdin.write(b"go on\n")
        answer, _ = await worker.communicate()
        assert answer == b"fenced off, 1 recorded\n", "it takes nothing; what it knows is a fact"
        assert [it.seq for it in taken] == [4, 5, 6, 7]
        there = await counters_fit(ledger, number)
        assert there == {State.ACCEPTED: 1, State.UNKNOWN: 2, State.SENDING: 4, State.PENDING: 3}


async def test_workers_on_many_machines_take_every_row_once(postgres_url: str) -> None:
    """Leases that run out in mid-work, windows, results and statuses, all at the same time."""
    taken: Counter[tuple[int, int]] = Counter()
    dice = random.Random(7)
    machines = [PostgresLedger(postgres_url, pool_size=4) for _ in range(3)]
    for machine in machines:
        await machine.open()
    number = await ready(machines[0], 400)

    async def work(ledger: PostgresLedger) -> None:
        owner = await ledger.join()
        for _ in range(40):
            chunk = ChunkId(number, dice.randint(1, 40))
            lease = await ledger.lease_chunk(
                chunk, owner=owner, ttl=dice.choice([-1.0, 60.0]), now=time.time()
            )
            if lease is None:
                continue
            after = 0
            try:
                while rows := await ledger.begin_window(
                    lease, 4, after=after, ttl=dice.choice([-1.0, 60.0]), now=time.time()
                ):
                    after = rows[-1].seq
                    taken.update((it.seq, it.attempt) for it in rows)
                    findings = [
                        Finding(number, it.seq, it.attempt, Accepted(f"wamid.{it.seq}"))
                        for it in rows
                        if dice.random() < 0.9
                    ]
                    await ledger.record(findings, now=time.time())
            except LeaseLost:
                continue
            await ledger.release(lease, now=time.time())

    async def report(ledger: PostgresLedger) -> None:
        for _ in range(30):
            seqs = dice.sample(range(1, 401), 30)
            findings = [Finding(number, seq, 1, Reported(Status.DELIVERED)) for seq in seqs]
            await ledger.record(findings, now=time.time())

    async def offer(ledger: PostgresLedger) -> None:
        owner = await ledger.join()
        for _ in range(20):
            await ledger.offer(owner=owner, depth=3, hold=0.0, now=time.time())

    async with anyio.create_task_group() as tasks:
        for machine in machines:
            for job in (work, work, report, offer):
                tasks.start_soon(job, machine)
    assert max(taken.values()) == 1, "no attempt was given to two workers"
    assert len(taken) > 100
    await counters_fit(machines[0], number)
    for machine in machines:
        await machine.close()


async def test_dispatchers_on_many_machines_offer_no_more_than_fits(postgres_url: str) -> None:
    machines = [PostgresLedger(postgres_url) for _ in range(4)]
    for machine in machines:
        await machine.open()
    await ready(machines[0], 200)
    offered: list[int] = []

    async def offer(ledger: PostgresLedger) -> None:
        found = await ledger.offer(owner="d", depth=3, hold=60.0, now=time.time())
        offered.extend(it.chunk.number for it in found)

    async with anyio.create_task_group() as tasks:
        for machine in machines * 3:
            tasks.start_soon(offer, machine)
    assert sorted(offered) == [1, 2, 3]
    for machine in machines:
        await machine.close()


async def test_what_the_server_refuses_is_no_outage(postgres_url: str) -> None:
    with pytest.raises(LedgerError) as caught:
        await PostgresLedger(f"{postgres_url}_that_is_not_there").open()
    assert not isinstance(caught.value, LedgerUnavailable)
    with pytest.raises(LedgerError, match="is not open"):
        await PostgresLedger(postgres_url).get(1)
    async with PostgresLedger(postgres_url) as ledger:
        with pytest.raises(LedgerError) as caught:
            await ledger.get(2**40)
        assert not isinstance(caught.value, LedgerUnavailable)
        with pytest.raises(LedgerError, match="there is no campaign 7"):
            await ledger.standing(7, now=time.time())
        async with ledger._database.connection() as connection:
            await connection.execute("INSERT INTO schema_versions (number) VALUES (999)")
    with pytest.raises(LedgerError, match="use the newer blazz"):
        await PostgresLedger(postgres_url).open()


async def test_odd_text_is_kept_as_far_as_it_can_be(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        number = await ready(ledger, 2)
        lease = await leased(ledger, number)
        await ledger.begin_window(lease, 2, after=0, ttl=60, now=time.time())
        odd = Reported(Status.FAILED, "wamid\0.ü", 131000, "half \ud83d of a \0 face")
        assert await ledger.record([Finding(number, 1, 1, odd)], now=time.time()) == 1
        (it,) = await ledger.recipients(number, {State.FAILED})
        assert (it.message_id, it.reason) == ("wamid.ü", "half ? of a  face")
