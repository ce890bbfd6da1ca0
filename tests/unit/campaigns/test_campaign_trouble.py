"""Campaigns whose messages are refused, lost or held up."""

from __future__ import annotations

import time
from collections.abc import Sequence

import anyio
import pytest

from blazz.campaigns import Phase, UnknownPolicy
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.errors import (
    CampaignError,
    ConfigurationError,
    ConnectionFailed,
    DeliveryUnknown,
    NotAuthorized,
    Refused,
    Rejected,
    Retry,
    Throttled,
    Undeliverable,
)
from blazz.providers.base import Outcome
from tests.unit.campaigns.senders import FakeSender, a_campaign, numbers, people, run


async def test_failures_are_counted_by_their_code(ledger: SqliteLedger) -> None:
    async def answer(address: str) -> None:
        last = int(address[-2:])
        if last % 3 == 0:
            raise Undeliverable("cannot get it", code=131026)
        if last % 5 == 0:
            raise DeliveryUnknown("no answer", token="t")

    campaign = a_campaign(ledger, FakeSender(answer), people(30))
    await run(campaign)

    report = await campaign.report()

    assert [(it.state, it.code, it.count) for it in report.errors] == [
        (State.FAILED, 131026, 10),
        (State.UNKNOWN, None, 4),
    ]
    assert (report.counts.failed, report.counts.unknown, report.counts.accepted) == (10, 4, 16)
    assert len([row async for row in campaign.dead_letters()]) == 14
    assert len([row async for row in campaign.recipients()]) == 30


async def test_refusals_that_may_pass_are_tried_again(ledger: SqliteLedger) -> None:
    class OnceMore(Refused):
        retry = Retry.ONCE

    refused: set[str] = set()

    async def answer(address: str) -> None:
        if address.endswith("7") and address not in refused:
            refused.add(address)
            raise OnceMore("again", code=131000)

    sender = FakeSender(answer)
    last = await run(a_campaign(ledger, sender, people(30)))
    assert last.counts.accepted == 30
    assert sender.times == dict.fromkeys(numbers(30), 1)
    assert sum(token.split(".")[3] == "2" for _, _, token in sender.sent) == 3, "second attempts"


async def test_throttling_slows_down_and_fails_nobody(ledger: SqliteLedger) -> None:
    throttled = 0

    async def answer(address: str) -> None:
        nonlocal throttled
        if throttled < 8:
            throttled += 1
            raise Throttled("too fast", code=130429, retry_after=0.01)

    last = await run(a_campaign(ledger, FakeSender(answer), people(20), most_refusals=1))
    assert last.counts.accepted == 20


async def test_a_connection_that_comes_back_loses_nobody(ledger: SqliteLedger) -> None:
    failures = 3

    async def answer(address: str) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise ConnectionFailed("refused")

    sender = FakeSender(answer)
    last = await run(a_campaign(ledger, sender, people(10), most_refusals=1))
    assert last.counts.accepted == 10
    assert sender.times == dict.fromkeys(numbers(10), 1)


async def test_expired_credentials_halt_it_until_it_is_run_again(ledger: SqliteLedger) -> None:
    async def answer(address: str) -> None:
        raise NotAuthorized("the token has expired", code=190)

    last = await run(a_campaign(ledger, FakeSender(answer), people(300), concurrency=10))
    assert (last.phase, last.reason) == (Phase.HALTED, "the token has expired")
    assert last.counts.pending == 300

    sender = FakeSender()
    last = await run(a_campaign(ledger, sender, people(300)))
    assert (last.phase, last.counts.accepted, last.reason) == (Phase.DONE, 300, None)


async def test_what_is_due_later_than_anyone_waits_ends_the_run(ledger: SqliteLedger) -> None:
    class Tomorrow(Refused):
        retry = Retry.NEXT_DAY

    class Maintenance(Refused):
        retry = Retry.LATER

    async def tomorrow(address: str) -> None:
        if address.endswith("1"):
            raise Tomorrow("enough for today", code=131049)

    campaign = a_campaign(ledger, FakeSender(tomorrow), people(10))
    last = await run(campaign)
    assert (last.phase, last.counts.pending, last.counts.accepted) == (Phase.WAITING, 1, 9)

    async def maintenance(address: str) -> None:
        raise Maintenance("down for maintenance", code=131057)

    resting = a_campaign(ledger, FakeSender(maintenance), people(10), id="resting")
    last = await run(resting)
    assert (last.phase, last.reason) == (Phase.WAITING, "down for maintenance")
    assert last.counts.pending == 10


@pytest.mark.parametrize("code", [131048, 132015])
async def test_what_going_on_would_make_worse_pauses_until_a_person_resumes(
    ledger: SqliteLedger, code: int
) -> None:
    class Bad(Refused):
        retry = Retry.LATER

    bad = True

    async def answer(address: str) -> None:
        if bad:
            raise Bad("reported as spam", code=code)

    sender = FakeSender(answer)
    campaign = a_campaign(ledger, sender, people(10))
    with anyio.fail_after(30):
        async for progress in campaign.run(every=0.01):
            if progress.phase is Phase.PAUSED:
                assert progress.reason == "reported as spam"
                assert sender.sent == []
                bad = False
                await campaign.resume()
    assert (await campaign.progress()).counts.accepted == 10


