"""Keeps an engine's queue short and never empty while there is something to send."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable

import anyio

from blazz.campaigns.engine.base import Engine
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.patience import Outage
from blazz.campaigns.patient_ledger import PatientLedger
from blazz.errors import EngineUnavailable


class Dispatcher:
    """Offers chunks that are due to an engine, a few at a time.

    Which chunks is decided in the ledger, so any number of dispatchers may run. Because the queue
    is short, pausing, cancelling and priorities need nothing of the engine. A ledger or an engine
    whose server is away is waited for.

    Args:
        ledger: The ledger.
        engine: The engine.
        owner: Who offers; from `Ledger.join`.
        campaign: Only this campaign's chunks.
        depth: How many chunks of one session may wait in the engine.
        every: Seconds between two looks at the ledger.
        hold: Seconds after which a chunk that nobody began is offered again.
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
        hold: float = 30.0,
    ) -> None:
        self._ledger, _ = PatientLedger.of(ledger)
        self._engine = engine
        self._owner = owner
        self._clock = clock
        self._campaign = campaign
        self._depth = depth
        self._every = every
        self._hold = hold
        self._nudged = asyncio.Event()
        self._outage = Outage("the engine")

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
                hold=self._hold,
                now=self._clock(),
                campaign=self._campaign,
            )
            for offer in offers:
                # The ledger takes it for queued: it must not be forgotten while Redis is away.
                queue = functools.partial(self._engine.offer, offer.chunk, priority=offer.priority)
                await self._outage.outlast(queue, EngineUnavailable)
            with anyio.move_on_after(self._every):
                await self._nudged.wait()
