"""The two limits on sending: messages per second of a number, and per pair of number and user.

Both are the generic cell rate algorithm: all that is kept of a key is the moment at which it would
be idle again, so a key that is idle needs no memory at all.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

PAIR_INTERVAL: Final = 6.0
"""One message per 6 seconds to one user (Meta's pair rate limit)."""
PAIR_BURST: Final = 45
"""Messages to one user that may be sent at once."""

_SWEEP_AT_LEAST: Final = 1024
_ROUNDING: Final = 1e-6  # sums of many intervals are not exact


class RateLimit:
    """So many events per second for each key, and a burst.

    Args:
        interval: Seconds between events in the long run.
        burst: Events that may come at once after a pause.

    Example:
        >>> limit = RateLimit(interval=6.0, burst=2)
        >>> [limit.take("a", now) for now in (0.0, 0.0, 0.0, 6.0)]
        [0.0, 0.0, 6.0, 0.0]
    """

    def __init__(self, *, interval: float, burst: int) -> None:
        self._interval = interval
        self._tolerance = interval * (burst - 1)
        self._idle_at: dict[Hashable, float] = {}
        self._sweep_at = _SWEEP_AT_LEAST

    def take(self, key: Hashable, now: float) -> float:
        """Take one event if it is allowed; return 0, or the seconds to wait (nothing is taken)."""
        wait = self.wait(key, now)
        if wait > _ROUNDING:
            return wait
        self.record(key, now)
        return 0.0

    def wait(self, key: Hashable, now: float) -> float:
        """The seconds until an event is allowed; 0 or less: now."""
        return self._idle_at.get(key, now) - self._tolerance - now

    def record(self, key: Hashable, now: float) -> None:
        """Count an event that cannot be refused, such as a message that a user sent."""
        self._idle_at[key] = max(self._idle_at.get(key, now), now) + self._interval
        if len(self._idle_at) >= self._sweep_at:
            self._sweep(now)

    def clear(self) -> None:
        """Forget everything."""
        self._idle_at.clear()

    def __len__(self) -> int:
        return len(self._idle_at)

    def _sweep(self, now: float) -> None:
        """Forget idle keys, seldom enough that each event pays for it once."""
        self._idle_at = {key: idle for key, idle in self._idle_at.items() if idle > now}
        self._sweep_at = max(_SWEEP_AT_LEAST, 2 * len(self._idle_at))


def throughput_limit(per_second: int) -> RateLimit:
    """The limit of a business number, with a burst of one second's worth."""
    return RateLimit(interval=1.0 / per_second, burst=per_second)


def pair_limit() -> RateLimit:
    """The limit from a business number to one user."""
    return RateLimit(interval=PAIR_INTERVAL, burst=PAIR_BURST)
