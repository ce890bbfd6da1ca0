"""A worker that loses its lease, its ledger or its patience."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from blazz.addresses import Address
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.delivery import State
from blazz.campaigns.engine.base import ChunkId, Declined
from blazz.campaigns.engine.local import LocalEngine
from blazz.campaigns.ledger.records import CampaignRow, CampaignState, Finding, Lease, WindowRow
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.limiter.base import Grant, Limit
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.priority import Priority
from blazz.campaigns.tokens import TokenSigner
from blazz.campaigns.worker import Worker
from blazz.errors import ConfigurationError, LedgerError, NotAuthorized
from blazz.messages.base import Message
from blazz.providers.base import Receipt
from tests.unit.campaigns.senders import FakeSender, a_campaign, numbers, people, run


async def prepared(ledger: SqliteLedger, count: int, **settings: Any) -> CampaignRow:
    campaign = a_campaign(ledger, None, people(count), **settings)
    row = await campaign.prepare()
    await ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
    return row


async def a_worker(ledger: Any, sender: FakeSender | None, **settings: Any) -> Worker:
    return Worker(
        ledger=ledger,
        limiter=settings.pop("limiter", LocalLimiter()),
        senders=lambda _row, _session: sender,
        owner=await ledger.join(),
        signer=TokenSigner(await ledger.key()),
        **settings,
    )


async def states(ledger: SqliteLedger, row: CampaignRow) -> list[State]:
    return [it.state for it in await ledger.recipients(row.number, tuple(State))]


class Wrapped:
    """A ledger that a test gets between."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


async def work_on(worker: Worker, *chunks: ChunkId) -> None:
    """Let a worker handle some chunks, and stop."""
    left = len(chunks)

    class Counting(LocalEngine):
        async def run(self, handler: Any) -> None:
            async def count(chunk: ChunkId) -> None:
                nonlocal left
                await handler(chunk)
                left -= 1
                if not left:
                    await self.close()

            await super().run(count)

    engine = Counting()
    for chunk in chunks:
        await engine.offer(chunk)
    with anyio.fail_after(30):
        await worker.run(engine)


async def test_results_of_a_worker_that_was_fenced_off_still_count(ledger: SqliteLedger) -> None:
    row = await prepared(ledger, 100)

    class TakenOver(Wrapped):
        """After the first window another owner leases the chunk."""

        windows = 0

        async def begin_window(self, lease: Lease, n: int, **options: Any) -> Sequence[WindowRow]:
            self.windows += 1
            if self.windows == 2:
                other = await self._ledger.join()
                far = time.time() + 10**6
                await self._ledger.lease_chunk(lease.chunk, owner=other, ttl=60, now=far)
            return await self._ledger.begin_window(lease, n, **options)

    sender = FakeSender()
    worker = await a_worker(TakenOver(ledger), sender, concurrency=10)
    await work_on(worker, ChunkId(row.number, 1))
    found = await states(ledger, row)
    assert found.count(State.ACCEPTED) == len(sender.sent) == 15
    assert found.count(State.PENDING) == 85


@pytest.mark.parametrize("broken", ["get", "lease_chunk", "begin_window", "record", "release"])
async def test_a_ledger_that_breaks_stops_everything(ledger: SqliteLedger, broken: str) -> None:
    row = await prepared(ledger, 2000, chunk_size=100)

    class Breaking(Wrapped):
        calls = 0

        def __getattr__(self, name: str) -> Any:
            if name != broken:
                return super().__getattr__(name)

            async def fail(*args: Any, **options: Any) -> Any:
                self.calls += 1
                if self.calls > 2:
                    raise LedgerError("the disk is full")
                return await getattr(self._ledger, name)(*args, **options)

            return fail

    sender = FakeSender()
    worker = await a_worker(Breaking(ledger), sender, concurrency=10)
    with pytest.raises(LedgerError, match="the disk is full"):
        await work_on(worker, *(ChunkId(row.number, n) for n in range(1, 21)))
    assert len(sender.sent) < 2000
    await ledger.leave(worker._owner)
    last = await run(a_campaign(ledger, sender, None))
    assert last.counts.accepted + last.counts.unknown == 2000
    assert max(sender.times.values()) == 1


async def test_rows_whose_turn_comes_too_late_for_the_lease_are_given_back(
    ledger: SqliteLedger,
) -> None:
    row = await prepared(ledger, 10)
    now = [0.0]

    class Slow(Wrapped):
        async def begin_window(self, lease: Lease, n: int, **options: Any) -> Sequence[WindowRow]:
            rows = await self._ledger.begin_window(lease, n, **options)
            now[0] += 1000  # the process was stopped right after the commit
            return rows

    sender = FakeSender()
    worker = await a_worker(Slow(ledger), sender, monotonic=lambda: now[0])
    await work_on(worker, ChunkId(row.number, 1))
    assert sender.sent == []
    assert set(await states(ledger, row)) == {State.PENDING}
    await run(a_campaign(ledger, sender, None))
    assert sender.times == dict.fromkeys(numbers(10), 1)


