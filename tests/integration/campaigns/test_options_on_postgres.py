"""Campaigns with all their options on PostgreSQL, steered from another client."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio

from blazz import (
    Audience,
    Canary,
    Client,
    FrequencyCap,
    Numbers,
    Sandbox,
    SendHours,
    Text,
    Variants,
)
from blazz.campaigns import OverCap, Phase
from blazz.campaigns.delivery import State
from tests.integration.campaigns.conftest import Field, numbers, run
from tests.integration.campaigns.test_campaign_options import hours_around_now


async def test_everything_at_once(field: Field, postgres_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "on-postgres"
    async with (
        Client(folder=folder, workspace="acme", ledger=postgres_url) as client,
        Client(folder=tmp_path / "elsewhere", workspace="acme", ledger=postgres_url) as elsewhere,
    ):
        sessions = [
            await client.open(name, Sandbox(field.url, phone_number_id=number))
            for name, number in (("one", "300300300"), ("two", "400400400"))
        ]
        awake = numbers(60, prefix="+1415555")
        people = [*awake, "+15550131026", *numbers(20), awake[0], "no number"]
        options = {
            "session": sessions,
            "message": Variants({"a": Text("Halo"), "b": Text("Hai")}),
            "hours": SendHours(quiet=hours_around_now("Asia/Jakarta")),
            "canary": Canary(share=0.2, most_failures=0.2, wait=0.2, go_on=False),
            "cap": FrequencyCap(messages=1, days=1, then=OverCap.SKIP),
            "numbers": Numbers(share="recipients"),
            "rate": 200.0,
        }
        campaign = await client.campaign("promo", audience=Audience.rows(people), **options)

        paused = False
        with anyio.fail_after(60):
            async for progress in campaign.run(every=0.05, patience=30.0):
                if progress.phase is Phase.PAUSED and not paused:
                    paused = True
                    assert progress.counts.open == 81 - 17, "a fifth of all, rounded up"
                    assert await (await elsewhere.campaign("promo")).resume()

        assert paused
        assert (progress.phase, progress.counts.pending) == (Phase.WAITING, 20)
        assert (progress.counts.taken_over, progress.counts.failed) == (60, 1)
        log = await field.log()
        assert Counter(entry.to for entry in log) == dict.fromkeys(awake, 1)
        assert {entry.phone_number_id for entry in log} == {"300300300", "400400400"}
        assert {entry.text for entry in log} == {"Halo", "Hai"}

        report = await (await elsewhere.campaign("promo")).report()
        assert report.balanced
        assert {group.name: group.counts.total for group in report.countries}["US"] == 60
        assert sum(group.counts.total for group in report.variants) == 81
        by_number = Counter(entry.phone_number_id for entry in log)
        assert {group.name: group.counts.taken_over for group in report.numbers} == {
            "one": by_number["300300300"],
            "two": by_number["400400400"],
        }
        assert report.notes[0].text.startswith("canary: the first 17 of 81")
        assert len(report.samples) >= 2

        second = await client.campaign(
            "second", **{**options, "audience": Audience.rows(awake[:5]), "canary": None}
        )
        assert (await run(second)).counts.failed == 5, "the cap counts over both campaigns"
        follow_up = await client.campaign(
            "follow-up",
            session=sessions[0],
            message=Text("Again"),
            audience=campaign.audience(State.FAILED),
            rate=None,
        )
        assert (await run(follow_up)).counts.total == 1
