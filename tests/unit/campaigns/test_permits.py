"""What a worker asks of the limiter, and what it does while that is away."""

from __future__ import annotations

import anyio

from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.records import CampaignState
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.limiter.base import Grant, Limit
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.options import Tier
from blazz.campaigns.priority import Priority
from blazz.errors import LimiterUnavailable, Throttled
from tests.unit.campaigns.senders import FakeSender, a_campaign, people, run


class Away(LocalLimiter):
    """A limiter whose server goes away for a few calls."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls = calls

    async def acquire(
        self, key: str, n: int, *, limit: Limit, priority: Priority = Priority.CAMPAIGN
    ) -> Grant:
        self.calls -= 1
        if 0 <= self.calls % 4 < 2 and self.calls > 0:
            raise LimiterUnavailable("away")
        return await super().acquire(key, n, limit=limit, priority=priority)


async def test_a_limiter_that_is_away_is_waited_for(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(50), rate=1000.0)
    campaign._limiter = Away(8)
    last = await run(campaign)
    assert last.counts.accepted == len(sender.sent) == 50


async def test_nobody_gets_more_than_a_pair_may_have(ledger: SqliteLedger) -> None:
    limiter = LocalLimiter()
    await limiter.acquire_each("default/default", ["+628100000001"] * 45, limit=Limit(1 / 6, 45))
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(3), rate=1000.0)
    campaign._limiter = limiter
    last = await run(campaign, patience=1.0)
    assert (last.counts.accepted, last.counts.pending) == (2, 1)
    (waits,) = [it async for it in campaign.recipients(State.PENDING)]
    assert waits.reason is not None
    assert waits.reason.startswith("this person got too many")


async def test_a_portfolio_that_is_full_rests(ledger: SqliteLedger) -> None:
    tier = Tier(people=4)
    limiter = LocalLimiter()
    sender = FakeSender()
    first = a_campaign(ledger, sender, people(4), id="first", rate=1000.0, tier=tier)
    first._limiter = limiter
    assert (await run(first)).counts.accepted == 4, "all that the tier allows"

    again = a_campaign(ledger, sender, people(4), id="again", rate=1000.0, tier=tier)
    again._limiter = limiter
    assert (await run(again)).counts.accepted == 4, "people who count already are no new ones"

    more = a_campaign(ledger, sender, people(6), id="more", rate=1000.0, tier=tier)
    more._limiter = limiter
    last = await run(more, patience=1.0)
    assert (last.counts.accepted, last.counts.pending) == (4, 2)
    assert last.reason == "the portfolio's limit of 4 people in 24 hours is reached"
    row = await ledger.find("default", "more")
    assert row is not None
    assert row.state is CampaignState.RUNNING, "it goes on by itself"


async def test_a_number_that_is_told_it_sends_too_fast_is_slowed_down_for_all(
    ledger: SqliteLedger,
) -> None:
    limiter = LocalLimiter()
    complaints = 1

    async def answer(address: str) -> None:
        nonlocal complaints
        await anyio.lowlevel.checkpoint()
        if complaints:
            complaints -= 1
            raise Throttled("slower", code=130429)

    campaign = a_campaign(ledger, FakeSender(answer), people(20), rate=1000.0)
    campaign._limiter = limiter
    last = await run(campaign)
    assert last.counts.accepted == 20
    throttle = limiter._throttles["default/default"]
    assert throttle.factor == 0.5
