"""Whatever befalls workers and servers: nobody gets two messages, and nobody is forgotten."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from blazz.campaigns import UnknownPolicy
from blazz.campaigns.delivery import State
from blazz.campaigns.settle import retry_overdue
from tests.chaos.scene import Scene


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_a_campaign_survives_everything(tmp_path: Path, chaos_seconds: float | None) -> None:
    """By default 1,000 recipients and 4 faults; 20,000 and 20 with `--chaos-minutes`."""
    people, faults = (1000, 4) if chaos_seconds is None else (20_000, 20)
    end = time.monotonic() + (chaos_seconds or 0)
    for number in itertools.count():
        folder = tmp_path / str(number)
        folder.mkdir()
        await survive(Scene(folder, people), faults)
        if time.monotonic() >= end:
            return


async def survive(scene: Scene, faults: int) -> None:
    async with scene.running():
        done = [await shake_at(scene, (n + 0.5) / (faults + 1)) for n in range(faults)]
        await scene.until_nobody_stands_still()
        counts = await scene.until_done(timeout=180)
        doubts = await scene.doubts()
        told = f"{done}: {scene.tally}, {counts}, {doubts}"
        print(told)

        times = await scene.times()
        assert [number for number, count in times.items() if count > 1] == [], told
        in_doubt = {row.address async for row in scene.campaign.recipients(State.UNKNOWN)}
        assert set(scene.numbers) - set(times) <= in_doubt, f"somebody is forgotten: {told}"
        # On a busy machine answers take longer than workers wait for: that is no fault of ours.
        assert counts.unknown - doubts["slow"] <= scene.tally.most_unknown, told
        assert counts.failed == 0, told

        await scene.settle()
        counts = await scene.counts()
        assert counts.read == len(times), f"statuses settle whatever was sent: {counts}"
        assert counts.unknown == scene.people - len(times)

        await send_the_rest(scene)


async def shake_at(scene: Scene, share: float) -> str:
    """Do something bad once so much of the campaign is sent."""
    with anyio.fail_after(180):
        while True:
            counts = await scene.counts()
            if counts.total - counts.open >= share * scene.people:
                return await scene.shake()
            await anyio.sleep(0.05)


async def send_the_rest(scene: Scene) -> None:
    """After all evidence is in, what is still unknown never left: the risk of a retry is nil."""
    row = await scene.ledger.find("default", "promo")
    assert row is not None
    risky = replace(row, unknown=UnknownPolicy.RETRY, settle_after=0.001)
    await retry_overdue(scene.ledger, risky, now=time.time())
    await scene.until_done(timeout=120)
    assert await scene.times() == dict.fromkeys(scene.numbers, 1)
