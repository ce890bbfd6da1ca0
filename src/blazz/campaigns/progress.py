"""How far a campaign is, and whether there is anything left to do now."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from blazz.campaigns.ledger.records import CampaignRow, CampaignState, Counts, Standing

_METER_SECONDS = 5.0


class Phase(enum.StrEnum):
    """What a campaign is doing."""

    IMPORTING = "importing"
    """Its audience is being read."""
    WAITING = "waiting"
    """For its start, for the end of a rest, or until a retry is due."""
    SENDING = "sending"
    """Messages leave."""
    PAUSED = "paused"
    """Somebody paused it."""
    HALTED = "halted"
    """It cannot go on until a person has acted; the reason says why."""
    CANCELLED = "cancelled"
    """It is over, what was not sent stays unsent."""
    DONE = "done"
    """Nothing is left to send; statuses may still come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A campaign at one moment.

    Attributes:
        campaign: Its id.
        phase: What it is doing.
        reason: Why it waits, is paused or halted, in words.
        rows_read: Rows of the audience read so far.
        rejected: Those that cannot be sent to.
        duplicates: Those whose address came before.
        counts: Recipients per state.
        rate: Messages per second, over the last 5 seconds.
        eta: Seconds until all is sent at this rate; None if that cannot be told.
        elapsed: Seconds since the first message left.
    """

    campaign: str
    phase: Phase
    reason: str | None
    rows_read: int
    rejected: int
    duplicates: int
    counts: Counts
    rate: float
    eta: float | None
    elapsed: float

    @property
    def share(self) -> float:
        """The share of recipients that need nothing more to be sent, from 0 to 1."""
        total = self.counts.total
        return 1 - self.counts.open / total if total else float(self.phase is Phase.DONE)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a campaign does next, and whether that is too far away to wait for."""

    phase: Phase
    ended: bool


_FIXED = {
    CampaignState.IMPORTING: Outlook(Phase.IMPORTING, ended=False),
    CampaignState.READY: Outlook(Phase.WAITING, ended=False),
    CampaignState.PAUSED: Outlook(Phase.PAUSED, ended=False),
    CampaignState.HALTED: Outlook(Phase.HALTED, ended=True),
    CampaignState.CANCELLED: Outlook(Phase.CANCELLED, ended=True),
}


def outlook(standing: Standing, *, now: float, patience: float) -> Outlook:
    """Tell what comes next; pure.

    Args:
        standing: The campaign at a glance.
        now: Seconds since the epoch.
        patience: The longest wait for a retry or the end of a rest, in seconds. The campaign's
            start is always waited for.
    """
    row = standing.row
    fixed = _FIXED.get(row.state)
    if fixed is not None:
        return fixed
    if not standing.counts.open:
        return Outlook(Phase.DONE, ended=True)
    if row.not_before > now:
        rests = row.reason is not None
        return Outlook(Phase.WAITING, ended=rests and row.not_before - now > patience)
    if standing.busy or standing.next_at is None or standing.next_at <= now:
        return Outlook(Phase.SENDING, ended=False)
    return Outlook(Phase.WAITING, ended=standing.next_at - now > patience)


def reason_of(row: CampaignRow, *, now: float) -> str | None:
    """Why a campaign does not send, in words; the reason of a rest that is over is none."""
    if row.state is CampaignState.RUNNING and row.not_before <= now:
        return None
    return row.reason


class Meter:
    """Measures a rate over the last seconds.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def rate(self, total: int) -> float:
        """Note a total that only grows; give its growth per second."""
        now = self._clock()
        self._seen.append((now, total))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _METER_SECONDS:
            self._seen.popleft()
        then, before = self._seen[0]
        return max(0.0, (total - before) / (now - then)) if now > then else 0.0


def progress_of(standing: Standing, *, now: float, rate: float) -> Progress:
    """Put what users see together; pure."""
    row, counts = standing.row, standing.counts
    began = standing.first_at
    return Progress(
        campaign=row.id,
        phase=outlook(standing, now=now, patience=0.0).phase,
        reason=reason_of(row, now=now),
        rows_read=row.rows_read,
        rejected=row.rejected,
        duplicates=row.duplicates,
        counts=counts,
        rate=rate,
        eta=counts.open / rate if rate and counts.open else None,
        elapsed=max(0.0, (now if counts.open else standing.last_at or now) - began)
        if began is not None
        else 0.0,
    )
