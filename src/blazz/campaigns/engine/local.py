"""The engine of one process: a heap of chunk ids."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable

import anyio

from blazz.campaigns.engine.base import ChunkId, Declined, Handler
from blazz.campaigns.priority import Priority
from blazz.errors import InvalidValue

_log = logging.getLogger(__name__)

_AGAIN_AFTER = 1.0


class LocalEngine:
    """An `Engine` whose queue lives and dies with the process; the ledger has it all anyway.

    Args:
        concurrency: How many handlers run at once.
        reserve: How many more run at once for what is more urgent than a campaign.
        clock: Seconds since the epoch.

    Raises:
        InvalidValue: The concurrency is below 1, or the reserve below 0.
    """

    def __init__(
        self,
        *,
        concurrency: int = 2,
        reserve: int = 1,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if concurrency < 1:
            raise InvalidValue("LocalEngine.concurrency", "at least 1", concurrency)
        if reserve < 0:
            raise InvalidValue("LocalEngine.reserve", "at least 0", reserve)
        self.concurrency = concurrency
        self.reserve = reserve
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
        self._notify()

    async def run(self, handler: Handler) -> None:
        """Give chunks to the handler, `concurrency` at once; see `Engine`."""
        async with anyio.create_task_group() as consumers:
            for _ in range(self.concurrency):
                consumers.start_soon(self._consume, handler, Priority.CAMPAIGN)
            for _ in range(self.reserve):
                consumers.start_soon(self._consume, handler, Priority.NORMAL)

    async def close(self) -> None:
        """End `run` once its handlers are done; see `Engine`."""
        self._closed = True
        self._notify()

    def _notify(self) -> None:
        """Wake all consumers up; with a new event, since not each of them takes what is there."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _consume(self, handler: Handler, least: Priority) -> None:
        """Handle chunks of this priority and those that are more urgent."""
        while not self._closed:
            taken = self._take(least)
            if taken is None:
                await self._wait()
                continue
            priority, chunk = taken
            try:
                await handler(chunk)
            except Declined:
                await self._offer_again(chunk, priority)
            except Exception:  # noqa: BLE001  # whatever it was, the chunk goes on
                _log.exception("handling %s failed; it is offered again", chunk)
                await self._offer_again(chunk, priority)

    async def _offer_again(self, chunk: ChunkId, priority: Priority) -> None:
        again = self._clock() + _AGAIN_AFTER
        await self.offer(chunk, priority=priority, not_before=again)

    def _take(self, least: Priority) -> tuple[Priority, ChunkId] | None:
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            _, priority, order, chunk = heapq.heappop(self._later)
            heapq.heappush(self._due, (priority, order, chunk))
        if not self._due or self._due[0][0] > least:
            return None
        priority, _, chunk = heapq.heappop(self._due)
        self._queued.discard(chunk)
        return priority, chunk

    async def _wait(self) -> None:
        """Wait for an offer, or until the next chunk is due."""
        changed = self._changed
        pause = max(0.0, self._later[0][0] - self._clock()) if self._later else None
        with anyio.move_on_after(pause):
            await changed.wait()
