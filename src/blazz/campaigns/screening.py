"""Decides which rows of a chunk may leave now: quiet hours first, then the cap across campaigns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from blazz.campaigns.delivery import Withheld
from blazz.campaigns.geography import likely_zones_of, zones_of
from blazz.campaigns.hours import ALWAYS, FOREVER, Opening, Timetable
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, DueRow, Finding, Lease
from blazz.campaigns.options import CampaignOptions, FrequencyCap, OverCap, SendHours

CAPPED = "the cap on messages to one person is reached"
"""Why a message was not sent, or waits."""


class Clocks:
    """Tells for recipients whether the hour suits them; remembers it until that changes.

    Args:
        hours: When messages may leave.
    """

    def __init__(self, hours: SendHours) -> None:
        self._hours = hours
        self._table: Timetable = hours.timetable()
        self._known: dict[tuple[str, ...], Opening] = {}

    def opening(self, address: str, now: float) -> Opening:
        """Tell whether a recipient may be written to, and until when that holds."""
        if self._hours.zone is not None:
            return self._of((self._hours.zone,), now)
        # The strictest first: all zones that the number may be in, then those that it is likely in.
        for zones in (zones_of(address), likely_zones_of(address)):
            if zones and (found := self._of(zones, now)).until != FOREVER:
                return found
        return self._of((self._hours.fallback,), now)

    def _of(self, zones: tuple[str, ...], now: float) -> Opening:
        known = self._known.get(zones)
        if known is None or now >= known.until:
            known = self._known[zones] = self._table.at(zones, now)
        return known


class Screen:
    """What one campaign asks of a recipient right before sending.

    Args:
        row: The campaign.
        ledger: Where caps are counted.
        clock: Seconds since the epoch.
    """

    def __init__(self, row: CampaignRow, ledger: Ledger, *, clock: Callable[[], float]) -> None:
        options = CampaignOptions.from_json(row.options)
        self._number = row.number
        self._ledger = ledger
        self._clock = clock
        self._clocks = Clocks(options.hours) if options.hours is not None else None
        self._cap = options.cap

    @property
    def needed(self) -> bool:
        """Whether the campaign asks anything at all."""
        return self._clocks is not None or self._cap is not None

    async def screen(self, lease: Lease) -> int:
        """Withhold those rows of a leased chunk that must not leave now.

        Returns:
            How many of the lease's due rows may leave.

        Raises:
            LeaseLost: The chunk was taken over.
            LedgerError: The ledger cannot be read or written.
        """
        if not self.needed:
            return lease.due
        now = self._clock()
        rows = await self._ledger.due_rows(lease, now=now)
        withheld: dict[int, Withheld] = {}
        for row in rows:
            opening = self.opening(row.address)
            if not opening.open:
                withheld[row.seq] = quiet_until(opening.until)
        if self._cap is not None:
            due = [row for row in rows if row.seq not in withheld]
            withheld |= await self._capped(due, self._cap, now)
        findings = [
            Finding(self._number, row.seq, row.attempt, withheld[row.seq])
            for row in rows
            if row.seq in withheld
        ]
        if findings:
            await self._ledger.record(findings, now=now)
        return len(rows) - len(findings)

    def opening(self, address: str) -> Opening:
        """Tell whether the hour suits a recipient; asked again right before each request."""
        if self._clocks is None:
            return ALWAYS
        return self._clocks.opening(address, self._clock())

    async def _capped(
        self, rows: Sequence[DueRow], cap: FrequencyCap, now: float
    ) -> dict[int, Withheld]:
        if not rows:
            return {}
        refused = await self._ledger.admit(
            self._number,
            rows,
            scope=cap.scope,
            most=cap.messages,
            within=cap.within,
            now=now,
        )
        waits = cap.then is OverCap.WAIT
        return {seq: Withheld(until if waits else None, CAPPED) for seq, until in refused.items()}


def quiet_until(until: float) -> Withheld:
    """What is recorded of a message that waits for its recipient's morning."""
    if until == FOREVER:
        return Withheld(None, "no hour of the week suits this recipient")
    at = datetime.fromtimestamp(until, UTC)
    return Withheld(until, f"quiet hours until {at:%Y-%m-%d %H:%M} UTC")
