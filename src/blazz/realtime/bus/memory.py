"""The bus of one process."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from blazz.errors import BacklogLost
from blazz.realtime.bus.base import (
    DEFAULT_BACKLOG,
    Cursor,
    Notice,
    check_backlog,
    check_notice,
)


class MemoryBus:
    """A `Bus` within one process.

    Followers read from one list, so that a slow one costs nothing but its own delay.

    Args:
        backlog: How many notices are kept.

    Example:
        ::

            bus = MemoryBus()
            await bus.publish("private-workspace.acme", "message.received", "{}")
    """

    def __init__(self, *, backlog: int = DEFAULT_BACKLOG) -> None:
        self._life = secrets.token_hex(8)
        self._kept: deque[Notice] = deque(maxlen=check_backlog(backlog))
        self._count = 0
        self._is_open = True
        self._news = asyncio.Event()

    async def open(self) -> None:
        """See `Bus.open`."""
        self._is_open = True

    async def close(self) -> None:
        """See `Bus.close`."""
        self._is_open = False
        self._ring()

    async def publish(
        self,
        channel: str,
        name: str,
        data: str,
        *,
        origin: str | None = None,
        author: str | None = None,
    ) -> Notice:
        """See `Bus.publish`."""
        check_notice(channel, name, data)
        self._count += 1
        notice = Notice(
            cursor=str(Cursor(self._life, self._count)),
            channel=channel,
            name=name,
            data=data,
            at=datetime.now(UTC),
            origin=origin,
            author=author,
        )
        self._kept.append(notice)
        self._ring()
        return notice

    async def newest(self) -> str:
        """See `Bus.newest`."""
        return str(Cursor(self._life, self._count))

    async def follow(self, *, after: str | None = None) -> AsyncGenerator[Notice]:
        """See `Bus.follow`."""
        seen = self._count if after is None else self._place(after)
        while True:
            # Nothing is awaited between looking and taking the bell: none is rung in between.
            news = self._news
            oldest = self._count - len(self._kept)
            if seen < oldest:
                cursor = str(Cursor(self._life, seen))
                lost = oldest - seen
                message = f"{lost} notices behind {cursor} are gone: {len(self._kept)} are kept"
                raise BacklogLost(message, cursor=cursor)
            if seen < self._count:
                notice = self._kept[seen - oldest]
                seen += 1
                yield notice
            elif self._is_open:
                await news.wait()
            else:
                return

    def _place(self, after: str) -> int:
        cursor = Cursor.parse(after)
        if cursor.life != self._life or cursor.number > self._count:
            raise BacklogLost(f"{after} is of another life of this bus", cursor=after)
        return cursor.number

    def _ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
