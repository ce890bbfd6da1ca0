"""Calls handlers and sinks: a time limit, and no way for one to harm the loop that calls it."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

from blazz.webhooks.handlers import Handlers, Sink
from blazz.webhooks.observations import HandlerCalled, HandlerOutcome, Observer, ignore
from blazz.webhooks.work import Task

T = TypeVar("T")

_log = logging.getLogger(__name__)


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

    async def handle(self, task: Task) -> str | None:
        """Call all handlers that want a delivery and have not had it; tells what failed.

        One that fails does not keep the others from being called.
        """
        try:
            wanting = self._handlers.wanting(task.delivery)
        except Exception as error:  # noqa: BLE001  # a filter or a parser of somebody else
            _log.warning("update %d cannot be handled", task.item.seq, exc_info=error)
            return _described(error)
        failures: list[str] = []
        for handler in wanting:
            if handler.name in task.finished:
                continue
            failure = await self._call(handler.name, handler.call, task.delivery, 1)
            if failure is None:
                task.finished.add(handler.name)
            else:
                failures.append(f"{handler.name}: {failure}")
        return "; ".join(failures) or None

    async def fill(self, sink: Sink, tasks: Sequence[Task]) -> str | None:
        """Call a sink with a batch; tells what failed."""
        deliveries = [task.delivery for task in tasks]
        error = await self._call(sink.name, sink.call, deliveries, len(tasks))
        if error is not None:
            return f"{sink.name}: {error}"
        for task in tasks:
            task.finished.add(sink.name)
        return None

    async def _call(
        self, name: str, call: Callable[[T], Awaitable[object]], given: T, updates: int
    ) -> str | None:
        start = time.perf_counter()
        error: str | None = None
        outcome = HandlerOutcome.SUCCEEDED
        try:
            with anyio.move_on_after(self._timeout) as limit:
                await call(given)
            if limit.cancelled_caught:
                outcome = HandlerOutcome.TIMED_OUT
                error = f"it took more than {self._timeout:g} s"
                _log.warning("%s was cancelled: %s", name, error)
        except asyncio.CancelledError:
            if is_stopping():
                raise
            # It cancelled itself, or awaited something that was cancelled: a failure like others.
            outcome, error = HandlerOutcome.FAILED, "it was cancelled"
            _log.warning("%s was cancelled", name)
        except Exception as raised:  # noqa: BLE001  # whatever a handler raises
            outcome, error = HandlerOutcome.FAILED, _described(raised)
            _log.warning("%s failed", name, exc_info=raised)
        if self._observe is not ignore:
            seconds = time.perf_counter() - start
            self._observe(HandlerCalled(name, outcome, updates, seconds))
        return error


def is_stopping() -> bool:
    """Whether the dispatcher is being cancelled; if not, forget who cancelled the current task.

    A cancelled scope around us shows in the deadline; a handler that cancels its own task does not.
    """
    if anyio.current_effective_deadline() == -math.inf:
        return True
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()
    return False


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