async def test_a_faulty_sender_is_noticed(
    ledger: SqliteLedger, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(address: str) -> None:
        if address.endswith("1"):
            raise KeyError("whoops")

    last = await run(a_campaign(ledger, FakeSender(answer), people(9)))
    assert last.counts.unknown == 1
    assert "the sender of campaign promo raised" in caplog.text


async def test_a_request_without_an_answer_is_given_up(ledger: SqliteLedger) -> None:
    async def answer(address: str) -> None:
        if address.endswith("3"):
            await anyio.sleep_forever()

    campaign = a_campaign(ledger, FakeSender(answer), people(5), send_timeout=1.0)
    await run(campaign)
    (lost,) = [row async for row in campaign.dead_letters()]
    assert (lost.line, lost.state, lost.reason) == (3, State.UNKNOWN, "no answer within 1 s")


async def test_unknown_messages_are_looked_up_where_that_can_be_done(
    ledger: SqliteLedger,
) -> None:
    lost: set[str] = set()

    async def answer(address: str) -> None:
        if address in numbers(3) and address not in lost:
            lost.add(address)
            raise DeliveryUnknown("no answer", token="t")

    async def look_up(tokens: Sequence[str]) -> dict[str, Outcome]:
        outcomes = (Outcome.SENT, Outcome.NOT_SENT, Outcome.UNKNOWN)
        return {**dict(zip(tokens, outcomes, strict=False)), "foreign": Outcome.SENT}

    sender = FakeSender(answer)
    campaign = a_campaign(ledger, sender, people(10))
    assert (await run(campaign)).counts.unknown == 3
    early = Campaign(campaign.spec, ledger=ledger, sender=sender, look_up=look_up)
    assert (await run(early)).counts.unknown == 3, "they may still be on their way"
    an_hour_later = Campaign(
        campaign.spec,
        ledger=ledger,
        sender=sender,
        look_up=look_up,
        clock=lambda: time.time() + 3600,
    )

    states = {}
    await run(an_hour_later)
    async for row in campaign.recipients():
        states[row.seq] = (row.state, row.attempt)

    # The first was sent. The second was not, and is sent now; after that the third comes first in
    # the list, and turns out to have been sent.
    assert states[1] == (State.ACCEPTED, 1)
    assert states[2] == (State.ACCEPTED, 2)
    assert states[3] == (State.ACCEPTED, 1)


async def test_unknown_messages_are_sent_again_if_the_policy_says_so(
    ledger: SqliteLedger,
) -> None:
    lost: set[str] = set()

    async def answer(address: str) -> None:
        if address.endswith("4") and address not in lost:
            lost.add(address)
            raise DeliveryUnknown("no answer", token="t")

    campaign = a_campaign(
        ledger,
        FakeSender(answer),
        people(10),
        unknown=UnknownPolicy.RETRY,
        settle_after=1e-6,
    )
    last = await run(campaign)
    assert last.counts.accepted == 10

    held = a_campaign(ledger, FakeSender(answer), people(10), id="held", settle_after=1e-6)
    lost.clear()
    assert (await run(held)).counts.unknown == 1


def test_a_retry_of_unknown_messages_needs_something_that_settles_them() -> None:
    base = a_campaign(None, None, None, unknown=UnknownPolicy.RETRY)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"use unknown=UnknownPolicy\.HOLD"):
        Campaign(base.spec, ledger=None, statuses=False)  # type: ignore[arg-type]


async def test_failed_messages_can_be_put_back_into_the_queue(ledger: SqliteLedger) -> None:
    async def answer(address: str) -> None:
        if address.endswith("1"):
            raise Undeliverable("cannot get it", code=131026)
        if address.endswith("2"):
            raise Rejected("no such template", code=132001)

    sender = FakeSender(answer)
    await run(a_campaign(ledger, sender, people(20)))
    mended = FakeSender()
    campaign = a_campaign(ledger, mended, people(20))
    assert await campaign.retry_failed(132001) == 2
    assert (await run(campaign)).counts.failed == 2
    assert await campaign.retry_failed() == 2
    assert (await run(campaign)).counts.accepted == 20
    assert sender.times + mended.times == dict.fromkeys(numbers(20), 1)

    await campaign.cancel()
    with pytest.raises(CampaignError, match="'promo' is cancelled"):
        await campaign.retry_failed()


async def test_a_message_that_nobody_can_get_is_not_tried_on_everybody(
    ledger: SqliteLedger,
) -> None:
    async def answer(address: str) -> None:
        raise Rejected("no such template", code=132001)

    last = await run(a_campaign(ledger, FakeSender(answer), people(500), concurrency=20))
    assert last.phase is Phase.HALTED
    assert last.reason is not None
    assert last.reason.endswith("in a row were refused: no such template")
    assert last.counts.failed < 100
    assert last.counts.pending == 500 - last.counts.failed
