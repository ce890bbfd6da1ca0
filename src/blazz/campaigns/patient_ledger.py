"""A ledger whose server may be away: calls wait for it, and go on as if nothing had happened."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.records import Lease, WindowRow
from blazz.campaigns.patience import Outage
from blazz.errors import LedgerUnavailable

if TYPE_CHECKING:
    from blazz.campaigns.ledger.base import Ledger

_LAST_SECONDS: Final = 10.0


class PatientLedger:
    """Repeats calls until the ledger's server answers.

    A call whose answer was lost may have been carried out. To repeat it does no harm: evidence is
    applied once, a lease that nobody knows of runs out, an offer that nobody queued is made again.
    Only of rows that were marked as `sending` somebody must know, or they end as unknown without
    having left; so they are looked up.

    Imports are not repeated: see decision 0047.

    Args:
        ledger: The ledger.
        clock: Monotonic seconds.
    """

    def __init__(self, ledger: Ledger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._outage = Outage("the ledger", clock=clock)
        self._until: float | None = None

    @classmethod
    def of(cls, ledger: Ledger) -> tuple[Ledger, PatientLedger]:
        """Make one; the same object, as a ledger and as itself."""
        patient = cls(ledger)
        return cast("Ledger", patient), patient

    def hurry(self) -> None:
        """Wait no longer than some seconds from now on: the program wants to end."""
        if self._until is None:
            self._until = self._clock() + _LAST_SECONDS

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever a ledger has
        method = getattr(self._ledger, name)
        if not inspect.iscoroutinefunction(method):
            return method

        @functools.wraps(method)
        async def call(*args: Any, **options: Any) -> Any:  # noqa: ANN401
            return await self._outlast(lambda: method(*args, **options))

        # Found at once next time: worker and dispatcher call a handful of them all the time.
        self.__dict__[name] = call
        return call

    async def begin_window(
        self, lease: Lease, n: int, *, after: int, ttl: float, now: float
    ) -> Sequence[WindowRow]:
        """See `Ledger.begin_window`; rows that were marked without an answer are found again."""
        while True:
            try:
                rows = await self._ledger.begin_window(lease, n, after=after, ttl=ttl, now=now)
            except LedgerUnavailable as error:
                await self._wait(error)
            else:
                self._outage.over()
                return rows
            # Nobody else may have marked them: that is certain while the lease is ours.
            renew = functools.partial(self._ledger.begin_window, lease, 0, after=after, ttl=ttl)
            await self._outlast(lambda: renew(now=now))  # noqa: B023  # called at once
            if found := await self._marked(lease, after):
                return found

    async def _marked(self, lease: Lease, after: int) -> Sequence[WindowRow]:
        """The rows of a leased chunk above a number that are marked as `sending`."""
        row = await self.get(lease.chunk.campaign)
        last = lease.chunk.number * row.chunk_size
        found = await self.recipients(
            lease.chunk.campaign,
            {State.SENDING},
            after=max(after, last - row.chunk_size),
            limit=row.chunk_size,
        )
        return [
            WindowRow(it.seq, it.attempt, it.address, it.values, it.variant)
            for it in found
            if it.seq <= last
        ]

    async def _outlast(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401
        while True:
            try:
                result = await call()
            except LedgerUnavailable as error:
                await self._wait(error)
            else:
                self._outage.over()
                return result

    async def _wait(self, error: LedgerUnavailable) -> None:
        if self._until is not None and self._clock() >= self._until:
            raise error
        await self._outage.wait(error)
