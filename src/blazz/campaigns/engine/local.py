"""The engine of one process: a heap of chunk ids."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable

import anyio

from blazz.campaigns.engine.base import ChunkId, Handler
from blazz.campaigns.priority import Priority
from blazz.errors import InvalidValue

_log = logging.getLogger(__name__)

_AGAIN_AFTER = 1.0


class LocalEngine:
    """An `Engine` whose queue lives and dies with the process; the ledger has it all anyway.

    Args:
        concurrency: How many handlers run at once.
        clock: Seconds since the epoch.
    """

    def __init__(self, *, concurrency: int = 2, clock: Callable[[], float] = time.time) -> None:
        if concurrency < 1:
            raise InvalidValue("LocalEngine.concurrency", "at least 1", concurrency)
        self.concurrency = concurrency
        self._clock = clock
        self._order = itertools.count()
        self._due: list[tuple[Priority, int, ChunkId]] = []
        self._later: list[tuple[float, Priority, int, ChunkId]] = []
        self._queued: set[ChunkId] = set()
        self._changed = asyncio.Event()
        self._closed = False

    async def offer(
        self,
        chunk: ChunkId,
        *,
        priority: Priority = Priority.CAMPAIGN,
        not_before: float | None = None,
    ) -> None:
        """Queue a chunk; see `Engine`."""
        if chunk in self._queued:
            return
        self._queued.add(chunk)
        if not_before is None or not_before <= self._clock():
            heapq.heappush(self._due, (priority, next(self._order), chunk))
        else:
            heapq.heappush(self._later, (not_before, priority, next(self._order), chunk))
        self._changed.set()

    async def run(self, handler: Handler) -> None:
        """Give chunks to the handler, `concurrency` at once; see `Engine`."""
        async with anyio.create_task_group() as consumers:
            for _ in range(self.concurrency):
                consumers.start_soon(self._consume, handler)

    async def close(self) -> None:
        """End `run` once its handlers are done; see `Engine`."""
        self._closed = True
        self._changed.set()

    async def _consume(self, handler: Handler) -> None:
        while not self._closed:
            taken = self._take()
            if taken is None:
                await self._wait()
                continue
            priority, chunk = taken
            try:
                await handler(chunk)
            except Exception:  # noqa: BLE001  # whatever it was, the chunk goes on
                _log.exception("handling %s failed; it is offered again", chunk)
                again = self._clock() + _AGAIN_AFTER
                await self.offer(chunk, priority=priority, not_before=again)

    def _take(self) -> tuple[Priority, ChunkId] | None:
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            _, priority, order, chunk = heapq.heappop(self._later)
            heapq.heappush(self._due, (priority, order, chunk))
        if not self._due:
            return None
        priority, _, chunk = heapq.heappop(self._due)
        self._queued.discard(chunk)
        return priority, chunk

    async def _wait(self) -> None:
        """Wait for an offer, or until the next chunk is due."""
        self._changed.clear()
        pause = self._later[0][0] - self._clock() if self._later else None
        with anyio.move_on_after(pause):
            await self._changed.wait()
