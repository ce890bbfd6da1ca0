"""Watches over running campaigns: judges canaries, ends what is over, keeps samples for charts.

Everything is decided from what the ledger has, and written with conditions: any number of processes
may do it at the same time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from blazz.campaigns.canary import Verdict, judge
from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, CampaignState, Counts, Standing
from blazz.campaigns.options import CampaignOptions, Canary
from blazz.errors import InvalidValue, LedgerError

_log = logging.getLogger(__name__)

_PAGE = 5000
_RUNNING = frozenset({CampaignState.RUNNING})
_HELD = frozenset({CampaignState.READY, CampaignState.PAUSED, CampaignState.HALTED})
_OPEN = _RUNNING | _HELD
_AFTER_CANARY = {
    Verdict.GO_ON: CampaignState.RUNNING,
    Verdict.ASK: CampaignState.PAUSED,
    Verdict.HOLD: CampaignState.HALTED,
}
_SHORTEST_STEP = 1.0
_LONGEST_STEP = 600.0
_STEPS = 100


class Supervisor:
    """Looks after campaigns of one ledger.

    Args:
        ledger: The ledger; open.
        clock: Seconds since the epoch.
    """

    def __init__(self, ledger: Ledger, *, clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._sampled: dict[int, _Sampled] = {}

    async def run(self, *, workspace: str | None = None, every: float = 1.0) -> None:
        """Look after all campaigns until cancelled; a ledger that is away is asked again.

        Args:
            workspace: Only the campaigns of this tenant.
            every: Seconds between two looks.
        """
        while True:
            try:
                for row in await self._ledger.campaigns(workspace, states=_OPEN):
                    try:
                        await self.look(row.number)
                    except InvalidValue as error:  # a newer version wrote its options
                        _log.warning("campaign %s cannot be looked after: %s", row.id, error)
            except LedgerError as error:
                _log.warning("campaigns cannot be looked after: %s", error)
            await anyio.sleep(every)

    async def look(self, number: int) -> Standing:
        """Look after one campaign, once.

        Returns:
            How it stood before anything was changed.

        Raises:
            LedgerError: The ledger cannot be read or written.
        """
        now = self._clock()
        standing = await self._ledger.standing(number, now=now)
        row = standing.row
        options = CampaignOptions.from_json(row.options)
        await self._sample(standing, now)
        if options.end_at is not None and now >= options.end_at and standing.counts.open:
            await self._ledger.change(
                number, CampaignState.CANCELLED, expected=_OPEN, reason="its end has come"
            )
        elif row.state is CampaignState.RUNNING and row.upto is not None and options.canary:
            await self._judge(standing, options.canary, now)
        return standing

    async def _judge(self, standing: Standing, canary: Canary, now: float) -> None:
        counts = standing.counts
        size = canary.size(audience=counts.total)
        quiet_for = now - (standing.last_at or 0.0)
        found = judge(canary, counts, size=size, quiet_for=quiet_for)
        if found.verdict is Verdict.WAIT:
            return
        number = standing.row.number
        current = await self._ledger.get(number)
        if current is None or current.upto is None:
            return  # another process was faster, and maybe a person has answered it already
        state = _AFTER_CANARY[found.verdict]
        reason = found.reason if state is not CampaignState.RUNNING else None
        if await self._ledger.change(number, state, expected=_RUNNING, reason=reason, lift=True):
            await self._ledger.note(number, found.reason, at=now)

    async def _sample(self, standing: Standing, now: float) -> None:
        """Keep the counts for charts: often at the beginning, less often later on."""
        if standing.first_at is None:
            return
        number, counts = standing.row.number, standing.counts
        last = self._sampled.get(number)
        step = min(_LONGEST_STEP, max(_SHORTEST_STEP, (now - standing.first_at) / _STEPS))
        if last is not None and (last.counts == counts or now - last.at < step):
            return
        self._sampled[number] = _Sampled(now, counts)
        # On a grid, so that several supervisors do not keep the same twice.
        await self._ledger.sample(number, counts, at=now // _SHORTEST_STEP * _SHORTEST_STEP)


@dataclass(frozen=True, slots=True)
class _Sampled:
    at: float
    counts: Counts


async def begin_canary(ledger: Ledger, row: CampaignRow, *, now: float) -> None:
    """Hold all but the first recipients of a campaign back, if it has a canary and never ran."""
    canary = CampaignOptions.from_json(row.options).canary
    if canary is None or row.state not in _HELD or row.upto is not None:
        return
    standing = await ledger.standing(row.number, now=now)
    total = standing.counts.total
    left = size = canary.size(audience=total)
    if size >= total or standing.counts.pending < total:
        return
    after = 0
    while left:
        page = await ledger.recipients(
            row.number, tuple(State), after=after, limit=min(left, _PAGE)
        )
        if not page:
            return
        after = page[-1].seq
        left -= len(page)
    await ledger.limit(row.number, after)
    await ledger.note(row.number, f"canary: the first {size:,} of {total:,} go first", at=now)
