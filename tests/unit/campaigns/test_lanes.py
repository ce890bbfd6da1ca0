"""A pool of tasks that nothing can hang, and that lets what was begun end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from blazz.campaigns.lanes import Lanes


def pool(
    count: int, work: Callable[[Any], Awaitable[None]], *, timeout: float = 30.0
) -> tuple[Lanes[Any], list[Any]]:
    """Some lanes, and the list of what they cut off."""
    cut: list[Any] = []
    clock = asyncio.get_running_loop().time
    return Lanes(count, work, cut_off=cut.append, timeout=timeout, clock=clock), cut


async def run_all(lanes: Lanes[Any], *things: Any) -> None:
    for thing in things:
        lanes.put(thing)
    lanes.close()
    with anyio.fail_after(30):
        await lanes.run()


async def test_everything_is_done_so_many_at_a_time() -> None:
    now = most = 0
    done: set[int] = set()

    async def work(thing: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await anyio.lowlevel.checkpoint()
        now -= 1
        done.add(thing)

    lanes, cut = pool(3, work)
    await run_all(lanes, *range(20))
    assert (done, most, cut) == (set(range(20)), 3, [])


async def test_what_takes_too_long_is_cut_off_and_the_lane_goes_on() -> None:
    done: list[str] = []

    async def work(thing: str) -> None:
        if thing == "hangs":
            await anyio.sleep_forever()
        done.append(thing)

    lanes, cut = pool(1, work, timeout=0.2)
    await run_all(lanes, "a", "hangs", "b", "hangs", "c")
    assert done == ["a", "b", "c"]
    assert cut == ["hangs", "hangs"]


async def test_work_that_will_not_be_interrupted_costs_its_lane_only_that_time() -> None:
    done: list[str] = []

    async def work(thing: str) -> None:
        if thing == "stubborn":
            try:
                await anyio.sleep_forever()
            except asyncio.CancelledError:
                done.append("interrupted")
                return
        await anyio.lowlevel.checkpoint()
        done.append(thing)

    lanes, cut = pool(1, work, timeout=0.2)
    await run_all(lanes, "stubborn", "b")
    assert done == ["interrupted", "b"]
    assert cut == []


async def test_cancelling_lets_what_was_begun_end() -> None:
    begun, go_on = anyio.Event(), anyio.Event()
    done: list[int] = []

    async def work(thing: int) -> None:
        begun.set()
        await go_on.wait()
        done.append(thing)

    lanes, cut = pool(2, work)
    for thing in range(3):
        lanes.put(thing)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lanes.run)
        await begun.wait()
        tasks.cancel_scope.cancel()
        go_on.set()
        lanes.close()
    assert sorted(done) == [0, 1, 2]
    assert cut == []


async def test_a_hanging_thing_is_cut_off_after_cancelling_too() -> None:
    begun = anyio.Event()

    async def work(thing: int) -> None:
        begun.set()
        await anyio.sleep_forever()

    lanes, cut = pool(1, work, timeout=0.2)
    lanes.put(7)
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lanes.run)
            await begun.wait()
            lanes.close()
            tasks.cancel_scope.cancel()
    assert cut == [7]
