"""What is asked of each recipient right before sending; what is decided while campaigns run."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from blazz.campaigns.delivery import State
from blazz.campaigns.geography import country_of, likely_zones_of, zones_of
from blazz.campaigns.ledger.records import CampaignState
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.options import Canary, FrequencyCap, OverCap, SendHours
from blazz.campaigns.progress import Phase
from blazz.campaigns.screening import Clocks
from blazz.campaigns.supervision import Supervisor
from tests.unit.campaigns.senders import FakeSender, a_campaign, people, run

JAKARTA, MOSCOW, TOLL_FREE = "+6281234567890", "+79161234567", "+18005550123"


def at(zone: str, hour: int, minute: int = 0) -> float:
    return datetime(2026, 11, 23, hour, minute, tzinfo=ZoneInfo(zone)).timestamp()


def test_a_number_tells_its_country_and_zones() -> None:
    assert [country_of(each) for each in (JAKARTA, MOSCOW, "+77011234567", "+14155550123")] == [
        "ID", "RU", "KZ", "US",
    ]  # fmt: skip
    assert [country_of(each) for each in ("+883510000000", "x@g.us", "DE.123")] == ["", "", "DE"]
    assert zones_of(JAKARTA) == ("Asia/Jakarta",)
    assert "Asia/Vladivostok" in zones_of(MOSCOW)
    assert likely_zones_of(MOSCOW) == ("Europe/Moscow",)
    assert zones_of("+883510000000") == zones_of("DE.123") == ()


def test_everybody_is_written_to_when_it_suits_all_their_zones() -> None:
    clocks = Clocks(SendHours(quiet="21:00-08:00", fallback="Europe/Berlin"))
    assert clocks.opening(JAKARTA, at("Asia/Jakarta", 12)).open
    assert not clocks.opening(JAKARTA, at("Asia/Jakarta", 21)).open
    # A mobile number with +7 may be anywhere between Moscow and Kamchatka, or in Kazakhstan.
    assert clocks.opening(MOSCOW, at("Europe/Moscow", 10)).open
    assert not clocks.opening(MOSCOW, at("Europe/Moscow", 20)).open
    # Groups and user ids tell no zone.
    assert not clocks.opening("x@g.us", at("Europe/Berlin", 7)).open
    assert clocks.opening("x@g.us", at("Europe/Berlin", 9)).open


def test_who_has_no_suitable_minute_is_taken_by_where_the_number_is_from() -> None:
    clocks = Clocks(SendHours(open="09:00-12:00", fallback="Europe/Berlin"))
    assert clocks.opening(MOSCOW, at("Europe/Moscow", 10)).open
    assert not clocks.opening(MOSCOW, at("Europe/Moscow", 13)).open
    assert clocks.opening(TOLL_FREE, at("Europe/Berlin", 10)).open, "by the fallback"


def test_one_zone_may_hold_for_all() -> None:
    clocks = Clocks(SendHours(quiet="21:00-08:00", zone="America/New_York"))
    assert clocks.opening(JAKARTA, at("America/New_York", 12)).open


async def test_the_evening_stops_a_campaign_and_the_morning_resumes_it(
    ledger: SqliteLedger,
) -> None:
    now = [at("Asia/Jakarta", 20, 59)]
    sender = FakeSender()

    async def answer(_address: str) -> None:
        if len(sender.sent) == 20:
            now[0] = at("Asia/Jakarta", 21)

    sender._answer = answer
    hours = SendHours(quiet="21:00-08:00")
    campaign = a_campaign(ledger, sender, people(300), hours=hours, concurrency=1)
    campaign._clock = lambda: now[0]
    last = await run(campaign, patience=60.0)
    assert last.phase is Phase.WAITING
    assert last.counts.accepted in {21, 22}
    assert "quiet hours until 2026-11-24 01:00 UTC" in {
        it.reason async for it in campaign.recipients(State.PENDING)
    }

    now[0] = at("Asia/Jakarta", 8) + 86_400
    sender._answer = None
    again = a_campaign(ledger, sender, people(300), hours=hours)
    again._clock = lambda: now[0]
    assert (await run(again)).counts.accepted == 300
    assert set(sender.times.values()) == {1}


async def test_a_cap_that_waits_lets_the_message_leave_later(ledger: SqliteLedger) -> None:
    now = [1_780_000_000.0]
    cap = FrequencyCap(messages=1, days=1, then=OverCap.WAIT)
    sender = FakeSender()
    for name in ("one", "two"):
        campaign = a_campaign(ledger, sender, people(3), id=name, cap=cap)
        campaign._clock = lambda: now[0]
        last = await run(campaign, patience=1.0)
    assert (last.phase, last.counts.pending) == (Phase.WAITING, 3)
    now[0] += 86_401
    again = a_campaign(ledger, sender, people(3), id="two", cap=cap)
    again._clock = lambda: now[0]
    assert (await run(again)).counts.accepted == 3


async def test_any_number_of_supervisors_judge_a_canary_once(ledger: SqliteLedger) -> None:
    campaign = a_campaign(ledger, FakeSender(), people(40), canary=Canary(share=0.1, wait=0))
    await campaign.start()
    row = await ledger.find("default", "promo")
    assert row is not None
    assert (row.state, row.upto) == (CampaignState.RUNNING, 4)
    now = [1_780_000_000.0]
    supervisors = [Supervisor(ledger, clock=lambda: now[0]) for _ in range(3)]
    for each in supervisors:
        assert (await each.look(row.number)).row.upto == 4
    assert (await run(campaign)).counts.accepted == 40
    for each in supervisors:
        assert (await each.look(row.number)).row.upto is None
    assert (await campaign.notes())[0].text == "canary: the first 4 of 40 go first"


async def test_a_campaign_that_was_paused_before_it_began_has_its_canary(
    ledger: SqliteLedger,
) -> None:
    sender = FakeSender()
    rules = Canary(share=0.1, wait=0, go_on=False)
    campaign = a_campaign(ledger, sender, people(30), canary=rules)
    await campaign.prepare()
    assert await campaign.pause()
    await campaign.start()
    row = await ledger.find("default", "promo")
    assert row is not None
    assert row.upto == 3


async def test_nothing_leaves_once_the_end_has_come(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    end = datetime(2026, 11, 22, 9, tzinfo=ZoneInfo("UTC"))
    campaign = a_campaign(ledger, sender, people(30), end_at=end)
    campaign._clock = lambda: end.timestamp() + 1
    last = await run(campaign)
    assert (last.phase, sender.sent) == (Phase.CANCELLED, [])


@pytest.mark.parametrize("size", [1, 2])
async def test_a_canary_of_everybody_holds_nobody_back(ledger: SqliteLedger, size: int) -> None:
    canary = Canary(share=0.99, wait=0)
    campaign = a_campaign(ledger, FakeSender(), people(size), canary=canary)
    assert (await run(campaign)).counts.accepted == size
