"""The limiter of one process: the generic cell rate algorithm (GCRA) with partial grants.

The whole state of a key is one number, its *theoretical arrival time*: when the bucket would be
full again. Redis does the same sum in Lua.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from blazz.campaigns.limiter.base import Grant, Limit
from blazz.campaigns.priority import Priority
from blazz.errors import InvalidValue

_MOST_KEYS = 10_000


def take(arrival: float, now: float, n: int, *, limit: Limit, share: int) -> tuple[float, Grant]:
    """One step of the algorithm: the new arrival time, and what is granted.

    Args:
        arrival: The theoretical arrival time so far, in seconds.
        now: The time, in seconds of the same clock.
        n: How many are asked for.
        limit: The rate and burst.
        share: How much of the burst may be used.

    Example:
        >>> take(0.0, 100.0, 5, limit=Limit(10.0, 4), share=3)
        (100.3, Grant(granted=3, wait=0.0))
    """
    interval = 1 / limit.rate
    arrival = max(arrival, now)
    # The tiny addition makes up for rounding: 0.3 / 0.1 must be 3, not 2.999….
    room = math.floor((now + share * interval - arrival) / interval + 1e-6)
    granted = max(0, min(n, room))
    if granted:
        return arrival + granted * interval, Grant(granted, 0.0)
    return arrival, Grant(0, arrival + interval - share * interval - now)


class LocalLimiter:
    """A `Limiter` for one process.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._arrivals: dict[str, float] = {}

    async def acquire(
        self, key: str, n: int, *, limit: Limit, priority: Priority = Priority.CAMPAIGN
    ) -> Grant:
        """Take up to `n` of what may leave now; see `Limiter`."""
        if n < 1:
            raise InvalidValue("acquire.n", "at least 1", n)
        now = self._clock()
        arrival, grant = take(
            self._arrivals.get(key, 0.0), now, n, limit=limit, share=limit.share(priority)
        )
        self._arrivals[key] = arrival
        if len(self._arrivals) > _MOST_KEYS:
            self._forget(now)
        return grant

    def _forget(self, now: float) -> None:
        """Drop keys whose bucket is full: they behave like new ones."""
        self._arrivals = {key: at for key, at in self._arrivals.items() if at > now}
