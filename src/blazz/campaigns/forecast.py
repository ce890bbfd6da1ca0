"""How long a campaign takes, by its rate and the hours at which people may be written to. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from blazz.campaigns.hours import Opening

_MOST_STEPS = 10_000


def forecast(
    people: Mapping[tuple[str, ...], float],
    opening: Callable[[tuple[str, ...], float], Opening],
    *,
    rate: float | None,
    start: float,
) -> float:
    """Tell when the last message leaves, in seconds since the epoch; infinite if it never does.

    Those whose hour it is share the rate, so that nobody's hours pass while others are served.

    Args:
        people: How many people live by each set of clocks.
        opening: Whether a set of clocks is open at a moment, and until when.
        rate: Messages per second of all numbers together; None: no limit.
        start: When the campaign starts.

    Example:
        >>> from blazz.campaigns.hours import ALWAYS
        >>> forecast({(): 120.0}, lambda zones, at: ALWAYS, rate=60.0, start=1000.0)
        1002.0
    """
    left = {zones: float(count) for zones, count in people.items() if count > 0}
    now = start
    for _ in range(_MOST_STEPS):
        if not left:
            return now
        openings = {zones: opening(zones, now) for zones in left}
        boundary = min(each.until for each in openings.values())
        open_now = [zones for zones, each in openings.items() if each.open]
        waiting = sum(left[zones] for zones in open_now)
        needed = waiting / rate if rate is not None else 0.0
        if not open_now and boundary == math.inf:
            return math.inf
        if open_now and now + needed <= boundary:
            now += needed
            left = {zones: count for zones, count in left.items() if zones not in open_now}
            continue
        share = (boundary - now) / needed if open_now else 0.0
        for zones in open_now:
            left[zones] *= 1 - share
        now = boundary
    return math.inf
