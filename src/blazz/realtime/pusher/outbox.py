"""What waits to be sent to one browser: bounded, so that a slow one costs no memory."""

from __future__ import annotations

import asyncio
from collections import deque

from blazz.realtime.pusher.connection import Close
from blazz.realtime.pusher.frames import Code

MAX_WAITING = 512


class Outbox:
    """Texts for one socket, in order.

    One that is too slow to take them is closed with a code that makes its client come back later
    and go on where it left off.

    Args:
        most: How many texts may wait.

    Attributes:
        closing: Why the socket is to be closed, once everything before is sent.
    """

    def __init__(self, *, most: int = MAX_WAITING) -> None:
        self.closing: Close | None = None
        self._texts: deque[str] = deque()
        self._most = most
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def put(self, text: str) -> None:
        """Add a text; a socket that is being closed gets no more."""
        if self.closing is not None:
            return
        if len(self._texts) >= self._most:
            self._texts.clear()
            self.close(Close(Code.TOO_SLOW, f"more than {self._most} events waited"))
            return
        self._texts.append(text)
        self._news.set()
        if len(self._texts) * 2 >= self._most:
            self._room.clear()

    def close(self, reason: Close) -> None:
        """Close the socket after what waits; the first reason counts."""
        self.closing = self.closing or reason
        self._news.set()
        self._room.set()

    async def room(self) -> None:
        """Wait until it is at most half full, or closing: for what need not be sent at once."""
        await self._room.wait()

    async def take(self, *, timeout: float) -> list[str]:
        """Take all texts; waits for one, but no longer than `timeout` seconds."""
        if not self._texts and self.closing is None:
            self._news.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._news.wait()
            except TimeoutError:
                return []
        texts = [*self._texts]
        self._texts.clear()
        self._room.set()
        return texts
