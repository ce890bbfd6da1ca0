"""Calls handlers and sinks: a time limit, and no way for one to harm the loop that calls it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import anyio

from blazz.errors import SessionClosed
from blazz.webhooks.handlers import Handler, Handlers, Sink
from blazz.webhooks.observations import HandlerCalled, HandlerOutcome, Observer, ignore
from blazz.webhooks.resting import Turn, begin
from blazz.webhooks.wording import described
from blazz.webhooks.work import Task

_LONGEST_LOOK_SECONDS: Final = 1.0
_STANDSTILL_SECONDS: Final = 5.0

_ENDS_THE_PROCESS: Final = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""Not a handler's failure: the program, or its event loop, is being ended."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Worker:
    """A worker as the watch over time limits sees it.

    Attributes:
        task: What to cancel.
        since: When it called the handler that it is in, or was last cancelled in it; None between
            calls.
        overdue: It has been cancelled because that handler took too long.
        turn: The call that it is in, or was in last.
        lent: Told when a handler begins to rest, and when it goes on.
    """

    task: asyncio.Task[object]
    since: float | None = None
    overdue: bool = False
    turn: Turn | None = None
    lent: Callable[[int], object] = int

    def is_overdue(self, now: float, timeout: float) -> bool:
        """Whether its handler has taken too long, not counting what it has rested."""
        if self.since is None:
            return False
        if self.turn is None:
            return now - self.since > timeout
        return not self.turn.resting and now - self.since - self.turn.rested > timeout


class Caller:
    """Calls what wants a delivery.

    Args:
        handlers: The handlers and sinks.
        timeout: Seconds after which a call is cancelled; None: never.
        observe: Called with each call.
    """

    def __init__(
        self, handlers: Handlers, *, timeout: float | None, observe: Observer = ignore
    ) -> None:
        self._handlers = handlers
        self._timeout = timeout
        self._observe = observe
        self._workers: list[Worker] = []

    def hire(self, lent: Callable[[int], object] = int) -> Worker:
        """Make the current task a worker whose calls are watched.

        Args:
            lent: Told 1 when a handler that it calls begins to rest, and -1 when it goes on.
        """
        task = asyncio.current_task()
        assert task is not None
        worker = Worker(task, lent=lent)
        self._workers.append(worker)
        return worker

    def dismiss(self, worker: Worker) -> None:
        """Watch a worker no longer."""
        self._workers.remove(worker)

    async def watch(self) -> None:
        """Cancel handlers that take too long, until cancelled.

        One watch over all workers: a timer for each call would cost more than a quick handler.
        """
        timeout = math.inf if self._timeout is None else self._timeout
        pause = min(timeout / 8, _LONGEST_LOOK_SECONDS)
        before = time.monotonic()
        while True:
            await anyio.sleep(pause)
            now = time.monotonic()
            if now - before - pause > _STANDSTILL_SECONDS:
                _log.warning(
                    "the event loop stood still for %.1f s: nothing was received or handled;"
                    " let handlers wait with await, and use asyncio.to_thread for what blocks",
                    now - before - pause,
                )
            before = now
            for worker in self._workers:
                # With `since` set, the worker waits somewhere inside its handler: that is where
                # the cancellation arrives, not in what the worker does next.
                if worker.is_overdue(now, timeout):
                    worker.overdue = True
                    # One that goes on nevertheless is cancelled again, whether it rests or not.
                    worker.since, worker.turn = now, None
                    worker.task.cancel()

    async def handle(self, task: Task, worker: Worker) -> str | None:
        """Call all handlers that want a delivery and have not had it; tells what failed.

        One that fails, or whose filter does, does not keep the others from being called.
        """
        try:
            candidates = self._handlers.candidates(task.delivery)
        except Exception as error:  # noqa: BLE001  # a parser of somebody else
            _log.warning("update %d cannot be handled", task.item.seq, exc_info=error)
            return described(error)
        failures: list[str] = []
        for handler in candidates:
            if handler.name in task.finished:
                continue
            try:
                wanted = handler.wants(task.delivery)
            except Exception as error:  # noqa: BLE001  # a filter of somebody else
                _log.warning("the filter of %s failed", handler.name, exc_info=error)
                failures.append(f"{handler.name}: its filter: {described(error)}")
                continue
            if not wanted:
                continue
            failure = await self._call(handler, task, worker)
            if failure is not None:
                failures.append(f"{handler.name}: {failure}")
            elif len(candidates) > 1:
                task.finished.add(handler.name)
        return "; ".join(failures) or None

    async def _call(self, handler: Handler, task: Task, worker: Worker) -> str | None:
        worker.since = start = time.monotonic()
        worker.turn = turn = begin(worker.lent)
        outcome, failure = HandlerOutcome.SUCCEEDED, None
        try:
            await handler.call(task.delivery)
            if worker.task.cancelling():
                await _shake_off()
        except asyncio.CancelledError:
            overdue = worker.overdue
            if is_stopping():
                raise
            if overdue:
                outcome, failure = HandlerOutcome.TIMED_OUT, f"it took over {self._timeout:g} s"
            else:
                # It cancelled itself, or awaited what was cancelled: a failure like any other.
                outcome, failure = HandlerOutcome.FAILED, "it was cancelled"
            _log.warning("%s failed: %s", handler.name, failure)
        except _ENDS_THE_PROCESS:
            raise
        except SessionClosed as error:
            outcome, failure = HandlerOutcome.FAILED, described(error)
            _log.info("%s was stopped: %s", handler.name, error)
        except BaseException as error:  # noqa: BLE001  # whatever a handler raises
            outcome, failure = HandlerOutcome.FAILED, described(error)
            _log.warning("%s failed", handler.name, exc_info=error)
        finally:
            turn.end()
            worker.since = None
            worker.overdue = False
        if self._observe is not ignore:
            seconds = time.monotonic() - start
            self._observe(HandlerCalled(handler.name, outcome, 1, seconds))
        return failure

    async def fill(self, sink: Sink, tasks: Sequence[Task]) -> str | None:
        """Call a sink with a batch; tells what failed."""
        start = time.monotonic()
        outcome, failure = HandlerOutcome.SUCCEEDED, None
        try:
            with anyio.move_on_after(self._timeout) as limit:
                await sink.call([task.delivery for task in tasks])
            if limit.cancelled_caught:
                outcome, failure = HandlerOutcome.TIMED_OUT, f"it took over {self._timeout:g} s"
                _log.warning("%s failed: %s", sink.name, failure)
        except asyncio.CancelledError:
            if is_stopping():
                raise
            outcome, failure = HandlerOutcome.FAILED, "it was cancelled"
            _log.warning("%s failed: %s", sink.name, failure)
        except _ENDS_THE_PROCESS:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever a sink raises
            outcome, failure = HandlerOutcome.FAILED, described(error)
            _log.warning("%s failed", sink.name, exc_info=error)
        if self._observe is not ignore:
            seconds = time.monotonic() - start
            self._observe(HandlerCalled(sink.name, outcome, len(tasks), seconds))
        if failure is not None:
            return f"{sink.name}: {failure}"
        for task in tasks:
            task.finished.add(sink.name)
        return None


async def _shake_off() -> None:
    """Take the cancellation of a handler that has cancelled its task and returned nevertheless.

    It would arrive wherever the task waits next: in the handler of another update. If it was the
    dispatcher that is being stopped, the cancellation comes again.
    """
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    is_stopping()


def is_stopping() -> bool:
    """Whether the dispatcher is being cancelled; if not, forget who cancelled the current task.

    A cancelled scope around us shows in the deadline; what cancels only the task does not.
    """
    if anyio.current_effective_deadline() == -math.inf:
        return True
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()
    return False
