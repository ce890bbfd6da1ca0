"""A handler that waits for something else lends its place, and loses no time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import anyio
import pytest

from blazz.webhooks.calling import Worker
from blazz.webhooks.resting import Turn, begin, resting
from tests.unit.webhooks.scenery import Said, said, stage


async def test_others_are_handled_while_handlers_rest(tmp_path: Path) -> None:
    async with stage(tmp_path, concurrency=1) as scene:
        heard = anyio.Event()
        at_work = most = 0

        @scene.dispatcher.on(Said)
        async def handle(event: Said) -> None:
            nonlocal at_work, most
            if event.key.endswith("1"):
                with resting():
                    await heard.wait()
            at_work += 1
            most = max(most, at_work)
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
            at_work -= 1
            scene.seen.append(event.key)
            if event.key == "z9":
                heard.set()

        # Many more rest than there are places, and would hold up what wakes them.
        questions = [f"{lane}1" for lane in "abcdefgh"]
        await scene.post(said(*questions, "z9"))
        with anyio.fail_after(60):
            async with scene.running():
                await scene.dispatcher.drained()
                assert scene.seen[0] == "z9"
                assert sorted(scene.seen[1:]) == questions
                most = 0
                await scene.post(said(*(f"{lane}2" for lane in "abcdefgh")))
                await scene.dispatcher.drained()
        assert most == 1, "those who stood in have stayed"


async def test_time_stands_still_for_who_rests() -> None:
    lent: list[int] = []
    task = asyncio.current_task()
    assert task is not None
    turn = Turn(lent.append)
    worker = Worker(task, since=100.0, turn=turn)

    assert worker.is_overdue(160.5, 60)
    turn.rest()
    turn.rest()
    assert turn.resting
    assert not worker.is_overdue(1000, 60)
    turn.go_on()
    assert turn.resting
    turn.go_on()
    turn.rested = 40.0
    assert not worker.is_overdue(199, 60)
    assert worker.is_overdue(201, 60)
    assert lent == [1, -1]
    assert not Worker(task).is_overdue(1e9, 60)


async def test_what_a_handler_leaves_behind_rests_for_itself() -> None:
    lent: list[int] = []
    leave = anyio.Event()

    async def stay() -> None:
        with resting():
            await leave.wait()
        with resting():
            pass

    async with anyio.create_task_group() as tasks:
        turn = begin(lent.append)
        tasks.start_soon(stay)
        while not lent:  # until it rests
            await anyio.lowlevel.checkpoint()
        turn.end()
        assert lent == [1, -1]
        leave.set()
    assert lent == [1, -1]


def test_outside_of_handlers_nothing_is_lent() -> None:
    with resting(), pytest.raises(RuntimeError, match="as it is"):
        raise RuntimeError("as it is")
