"""The workers of a dispatcher: sinks first, then handlers, in order per conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup, TaskStatus

from blazz.webhooks.calling import Caller, Worker, is_stopping
from blazz.webhooks.handlers import Handlers
from blazz.webhooks.work import Task, Work

_TRIES_TOGETHER: Final = 3
"""From this attempt on, a sink gets an update alone: it may be what makes the batch fail."""

_BREATHE_AFTER: Final = 32
"""Handlers that never wait must not keep the event loop to themselves."""

Run = list[Task]
"""Updates of one lane, in order."""


class Crew:
    """Workers, started as they are needed, that handle runs of updates.

    Args:
        work: Is told what becomes of each update.
        caller: Calls sinks and handlers.
        handlers: The sinks and handlers.
        size: The most workers, not counting those whose handlers rest.
        may_handle: Whether updates of a session may be handled here: asked right before each one,
            since a process that was stopped for a while may no longer own what it has taken.
    """

    def __init__(
        self,
        work: Work,
        caller: Caller,
        handlers: Handlers,
        *,
        size: int,
        may_handle: Callable[[str], bool] = lambda _session: True,
    ) -> None:
        self._work = work
        self._caller = caller
        self._handlers = handlers
        self._size = size
        self._may_handle = may_handle
        self._runs: asyncio.Queue[Run] = asyncio.Queue()
        self._workers = 0
        self._idle = 0
        self.resting = 0
        """How many handlers rest, see `blazz.webhooks.resting`."""
        self._tasks: TaskGroup | None = None

    async def run(self, *, task_status: TaskStatus[None]) -> None:
        """Work until cancelled."""
        async with anyio.create_task_group() as self._tasks:
            task_status.started()
            await self._caller.watch()

    def start(self, tasks: Sequence[Task]) -> None:
        """Begin with tasks that were taken together, in order."""
        assert self._tasks is not None
        if not self._handlers:
            for task in tasks:
                self._work.done(task)
        elif self._handlers.sinks:
            self._tasks.start_soon(self._fill_sinks, tasks)
        else:
            self._line_up(tasks)

    # Sinks

    async def _fill_sinks(self, tasks: Sequence[Task]) -> None:
        alive = self._readable(self._owned(tasks))
        for sink in self._handlers.sinks:
            wanted = [
                task
                for task in alive
                if sink.name not in task.finished and isinstance(task.delivery.event, sink.kinds)
            ]
            failed: dict[Task, str] = {}
            for batch in _batches(wanted):
                error = await self._caller.fill(sink, batch)
                if error is not None:
                    failed.update(dict.fromkeys(batch, error))
            if failed:
                # A session that was closed meanwhile may be why: that is nobody's failure.
                alive = self._without(self._owned(alive), failed)
        self._line_up(alive)

    def _owned(self, tasks: Sequence[Task]) -> Sequence[Task]:
        """Give back what is not ours any more."""
        ours = [task for task in tasks if self._may_handle(task.item.session)]
        if len(ours) < len(tasks):
            kept = set(ours)
            self._work.release([task for task in tasks if task not in kept])
        return ours

    def _readable(self, tasks: Sequence[Task]) -> Sequence[Task]:
        """Build the events; a parser of somebody else may raise where it should not."""
        failed: dict[Task, str] = {}
        for task in tasks:
            try:
                _ = task.delivery.event
            except Exception as error:  # noqa: BLE001
                failed[task] = f"its event cannot be built: {type(error).__name__}: {error}"
        return self._without(tasks, failed)

    def _without(self, tasks: Sequence[Task], failed: dict[Task, str]) -> Sequence[Task]:
        """Fail some tasks, and release what comes after them in their lanes."""
        if not failed:
            return tasks
        alive: list[Task] = []
        released: list[Task] = []
        stopped: set[tuple[str, str]] = set()
        for task in tasks:
            lane = (task.item.session, task.item.lane)
            if lane in stopped:
                released.append(task)
            elif task not in failed:
                alive.append(task)
            elif not self._work.fail(task, failed[task]) and lane[1]:
                stopped.add(lane)
        self._work.release(released)
        return alive

    # Handlers

    def _line_up(self, tasks: Iterable[Task]) -> None:
        """Give each lane's tasks, in order, to one worker."""
        for run in _runs(tasks):
            self._runs.put_nowait(run)
            self._hire()

    def _hire(self) -> None:
        """Start another worker, if one is needed and allowed."""
        assert self._tasks is not None
        if self._runs.qsize() > self._idle and self._workers - self.resting < self._size:
            self._workers += 1
            self._tasks.start_soon(self._work_on)

    def _lent(self, more: int) -> None:
        """Take note that a handler rests, or goes on."""
        self.resting += more
        self._hire()

    async def _work_on(self) -> None:
        worker = self._caller.hire(self._lent)
        handled = 0
        # Those who have stood in for handlers that rested go once these are back.
        while self._workers - self.resting <= self._size:
            try:
                handled = await self._handle_next(worker, handled)
            except asyncio.CancelledError:
                # A handler has cancelled its own task without waiting for the effect.
                if is_stopping():
                    raise
        self._workers -= 1
        self._caller.dismiss(worker)

    async def _handle_next(self, worker: Worker, handled: int) -> int:
        """Handle one run; returns how many updates were handled since the loop had its turn."""
        self._idle += 1
        try:
            run = await self._runs.get()
        finally:
            self._idle -= 1
        for place, task in enumerate(run):
            if not self._may_handle(task.item.session):
                self._work.release(run[place:])
                break
            error = await self._caller.handle(task, worker)
            if error is None:
                self._work.done(task)
            elif not self._may_handle(task.item.session):
                # Its session was closed meanwhile: that is nobody's failure.
                self._work.release(run[place:])
                break
            elif not self._work.fail(task, error):
                self._work.release(run[place + 1 :])
                break
            handled += 1
            if handled >= _BREATHE_AFTER:
                handled = 0
                await _breathe()
        return handled


async def _breathe() -> None:
    """Let others have the event loop for once."""
    try:
        await anyio.lowlevel.checkpoint()
    except asyncio.CancelledError:
        # What a handler has left behind cancels its task now: the rest of the run is still to come.
        if is_stopping():
            raise


def _batches(tasks: Sequence[Task]) -> Iterable[Sequence[Task]]:
    """All together; alone, those that have failed together too often."""
    together = [task for task in tasks if task.item.attempts < _TRIES_TOGETHER]
    if together:
        yield together
    for task in tasks:
        if task.item.attempts >= _TRIES_TOGETHER:
            yield [task]


def _runs(tasks: Iterable[Task]) -> Collection[Run]:
    """Group tasks by lane; those without a lane need no order and stay alone."""
    alone: list[Run] = []
    lanes: dict[tuple[str, str], Run] = {}
    for task in tasks:
        item = task.item
        if item.lane:
            lanes.setdefault((item.session, item.lane), []).append(task)
        else:
            alone.append([task])
    return [*lanes.values(), *alone]
