"""The seam of what keeps sending within a provider's limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from blazz.campaigns.priority import Priority
from blazz.errors import InvalidValue

RESERVE = 0.2
"""The share of the burst that campaign traffic leaves to whatever is more urgent."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many messages may leave in what time.

    Attributes:
        rate: Messages per second in the long run.
        burst: How many may leave at once after a pause; by default a quarter of a second's.

    Raises:
        InvalidValue: The rate is not above 0, or the burst is below 1.

    Example:
        >>> Limit(80.0).burst
        20
    """

    rate: float
    burst: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.rate < math.inf:
            raise InvalidValue("Limit.rate", "messages per second, above 0", self.rate)
        if self.burst < 0:
            raise InvalidValue("Limit.burst", "at least 1", self.burst)
        if self.burst == 0:
            object.__setattr__(self, "burst", max(1, round(self.rate / 4)))

    def share(self, priority: Priority) -> int:
        """How much of the burst traffic of this priority may use, at least 1."""
        if priority is not Priority.CAMPAIGN:
            return self.burst
        return max(1, math.floor(self.burst * (1 - RESERVE)))

    def slowed(self, factor: float) -> Limit:
        """The same limit at a share of its rate, which is above 0 and at most 1."""
        if factor >= 1:
            return self
        return Limit(self.rate * factor, max(1, round(self.burst * factor)))


PAIR: Final = Limit(1 / 6, 45)
"""What Meta allows between a number and one person: a message every 6 s, 45 at once."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How many different members are admitted within a time that rolls on.

    Meta's messaging tier is one: so many people within 24 hours, for all numbers of a portfolio.

    Attributes:
        most: How many.
        period: Seconds; someone who was admitted counts for so long.

    Raises:
        InvalidValue: One of them is not above 0.
    """

    most: int
    period: float = 86_400.0

    def __post_init__(self) -> None:
        if self.most < 1:
            raise InvalidValue("Quota.most", "at least 1", self.most)
        if not 0 < self.period < math.inf:
            raise InvalidValue("Quota.period", "seconds, above 0", self.period)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many may leave now.

    Attributes:
        granted: As many as were asked for, or fewer, or 0.
        wait: With 0 granted, the seconds until at least one will be; else 0.
    """

    granted: int
    wait: float


class Limiter(Protocol):
    """Counts what leaves under each key, usually a phone number's.

    Semantics that `blazz.testing.check_limiter` tests:

    * In any span of t seconds at most `burst + rate * t` are granted under a key.
    * Grants may be partial. What was granted is spent, whether or not it is used.
    * Keys are independent of each other, and so are the three ways to count under one key.
    * Traffic of `Priority.CAMPAIGN` leaves the last fifth of the burst to whatever is more urgent.
    * The limit is given with each call, so it can change between two calls.
    * A key that was slowed down gets nothing while it rests, then a share of its rate, and the
      whole rate again after a while; see `blazz.campaigns.limiter.adaptive`.

    Every call may raise `LimiterUnavailable`; nothing may leave then.
    """

    async def acquire(
        self, key: str, n: int, *, limit: Limit, priority: Priority = Priority.CAMPAIGN
    ) -> Grant:
        """Take up to `n` (at least 1) of what may leave now; never waits."""
        ...

    async def acquire_each(
        self, key: str, members: Sequence[str], *, limit: Limit
    ) -> Sequence[Grant]:
        """Take one for each member, such as each person that a number writes to."""
        ...

    async def admit(self, key: str, members: Sequence[str], *, quota: Quota) -> Sequence[Grant]:
        """Admit members, in their order; those that count already take no new place."""
        ...

    async def slow(self, key: str, *, cut: float = 0.5, pause: float = 1.0) -> None:
        """Slow a key down: the provider said that it sends too fast.

        Args:
            key: What `acquire` is called with.
            cut: The share of its present rate that is left to it, above 0 and below 1.
            pause: Seconds in which nothing is granted.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
