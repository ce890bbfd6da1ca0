"""Whoever has a secret cannot fill the disk with what no session may have."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from blazz.errors import InvalidValue
from blazz.webhooks.inbox.base import Retention, State
from blazz.webhooks.observations import Observation, UpdatesForgotten
from tests.unit.webhooks.scenery import body_of, stage

MEGABYTE = 1024 * 1024
SMALL = Retention(kept_bytes=16 * MEGABYTE)


async def test_the_oldest_go_as_soon_as_it_is_too_much(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forgotten: list[UpdatesForgotten] = []
    enough = anyio.Event()

    def observe(observation: Observation) -> None:
        if isinstance(observation, UpdatesForgotten):
            forgotten.append(observation)
            enough.set()

    async with stage(tmp_path, retention=SMALL, observe=observe) as scene, scene.running():
        for number in range(8):
            update = {"key": f"x{number}", "account": "nobody", "text": "x" * 2 * MEGABYTE}
            await scene.post(body_of(update, {"key": f"a{number}"}))
        with anyio.fail_after(60):
            await enough.wait()
            await scene.dispatcher.drained()

        kept = await scene.inbox.entries(states=[State.UNROUTED])
        assert forgotten[0].updates + len(kept) == 8
        assert [entry.seq for entry in kept] == sorted(entry.seq for entry in kept)
        assert kept[-1].seq > 13, "the newest went"
        done = await scene.inbox.entries(states=[State.DONE])
        assert len(done) == 8, "what a session has was forgotten, too"
        assert len(await scene.inbox.bodies({entry.body_id for entry in done})) == 8
    assert "no session may have were forgotten" in caplog.text


def test_a_few_bodies_are_always_kept() -> None:
    with pytest.raises(InvalidValue, match="kept_bytes"):
        Retention(kept_bytes=MEGABYTE)