async def test_a_lease_is_renewed_while_answers_are_slow(ledger: SqliteLedger) -> None:
    row = await prepared(ledger, 3)
    now = [0.0]
    renewed = anyio.Event()

    class Watched(Wrapped):
        async def begin_window(self, lease: Lease, n: int, **options: Any) -> Sequence[WindowRow]:
            if n == 0:
                renewed.set()
            return await self._ledger.begin_window(lease, n, **options)

    async def answer(address: str) -> None:
        now[0] += 100
        await renewed.wait()

    sender = FakeSender(answer)
    worker = await a_worker(Watched(ledger), sender, monotonic=lambda: now[0], send_timeout=200.0)
    await work_on(worker, ChunkId(row.number, 1))
    assert len(sender.sent) == 3


async def test_what_this_process_cannot_send_is_left_alone(ledger: SqliteLedger) -> None:
    row = await prepared(ledger, 3)
    worker = await a_worker(ledger, None)
    with pytest.raises(Declined):
        await worker.handle(ChunkId(row.number, 1))
    await worker.handle(ChunkId(999, 1))
    assert set(await states(ledger, row)) == {State.PENDING}
    owner = await ledger.join()
    assert len(await ledger.offer(owner=owner, depth=9, hold=30, now=time.time())) == 1


async def test_it_sends_no_more_than_the_limiter_grants(ledger: SqliteLedger) -> None:
    row = await prepared(ledger, 40, rate=78.0)
    asked: list[tuple[str, int, Priority]] = []

    class Counting(LocalLimiter):
        granted = 0

        async def acquire(
            self, key: str, n: int, *, limit: Limit, priority: Priority = Priority.NORMAL
        ) -> Grant:
            asked.append((key, n, priority))
            assert limit.rate == 78.0
            if len(asked) % 2:
                return Grant(0, 0.001)
            self.granted += min(n, 3)
            return Grant(min(n, 3), 0.0)

    limiter = Counting()
    sender = FakeSender()
    worker = await a_worker(ledger, sender, limiter=limiter)
    await work_on(worker, ChunkId(row.number, 1))
    assert len(sender.sent) == 40
    assert limiter.granted == 40, "no token is wasted on rows that are not there"
    assert {(key, priority) for key, _, priority in asked} == {
        ("default/default", Priority.CAMPAIGN)
    }


async def test_a_row_that_cannot_be_read_fails_by_itself(ledger: SqliteLedger) -> None:
    row = await prepared(ledger, 3)
    spoil = "UPDATE recipient SET vars = 'not json' WHERE seq = 2"
    await ledger._database.write(lambda c: c.execute(spoil))
    sender = FakeSender()
    worker = await a_worker(ledger, sender)
    await work_on(worker, ChunkId(row.number, 1))
    (failed,) = await ledger.recipients(row.number, {State.FAILED})
    assert failed.seq == 2
    assert failed.reason is not None
    assert failed.reason.startswith("the row cannot be read")
    assert len(sender.sent) == 2


async def test_a_chunk_that_stops_while_rows_are_taken_comes_to_an_end(
    ledger: SqliteLedger,
) -> None:
    row = await prepared(ledger, 200)

    async def answer(address: str) -> None:
        raise NotAuthorized("expired", code=190)

    worker = await a_worker(ledger, FakeSender(answer), concurrency=10)
    await work_on(worker, ChunkId(row.number, 1))
    assert set(await states(ledger, row)) == {State.PENDING}
    stored = await ledger.get(row.number)
    assert stored is not None
    assert (stored.state, stored.reason) == (CampaignState.HALTED, "expired")


async def test_campaigns_of_one_number_do_not_wait_for_each_other(ledger: SqliteLedger) -> None:
    slow = await prepared(ledger, 50, id="slow", rate=0.001)
    fast = await prepared(ledger, 50, id="fast")
    done = anyio.Event()

    class Watched(FakeSender):
        async def send(self, to: Address, message: Message, *, token: str) -> Receipt:
            receipt = await super().send(to, message, token=token)
            if sum(token.startswith(f"v1.{fast.number}.") for _, _, token in self.sent) == 50:
                done.set()
            return receipt

    worker = await a_worker(ledger, Watched(), concurrency=10)
    engine = LocalEngine()
    for row in (slow, fast):
        await engine.offer(ChunkId(row.number, 1))
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.run, engine)
            await done.wait()
            tasks.cancel_scope.cancel()
    assert (await states(ledger, slow)).count(State.PENDING) > 45


async def test_contradictory_settings_are_refused(ledger: SqliteLedger) -> None:
    for wrong in ({"send_timeout": 0.0}, {"concurrency": 0}):
        with pytest.raises(ConfigurationError):
            await a_worker(ledger, None, **wrong)


async def test_evidence_comes_in_batches(ledger: SqliteLedger) -> None:
    batches: list[int] = []

    class Counting(Wrapped):
        async def record(self, findings: Sequence[Finding], *, now: float) -> int:
            batches.append(len(findings))
            return await self._ledger.record(findings, now=now)

    sender = FakeSender()
    base = a_campaign(ledger, sender, people(1000))
    campaign = Campaign(
        base.spec,
        ledger=Counting(ledger),  # type: ignore[arg-type]
        sender=sender,
        audience=people(1000),
    )
    await run(campaign)
    assert sum(batches) == 1000
    assert len(batches) < 1000 / 10
