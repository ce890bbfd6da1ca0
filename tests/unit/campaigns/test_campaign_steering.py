"""Campaigns that are paused, cancelled, stopped and scheduled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import anyio

from blazz.campaigns import Phase
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.ledger.sqlite import SqliteLedger
from tests.unit.campaigns.senders import FakeSender, a_campaign, numbers, people, run


class Gate:
    """Holds all answers back until a test opens it."""

    def __init__(self) -> None:
        self.reached = anyio.Event()
        self.open = anyio.Event()

    async def __call__(self, address: str) -> None:
        self.reached.set()
        await self.open.wait()


async def test_pausing_stops_it_and_resuming_goes_on(ledger: SqliteLedger) -> None:
    gate = Gate()
    sender = FakeSender(gate)
    campaign = a_campaign(ledger, sender, people(200), concurrency=10)
    sent_while_paused = set()

    async for progress in campaign.run(every=0.01):
        if gate.reached.is_set() and not gate.open.is_set():
            assert await campaign.pause("lunch")
            assert not await campaign.pause()
            gate.open.set()
        elif progress.phase is Phase.PAUSED and not progress.counts.sending:
            assert progress.reason == "lunch"
            sent_while_paused.add(len(sender.sent))
            assert await campaign.resume()
            assert not await campaign.resume()

    assert sent_while_paused == {15}, "one window, and no more"
    assert sender.times == dict.fromkeys(numbers(200), 1)


async def test_a_program_need_not_resume_what_somebody_else_paused(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(20))
    await campaign.prepare()
    assert await campaign.pause("not yet")

    async for progress in campaign.run(every=0.01, resume=False):
        if progress.phase is Phase.PAUSED:
            assert progress.reason == "not yet"
            assert not sender.sent
            assert await campaign.resume()

    assert sender.times == dict.fromkeys(numbers(20), 1)


async def test_cancelling_ends_it_for_good(ledger: SqliteLedger) -> None:
    gate = Gate()
    sender = FakeSender(gate)
    campaign = a_campaign(ledger, sender, people(200), concurrency=10)

    async for _ in campaign.run(every=0.01):
        if gate.reached.is_set() and not gate.open.is_set():
            assert await campaign.cancel("wrong text")
            gate.open.set()

    last = await run(a_campaign(ledger, sender, people(200)))
    assert (last.phase, last.reason) == (Phase.CANCELLED, "wrong text")
    assert last.counts.sending == last.counts.unknown == 0
    assert last.counts.pending == 200 - len(sender.sent) > 0
    assert not await campaign.cancel()
    assert not await campaign.resume()


async def test_cancelling_the_task_finishes_what_left(ledger: SqliteLedger) -> None:
    gate = Gate()
    sender = FakeSender(gate)
    campaign = a_campaign(ledger, sender, people(100), concurrency=5)

    async def cancel(scope: anyio.CancelScope) -> None:
        await gate.reached.wait()
        scope.cancel()
        gate.open.set()

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            tasks.start_soon(cancel, scope)
            await run(campaign)

    await check_clean_stop(campaign, sender)


async def test_leaving_the_loop_finishes_what_left(ledger: SqliteLedger) -> None:
    gate = Gate()
    sender = FakeSender(gate)
    campaign = a_campaign(ledger, sender, people(100), concurrency=5)
    running = campaign.run(every=0.01)

    async for _ in running:
        if gate.reached.is_set():
            break
    asyncio.get_running_loop().call_soon(gate.open.set)
    await running.aclose()

    await check_clean_stop(campaign, sender)


async def check_clean_stop(campaign: Campaign, sender: FakeSender) -> None:
    """Nobody is in doubt, and a second run sends to whoever is left."""
    counts = (await campaign.progress()).counts
    assert (counts.unknown, counts.sending) == (0, 0)
    assert counts.accepted == len(sender.sent) > 0
    assert counts.pending == 100 - len(sender.sent) > 0
    await run(campaign)
    assert sender.times == dict.fromkeys(numbers(100), 1)


async def test_it_starts_at_its_time(ledger: SqliteLedger) -> None:
    start = datetime.now(UTC) + timedelta(seconds=0.5)
    campaign = a_campaign(ledger, FakeSender(), people(3), start_at=start)

    phases = [progress.phase async for progress in campaign.run(every=0.05)]

    assert phases[0] in {Phase.IMPORTING, Phase.WAITING}
    assert phases[-1] is Phase.DONE
    report = await campaign.report()
    assert report.started_at is not None
    assert report.started_at >= start
