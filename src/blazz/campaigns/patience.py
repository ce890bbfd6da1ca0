"""Waiting for a server that is away: longer and longer, with a word at its beginning and end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import anyio

T = TypeVar("T")

_log = logging.getLogger(__name__)

_FIRST: Final = 0.1
_LONGEST: Final = 2.0


class Outage:
    """How long something has been away.

    Args:
        what: Its name, for the log.
        clock: Monotonic seconds.
    """

    def __init__(self, what: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock = clock
        self._since: float | None = None
        self._pause = _FIRST

    @property
    def goes_on(self) -> bool:
        """Whether it is away."""
        return self._since is not None

    def note(self, error: Exception) -> float:
        """Note that it is away; give the seconds until it is worth another try."""
        if self._since is None:
            self._since = self._clock()
            _log.warning("%s is away, waiting for it: %s", self._what, error)
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST)
        return pause

    def over(self) -> None:
        """Note that it answers."""
        if self._since is not None:
            _log.warning("%s is back after %.1f s", self._what, self._clock() - self._since)
            self._since = None
            self._pause = _FIRST

    async def wait(self, error: Exception, *, unless: asyncio.Event | None = None) -> None:
        """Note that it is away, and wait a while, or until an event."""
        pause = self.note(error)
        if unless is None:
            await anyio.sleep(pause)
            return
        with anyio.move_on_after(pause):
            await unless.wait()

    async def outlast(self, call: Callable[[], Awaitable[T]], *errors: type[Exception]) -> T:
        """Repeat a call until it does not raise one of these errors."""
        while True:
            try:
                result = await call()
            except errors as error:
                await self.wait(error)
            else:
                self.over()
                return result
