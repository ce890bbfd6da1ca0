"""Works on many things side by side, a fixed number at a time, and cuts off what takes too long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")

_CHECKS_PER_TIMEOUT = 4


class Lanes(Generic[T]):
    """A pool of tasks that take things from one queue.

    One task watches over all of them: a timer for each thing costs a tenth of sending a message.
    What was begun is not cut off by cancelling `run`; `close` ends it.

    Args:
        count: How many things are worked on at once.
        work: Works on one thing; must not raise.
        cut_off: Told of a thing whose work was cut off.
        timeout: Seconds that the work on a thing may take; it is cut off at most a quarter later.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        count: int,
        work: Callable[[T], Awaitable[None]],
        *,
        cut_off: Callable[[T], None],
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        self._count = count
        self._work = work
        self._cut_off = cut_off
        self._timeout = timeout
        self._clock = clock
        self._queue: asyncio.Queue[T | None] = asyncio.Queue()
        self._lanes: list[_Lane] = []

    @property
    def longest(self) -> float:
        """Seconds after which the work on a thing is over for sure."""
        return self._timeout * (1 + 1 / _CHECKS_PER_TIMEOUT)

    def put(self, thing: T) -> None:
        """Queue a thing."""
        self._queue.put_nowait(thing)

    def close(self) -> None:
        """Let `run` end once everything that is queued is done."""
        for _ in range(self._count):
            self._queue.put_nowait(None)

    async def run(self) -> None:
        """Work until `close` is called, even if cancelled before."""
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as watch:
                watch.start_soon(self._watch)
                async with anyio.create_task_group() as lanes:
                    for _ in range(self._count):
                        lanes.start_soon(self._run_lane)
                watch.cancel_scope.cancel()

    async def _run_lane(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        lane = _Lane(task)
        self._lanes.append(lane)
        while (thing := await self._queue.get()) is not None:
            lane.since = self._clock()
            try:
                await self._work(thing)
            except asyncio.CancelledError:
                if not lane.overdue:
                    raise
                self._cut_off(thing)
            lane.since = None
            if lane.overdue:
                lane.overdue = False
                task.uncancel()

    async def _watch(self) -> None:
        while True:
            await anyio.sleep(self._timeout / _CHECKS_PER_TIMEOUT)
            begun_before = self._clock() - self._timeout
            for lane in self._lanes:
                # Between two things `since` is unset, so an interruption always reaches a lane
                # inside its work.
                if lane.since is not None and lane.since <= begun_before:
                    lane.give_up()


class _Lane:
    """One task of the pool."""

    __slots__ = ("overdue", "since", "task")

    def __init__(self, task: asyncio.Task[object]) -> None:
        self.task = task
        self.since: float | None = None
        self.overdue = False

    def give_up(self) -> None:
        """Interrupt the work."""
        if not self.overdue:
            self.overdue = True
            self.task.cancel()
