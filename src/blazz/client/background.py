"""Runs a client's background work in one task group, in a task of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup

from blazz.errors import ConfigurationError, SessionClosed

CLOSED_WITHIN: Final = (
    "a handler cannot close its client, which waits for handlers to end: set an event, and close"
    " the client where it was opened"
)

_log = logging.getLogger(__name__)


class Background:
    """A task group that is opened by one task and may be closed by another.

    `async with` on a task group binds it to the task that enters it; but applications open a client
    in one task and close it in another (a web framework's lifespan, a test fixture). So one task
    of ours holds the group, and `start` and `stop` talk to it.

    What runs here handles its own failures; an exception that escapes ends all the work and is
    raised by `stop`.
    """

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._group: TaskGroup | None = None
        self._stopping = asyncio.Event()

    @property
    def running(self) -> bool:
        """Whether work can be started."""
        return self._group is not None

    async def start(self) -> None:
        """Open the group."""
        ready = asyncio.Event()
        self._stopping = asyncio.Event()  # of this loop: a client may be opened again in another
        self._task = asyncio.create_task(self._hold(ready), name="blazz background")
        await ready.wait()

    async def _hold(self, ready: asyncio.Event) -> None:
        try:
            async with anyio.create_task_group() as group:
                self._group = group
                ready.set()
                await self._stopping.wait()
                group.cancel_scope.cancel()
        except Exception:
            # Told at once: `stop` may be called days later.
            _log.exception("the client handles nothing any more: its background work has failed")
            raise
        finally:
            self._group = None

    def start_soon(self, work: Callable[[], Coroutine[Any, Any, object]], *, name: str) -> None:
        """Start work that runs until `stop` cancels it.

        Raises:
            SessionClosed: The group is not open.
        """
        if self._group is None:
            raise SessionClosed("the client is not open; use `async with Client() as client:`")
        self._group.start_soon(work, name=name)

    def check_outside(self) -> None:
        """Check that the current task is none of the work, which would wait for itself in `stop`.

        Raises:
            ConfigurationError: It is.
        """
        parents = {task.id: task.parent_id for task in anyio.get_running_tasks()}
        at: int | None = anyio.get_current_task().id
        while at is not None:
            if at == id(self._task):  # anyio names tasks so
                raise ConfigurationError(CLOSED_WITHIN)
            at = parents.get(at)

    async def stop(self) -> None:
        """Cancel all work and wait for it.

        Raises:
            BaseExceptionGroup: What escaped from the work.
        """
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping.set()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([task])
        task.result()
