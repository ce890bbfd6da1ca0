"""How long to pause before an update is tried again; pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from blazz.errors import InvalidValue
from blazz.webhooks.inbox.base import LONGEST_PAUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Growing pauses, each shortened at random so that failures do not come back in step.

    With the defaults an update is tried 10 times within about 8 minutes, then it is dead.

    Attributes:
        attempts: How often an update is tried in all.
        first: Seconds after the first failure.
        factor: How much longer each further pause is.
        longest: The longest pause in seconds, at most a day.

    Raises:
        InvalidValue: A number makes no sense.

    Example:
        >>> backoff = Backoff(attempts=3)
        >>> backoff.pause(1, chance=lambda: 0.0)
        1.0
        >>> backoff.pause(3) is None
        True
    """

    attempts: int = 10
    first: float = 1.0
    factor: float = 2.0
    longest: float = 300.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise InvalidValue("Backoff.attempts", "at least 1", self.attempts)
        if self.first < 0 or self.longest < self.first:
            raise InvalidValue("Backoff.first", "between 0 and longest", self.first)
        if self.longest > LONGEST_PAUSE:
            raise InvalidValue("Backoff.longest", "at most a day, 86400 seconds", self.longest)
        if self.factor < 1:
            raise InvalidValue("Backoff.factor", "at least 1", self.factor)

    def pause(self, failures: int, *, chance: Callable[[], float] = random.random) -> float | None:
        """Seconds until the next attempt, or None when there is none.

        Args:
            failures: How often it has failed by now.
            chance: A random number from 0 up to 1.
        """
        if failures >= self.attempts:
            return None
        # The power is capped: 2.0**10000 overflows, and attempts has no upper limit.
        pause = min(self.first * self.factor ** min(failures - 1, 64), self.longest)
        return pause * (1 - chance() / 2)
