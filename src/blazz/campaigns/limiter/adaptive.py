"""How a number that is told it sends too fast slows down, and wins its rate back by itself. Pure.

Additive increase, multiplicative decrease: each complaint cuts the rate, and time gives it back in
equal parts. What a number may use depends on the last cut and the clock alone, so many processes
share it without telling each other when it recovers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SLOWEST: Final = 0.05
"""The smallest share of its limit that a number falls to."""
RECOVERY: Final = 0.02
"""The share of its limit that it wins back in a second."""
ONE_BURST: Final = 1.0
"""Seconds after a cut in which further complaints are about what left before it."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """How far a number is slowed down.

    Attributes:
        factor: The share of its limit that the last cut left.
        cut_at: When that was, in seconds.
        rest_until: It sends nothing before this time.

    Example:
        >>> throttle = Throttle().slowed(100.0, cut=0.5, pause=1.0)
        >>> throttle.factor_at(100.0), throttle.factor_at(110.0), throttle.factor_at(200.0)
        (0.5, 0.7, 1.0)
    """

    factor: float = 1.0
    cut_at: float = 0.0
    rest_until: float = 0.0

    def factor_at(self, now: float) -> float:
        """The share of its limit that the number may use."""
        return min(1.0, self.factor + RECOVERY * max(0.0, now - self.cut_at))

    def slowed(self, now: float, *, cut: float, pause: float) -> Throttle:
        """Answer a complaint: rest, and go on at a share of the rate."""
        rest_until = max(self.rest_until, now + pause)
        current = self.factor_at(now)
        if current < 1 and now - self.cut_at < ONE_BURST:
            return Throttle(self.factor, self.cut_at, rest_until)
        return Throttle(max(SLOWEST, current * cut), now, rest_until)

    def over_at(self) -> float:
        """When nothing of it is left."""
        return max(self.rest_until, self.cut_at + (1 - self.factor) / RECOVERY)
