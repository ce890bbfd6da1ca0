"""Several numbers that share a campaign, and take over from each other."""

from __future__ import annotations

from collections import Counter

import anyio
import pytest

from blazz import ConfigurationError, Numbers, Sandbox, Text
from blazz.sandbox.server import ServerOptions, running
from blazz.sandbox.settings import Settings
from tests.integration.campaigns.conftest import Field, people, run

HALO = Text("Halo {name}")


async def test_the_load_is_shared_and_tokens_still_settle(field: Field) -> None:
    second = await field.client.open("support", Sandbox(field.url, phone_number_id="200200200"))
    campaign = await field.client.campaign(
        "promo",
        session=[field.session, second],
        message=HALO,
        audience=people(300),
        rate=2000.0,
    )
    last = await run(campaign, wait_for_statuses=30.0)

    by_number = Counter(entry.phone_number_id for entry in await field.log())
    assert by_number.total() == 300
    assert min(by_number.values()) > 75, by_number
    assert set((await field.sent()).values()) == {1}
    assert last.counts.read == 300
    report = await campaign.report()
    shares = {group.name: group.counts.read for group in report.numbers}
    assert shares == {
        "sales": by_number[field.sandbox.phone_number_id],
        "support": by_number["200200200"],
    }


async def test_people_stay_with_their_number_from_campaign_to_campaign(field: Field) -> None:
    second = await field.client.open("support", Sandbox(field.url, phone_number_id="200200200"))
    for name, size in (("first", 60), ("second", 90)):
        campaign = await field.client.campaign(
            name,
            session=[field.session, second],
            message=HALO,
            audience=people(size),
            rate=None,
            numbers=Numbers(share="recipients"),
        )
        assert (await run(campaign)).counts.taken_over == size

    log = await field.log()
    whose: dict[str, set[str]] = {}
    for entry in log:
        whose.setdefault(entry.to, set()).add(entry.phone_number_id)
    assert len(log) == 150
    assert {len(each) for each in whose.values()} == {1}
    assert min(Counter(entry.phone_number_id for entry in log).values()) >= 30


async def test_another_number_takes_over_from_one_that_is_blocked(field: Field) -> None:
    settings = Settings(jitter=0.0, speed=50.0, throughput=None)
    async with running(ServerOptions(settings=settings)) as (url, _):
        other = Sandbox(url, phone_number_id="200200200")
        second = await field.client.open("support", other)
        campaign = await field.client.campaign(
            "promo",
            session=[field.session, second],
            message=HALO,
            audience=people(240),
            rate=80.0,  # far from its end when it is seen that a third is sent
        )
        with anyio.fail_after(60):
            async for progress in campaign.run(every=0.05, wait_for_statuses=3.0):
                if progress.counts.taken_over > 80:
                    await other.settings(token="another")

        here = Counter(entry.to for entry in await field.log())
        there = Counter([entry.to async for entry in other.log()])
        assert progress.counts.taken_over == 240
        assert set((here + there).values()) == {1}
        assert (here + there).total() == 240
        assert 20 < there.total() < here.total()
        notes = [note.text for note in await campaign.notes()]
        assert any(note.startswith("others take over from support: ") for note in notes)


async def test_a_campaign_goes_on_through_another_session(field: Field) -> None:
    campaign = await field.client.campaign(
        "promo", session=field.session, message=HALO, audience=people(300), rate=80.0
    )
    with anyio.fail_after(60):
        async for progress in campaign.run(every=0.02):
            if progress.counts.taken_over > 50:
                break
    second = await field.client.open("support", Sandbox(field.url, phone_number_id="200200200"))
    again = await field.client.campaign(
        "promo", session=second, message=HALO, audience=people(300), rate=None
    )
    assert (await run(again)).counts.taken_over == 300
    by_number = Counter(entry.phone_number_id for entry in await field.log())
    assert min(by_number.values()) > 30
    assert set((await field.sent()).values()) == {1}


async def test_contradictions_about_numbers_are_refused(field: Field) -> None:
    with pytest.raises(ConfigurationError, match="numbers= is for several sessions"):
        await field.client.campaign(
            "promo", session=field.session, message=HALO, audience=people(1), numbers=Numbers()
        )
    with pytest.raises(ConfigurationError, match="at least one session"):
        await field.client.campaign("promo", session=[], message=HALO, audience=people(1))
