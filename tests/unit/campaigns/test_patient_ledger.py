"""A ledger whose server goes away in the middle of things."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from blazz.campaigns.delivery import State
from blazz.campaigns.dispatcher import Dispatcher
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.engine.local import LocalEngine
from blazz.campaigns.ledger.records import CampaignState, Lease, WindowRow
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.patience import Outage
from blazz.campaigns.patient_ledger import PatientLedger
from blazz.errors import EngineUnavailable, LeaseLost, LedgerUnavailable
from tests.unit.campaigns.senders import FakeSender, a_campaign, numbers, people, run


class Flaky(SqliteLedger):
    """Every third call fails: before it is carried out, or after, when its answer is lost."""

    calls = 0
    failures = 0

    async def begin_window(self, *args: Any, **options: Any) -> Sequence[WindowRow]:
        return await self._shaky(super().begin_window, *args, **options)

    async def record(self, *args: Any, **options: Any) -> Any:
        return await self._shaky(super().record, *args, **options)

    async def release(self, *args: Any, **options: Any) -> Any:
        return await self._shaky(super().release, *args, **options)

    async def offer(self, *args: Any, **options: Any) -> Any:
        return await self._shaky(super().offer, *args, **options)

    async def _shaky(self, call: Any, *args: Any, **options: Any) -> Any:
        self.calls += 1
        if self.calls % 6 == 3:
            self.failures += 1
            raise LedgerUnavailable("away")
        result = await call(*args, **options)
        if self.calls % 6 == 0:
            self.failures += 1
            raise LedgerUnavailable("the answer was lost")
        return result


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for as long as a server may be away."""
    monkeypatch.setattr("blazz.campaigns.patience._FIRST", 0.001)
    monkeypatch.setattr("blazz.campaigns.patience._LONGEST", 0.002)


@pytest.mark.usefixtures("quick")
async def test_a_campaign_goes_on_whenever_the_ledger_comes_back(tmp_path: Any) -> None:
    async with Flaky(tmp_path / "ledger.db") as ledger:
        sender = FakeSender()
        last = await run(a_campaign(ledger, sender, people(500), concurrency=20, chunk_size=100))
        assert ledger.failures > 10
        assert (last.counts.accepted, last.counts.unknown) == (500, 0), "nobody is in doubt"
        assert sender.times == dict.fromkeys(numbers(500), 1)


async def leased(ledger: SqliteLedger) -> Lease:
    campaign = a_campaign(ledger, None, people(250), chunk_size=100)
    row = await campaign.prepare()
    await ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
    lease = await ledger.lease_chunk(
        ChunkId(row.number, 2), owner=await ledger.join(), ttl=60, now=time.time()
    )
    assert lease is not None
    return lease


class LosesAnswers:
    """Loses the answer of the first window after it was committed."""

    def __init__(self, ledger: SqliteLedger, *, meanwhile: Any = None) -> None:
        self._ledger = ledger
        self._meanwhile = meanwhile
        self._lost = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def begin_window(self, lease: Lease, n: int, **options: Any) -> Sequence[WindowRow]:
        rows = await self._ledger.begin_window(lease, n, **options)
        if n and not self._lost:
            self._lost = True
            if self._meanwhile is not None:
                await self._meanwhile()
            raise LedgerUnavailable("the answer was lost")
        return rows


@pytest.mark.usefixtures("quick")
async def test_rows_whose_marking_was_not_answered_are_found_again(ledger: SqliteLedger) -> None:
    lease = await leased(ledger)
    earlier = await ledger.begin_window(lease, 5, after=0, ttl=60, now=time.time())
    patient = PatientLedger(LosesAnswers(ledger))  # type: ignore[arg-type]
    rows = await patient.begin_window(lease, 10, after=earlier[-1].seq, ttl=60, now=time.time())
    assert [row.seq for row in rows] == list(range(106, 116)), "these, and not the earlier ones"
    sending = await ledger.recipients(lease.chunk.campaign, {State.SENDING})
    assert len(sending) == 15


@pytest.mark.usefixtures("quick")
async def test_rows_of_a_lease_that_was_lost_meanwhile_are_left_alone(
    ledger: SqliteLedger,
) -> None:
    lease = await leased(ledger)

    async def taken_over() -> None:
        other = await ledger.join()
        far = time.time() + 10**6
        assert await ledger.lease_chunk(lease.chunk, owner=other, ttl=60, now=far)

    patient = PatientLedger(LosesAnswers(ledger, meanwhile=taken_over))  # type: ignore[arg-type]
    with pytest.raises(LeaseLost):
        await patient.begin_window(lease, 10, after=0, ttl=60, now=time.time())


async def test_a_program_that_ends_does_not_wait_for_ever() -> None:
    now = [0.0]

    class Gone:
        async def get(self, number: int) -> None:
            now[0] += 6
            raise LedgerUnavailable("gone")

    patient = PatientLedger(Gone(), clock=lambda: now[0])  # type: ignore[arg-type]
    patient.hurry()
    with anyio.fail_after(60), pytest.raises(LedgerUnavailable):
        await patient.get(1)


async def test_an_outage_is_told_at_its_beginning_and_end(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    outage = Outage("the ledger", clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        pauses = [outage.note(OSError("refused")) for _ in range(7)]
        now[0] = 12.5
        assert outage.goes_on
        outage.over()
        outage.over()
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert [record.getMessage() for record in caplog.records] == [
        "the ledger is away, waiting for it: refused",
        "the ledger is back after 12.5 s",
    ]
    assert outage.note(OSError()) == 0.1, "another outage begins anew"


@pytest.mark.usefixtures("quick")
async def test_a_chunk_is_offered_until_the_engine_takes_it(ledger: SqliteLedger) -> None:
    campaign = a_campaign(ledger, None, people(10))
    row = await campaign.prepare()
    await ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
    taken = anyio.Event()

    class Away(LocalEngine):
        refusals = 3

        async def offer(self, chunk: ChunkId, **options: Any) -> None:
            if self.refusals:
                self.refusals -= 1
                raise EngineUnavailable("away")
            taken.set()

    dispatcher = Dispatcher(
        ledger=ledger, engine=Away(), owner=await ledger.join(), clock=time.time
    )
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(dispatcher.run)
            await taken.wait()
            tasks.cancel_scope.cancel()
