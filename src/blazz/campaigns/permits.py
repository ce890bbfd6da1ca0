"""What may leave now: asks the limiter for a number, for its people, and for their portfolio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from blazz.campaigns.delivery import Withheld
from blazz.campaigns.ledger.records import CampaignRow, WindowRow
from blazz.campaigns.limiter.base import PAIR, Grant, Limit, Limiter, Quota
from blazz.campaigns.options import CampaignOptions
from blazz.campaigns.pacing import Complaint
from blazz.campaigns.patience import Outage
from blazz.errors import LimiterUnavailable

_SHORTEST_REST: Final = 60.0
_LONGEST_REST: Final = 900.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Rows of a window that must not leave now.

    Attributes:
        rows: What is recorded of them, by their numbers.
        full_until: If the portfolio may write to nobody new: when it is worth another try.
        reason: Why, in words.
    """

    rows: Mapping[int, Withheld] = field(default_factory=dict)
    full_until: float | None = None
    reason: str = ""


NOBODY: Final = Refusal()


class Permits:
    """Asks a limiter on behalf of a worker. While the limiter is away, nothing may leave.

    Args:
        limiter: The limiter.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._outage = Outage("the limiter")

    async def acquire(self, row: CampaignRow, session: str, n: int) -> Grant:
        """Take up to `n` messages of a number's rate."""
        if row.rate is None:
            return Grant(n, 0.0)
        try:
            grant = await self._limiter.acquire(
                _key(row, session), n, limit=Limit(row.rate), priority=row.priority
            )
        except LimiterUnavailable as error:
            return Grant(0, self._outage.note(error))
        self._outage.over()
        return grant

    async def refused(
        self,
        row: CampaignRow,
        options: CampaignOptions,
        session: str,
        rows: Sequence[WindowRow],
        *,
        now: float,
    ) -> Refusal:
        """Tell which rows of a window must wait: their people got too many, or are too many."""
        if row.rate is None or not rows:
            return NOBODY
        people = [each.address for each in rows]
        tier, full_until, reason = options.tier, None, ""
        try:
            pairs = await self._limiter.acquire_each(_key(row, session), people, limit=PAIR)
            found = {
                each.seq: Withheld(now + grant.wait, "this person got too many messages lately")
                for each, grant in zip(rows, pairs, strict=True)
                if not grant.granted
            }
            if tier is not None:
                left = [each for each in rows if each.seq not in found]
                key = f"{row.workspace}/portfolio/{tier.portfolio}"
                people = [each.address for each in left]
                places = await self._limiter.admit(key, people, quota=Quota(tier.people))
                reason = f"the portfolio's limit of {tier.people} people in 24 hours is reached"
                for each, grant in zip(left, places, strict=True):
                    if not grant.granted:
                        found[each.seq] = Withheld(now, reason)
                        rest = min(max(grant.wait, _SHORTEST_REST), _LONGEST_REST)
                        full_until = now + rest
        except LimiterUnavailable as error:
            until = now + self._outage.note(error)
            return Refusal({each.seq: Withheld(until, "the limiter is away") for each in rows})
        self._outage.over()
        return Refusal(found, full_until, reason)

    async def slow(self, row: CampaignRow, session: str, complaint: Complaint) -> None:
        """Slow a number down that is told it sends too fast."""
        try:
            await self._limiter.slow(_key(row, session), cut=complaint.cut, pause=complaint.pause)
        except LimiterUnavailable as error:  # nothing is granted meanwhile, which is slower still
            self._outage.note(error)


def _key(row: CampaignRow, session: str) -> str:
    return f"{row.workspace}/{session}"
