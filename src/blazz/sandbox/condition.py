"""Waiting for a condition to hold, without a lock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Condition:
    """Like `asyncio.Condition` without its lock, which one event loop does not need.

    `notify_all` costs next to nothing while nobody waits, so the busiest paths can call it.

    Attributes:
        notices: How often it was notified, so that who looks from afar misses none.
    """

    __slots__ = ("_waiters", "notices")

    def __init__(self) -> None:
        self.notices = 0
        self._waiters: set[asyncio.Future[None]] = set()

    def notify_all(self) -> None:
        """Let all who wait look again."""
        self.notices += 1
        if self._waiters:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()

    async def wait_for(self, holds: Callable[[], bool], *, timeout: float) -> bool:
        """Wait until a condition holds, looking again at every `notify_all`.

        Returns:
            Whether it holds; False after `timeout` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not holds():
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.add(waiter)
            try:
                async with asyncio.timeout_at(deadline):
                    await waiter
            except TimeoutError:
                return holds()
            finally:
                self._waiters.discard(waiter)
        return True
