"""What a worker process does with all campaigns of a ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from blazz.campaigns import Priority
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.engine.local import LocalEngine
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.serving import ServingOptions, serve
from blazz.errors import ConfigurationError, LedgerError, LedgerUnavailable
from tests.unit.campaigns.senders import FakeSender, a_campaign, numbers, people


@asynccontextmanager
async def serving(ledger: SqliteLedger, sender: FakeSender, **settings: Any) -> AsyncIterator[None]:
    """Serve a ledger for the length of a block, then drain."""
    async with anyio.create_task_group() as tasks:
        started = anyio.Event()

        async def work() -> None:
            await serve(
                ledger=ledger,
                engine=LocalEngine(),
                limiter=LocalLimiter(),
                senders=lambda row, session: sender,
                started=lambda owner: started.set(),
                **settings,
            )

        tasks.start_soon(work)
        with anyio.fail_after(30):
            await started.wait()
            yield
        tasks.cancel_scope.cancel()


async def finish(campaign: Campaign) -> None:
    async for _ in campaign.watch(every=0.01):
        pass


async def test_every_campaign_of_the_ledger_is_sent(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    async with serving(ledger, sender):
        for name in ("one", "two"):
            campaign = a_campaign(ledger, None, people(300), id=name, chunk_size=100)
            await campaign.start()
            await finish(campaign)
    assert sender.times == dict.fromkeys(numbers(300), 2)


async def test_an_urgent_message_overtakes_thousands(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    bulk = a_campaign(ledger, None, people(10_000), id="bulk", rate=400.0)
    urgent = a_campaign(ledger, None, people(1), id="urgent", rate=400.0, priority=Priority.URGENT)
    await urgent.prepare()
    await bulk.start()
    async with serving(ledger, sender):
        async for progress in bulk.watch(every=0.01):
            if progress.counts.taken_over > 50:
                break
        before = len(sender.sent)
        await urgent.start()
        await finish(urgent)
        row = await ledger.find("default", "urgent")
        assert row is not None
        tokens = [token for _, _, token in sender.sent]
        place = next(n for n, token in enumerate(tokens) if token.startswith(f"v1.{row.number}."))
        assert place - before < 400, "less than a second's messages were sent before it"


async def test_stopping_leaves_nobody_in_doubt(ledger: SqliteLedger) -> None:
    begun = anyio.Event()

    async def slow(address: str) -> None:
        begun.set()
        await anyio.sleep(0.05)

    sender = FakeSender(slow)
    campaign = a_campaign(ledger, None, people(500))
    await campaign.start()
    async with serving(ledger, sender, options=ServingOptions(concurrency=10)):
        await begun.wait()
    counts = (await campaign.progress()).counts
    assert (counts.sending, counts.unknown) == (0, 0)
    assert counts.accepted == len(sender.sent) < 500
    assert counts.pending == 500 - counts.accepted


async def test_a_ledger_that_is_away_at_the_start_is_waited_for(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blazz.campaigns.patience._FIRST", 0.001)
    failures = 3

    async def opening() -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise LedgerUnavailable("it starts")

    monkeypatch.setattr(ledger, "open", opening)
    async with serving(ledger, FakeSender()):
        assert failures == -1


async def test_a_ledger_that_is_broken_ends_it(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def offer(**_options: Any) -> Any:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(ledger, "offer", offer)
    with pytest.RaisesGroup(LedgerError, flatten_subgroups=True):
        async with serving(ledger, FakeSender()):
            await anyio.sleep_forever()


def test_contradictory_options_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="hold"):
        ServingOptions(hold=0)
