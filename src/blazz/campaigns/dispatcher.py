"""Keeps an engine's queue short and never empty while there is something to send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio

from blazz.campaigns.engine.base import Engine
from blazz.campaigns.ledger.base import Ledger


class Dispatcher:
    """Offers chunks that are due to an engine, a few at a time.

    Which chunks is decided in the ledger, so any number of dispatchers may run. Because the queue
    is short, pausing, cancelling and priorities need nothing of the engine.

    Args:
        ledger: The ledger.
        engine: The engine.
        owner: Who offers; from `Ledger.join`.
        campaign: Only this campaign's chunks.
        depth: How many chunks of one session may wait in the engine.
        every: Seconds between two looks at the ledger.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        engine: Engine,
        owner: str,
        clock: Callable[[], float],
        campaign: int | None = None,
        depth: int = 3,
        every: float = 0.25,
    ) -> None:
        self._ledger = ledger
        self._engine = engine
        self._owner = owner
        self._clock = clock
        self._campaign = campaign
        self._depth = depth
        self._every = every
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Look at the ledger now: something may be due."""
        self._nudged.set()

    async def run(self) -> None:
        """Offer until cancelled.

        Raises:
            LedgerError: The ledger cannot be read or written.
        """
        while True:
            self._nudged.clear()
            offers = await self._ledger.offer(
                owner=self._owner,
                depth=self._depth,
                hold=_HOLD,
                now=self._clock(),
                campaign=self._campaign,
            )
            for offer in offers:
                await self._engine.offer(offer.chunk, priority=offer.priority)
            with anyio.move_on_after(self._every):
                await self._nudged.wait()


_HOLD = 30.0
