"""The limiter of one process: the generic cell rate algorithm (GCRA) with partial grants.

The whole state of a key is one number, its *theoretical arrival time*: when the bucket would be
full again. Redis does the same sum in Lua.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from blazz.campaigns.limiter.adaptive import Throttle
from blazz.campaigns.limiter.base import Grant, Limit, Quota
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
    # The tiny addition makes up for rounding: 0.3 / 0.1 must be 3, not 2.999…. Times are subtracted
    # first: an interval added to the seconds since 1970 would lose most of its digits.
    room = math.floor(share - (arrival - now) / interval + 1e-6)
    granted = max(0, min(n, room))
    if granted:
        return arrival + granted * interval, Grant(granted, 0.0)
    return arrival, Grant(0, (arrival - now) - (share - 1) * interval)


class LocalLimiter:
    """A `Limiter` for one process.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._arrivals: dict[tuple[str, str | None], float] = {}
        self._throttles: dict[str, Throttle] = {}
        self._admitted: dict[str, dict[str, float]] = {}
        self._most_keys = _MOST_KEYS

    async def acquire(
        self, key: str, n: int, *, limit: Limit, priority: Priority = Priority.CAMPAIGN
    ) -> Grant:
        """Take up to `n` of what may leave now; see `Limiter`."""
        if n < 1:
            raise InvalidValue("acquire.n", "at least 1", n)
        now = self._clock()
        throttle = self._throttles.get(key)
        if throttle is not None:
            if throttle.rest_until > now:
                return Grant(0, throttle.rest_until - now)
            limit = limit.slowed(throttle.factor_at(now))
        return self._take((key, None), now, n, limit, limit.share(priority))

    async def acquire_each(
        self, key: str, members: Sequence[str], *, limit: Limit
    ) -> Sequence[Grant]:
        """Take one for each member; see `Limiter`."""
        now = self._clock()
        return [self._take((key, member), now, 1, limit, limit.burst) for member in members]

    async def admit(self, key: str, members: Sequence[str], *, quota: Quota) -> Sequence[Grant]:
        """Admit members; see `Limiter`."""
        now = self._clock()
        # In the order in which they were admitted last: the oldest are the first.
        admitted = self._admitted.setdefault(key, {})
        while admitted and next(iter(admitted.values())) <= now - quota.period:
            del admitted[next(iter(admitted))]
        grants = []
        for member in members:
            if admitted.pop(member, None) is None and len(admitted) >= quota.most:
                oldest = next(iter(admitted.values()))
                grants.append(Grant(0, oldest + quota.period - now))
                continue
            admitted[member] = now
            grants.append(Grant(1, 0.0))
        return grants

    async def slow(self, key: str, *, cut: float = 0.5, pause: float = 1.0) -> None:
        """Slow a key down; see `Limiter`."""
        now = self._clock()
        throttle = self._throttles.get(key, Throttle())
        self._throttles[key] = throttle.slowed(now, cut=cut, pause=pause)

    async def close(self) -> None:
        """Nothing is held."""

    def _take(
        self, name: tuple[str, str | None], now: float, n: int, limit: Limit, share: int
    ) -> Grant:
        arrival, grant = take(self._arrivals.get(name, 0.0), now, n, limit=limit, share=share)
        self._arrivals[name] = arrival
        if len(self._arrivals) > self._most_keys:
            self._forget(now)
        return grant

    def _forget(self, now: float) -> None:
        """Drop keys whose bucket is full, and those that have recovered: they are like new ones."""
        self._arrivals = {name: at for name, at in self._arrivals.items() if at > now}
        self._throttles = {key: it for key, it in self._throttles.items() if it.over_at() > now}
        # Not at every call when so many are in use.
        self._most_keys = max(_MOST_KEYS, 2 * len(self._arrivals))
