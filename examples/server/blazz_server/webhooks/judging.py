"""What an answer means for a delivery: done, again later, or given up. Pure."""

from __future__ import annotations

import enum
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from blazz.webhooks.backoff import Backoff

KEPT_TRYING: Final = timedelta(hours=24)
"""How long a delivery is tried."""
KEPT_FAILING: Final = timedelta(days=3)
"""A subscription of which every delivery failed for so long is switched off."""
_PAUSES: Final = Backoff(attempts=10_000, first=5.0, factor=2.0, longest=3600.0)
_LONGEST_ASKED: Final = 6 * 3600.0
_GONE: Final = 410


class State(enum.StrEnum):
    """Where a delivery is."""

    PENDING = "pending"
    """It waits for its first or next attempt."""
    DELIVERED = "delivered"
    """The subscriber has it."""
    DEAD = "dead"
    """It was given up; it can be sent again by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one request.

    Attributes:
        milliseconds: How long it took.
        status: The HTTP status; None: there was no answer.
        error: Why there was none, in words.
        answer: The beginning of the answer's body.
        retry_after: How many seconds the subscriber asks to be left alone.
    """

    milliseconds: int
    status: int | None = None
    error: str | None = None
    answer: str = ""
    retry_after: float | None = None

    @property
    def delivered(self) -> bool:
        """Whether the subscriber has taken it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def problem(self) -> str | None:
        """What is wrong, in words."""
        if self.delivered:
            return None
        if self.status is None:
            return self.error or "no answer"
        more = "; redirects are not followed" if 300 <= self.status < 400 else ""
        return f"the answer was {self.status}{more}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a delivery.

    Attributes:
        state: Where it is from now on.
        next_at: When it is tried again, if it is pending.
        switch_off: Why its subscription is switched off; None: it is not.
    """

    state: State
    next_at: datetime | None = None
    switch_off: str | None = None


def judge(
    outcome: Outcome,
    *,
    failures: int,
    now: datetime,
    expires_at: datetime,
    failing_since: datetime | None,
    chance: Callable[[], float] = random.random,
) -> Verdict:
    """Decide what becomes of a delivery after an attempt.

    Args:
        outcome: What came of it.
        failures: How many attempts have failed, with this one.
        now: The time.
        expires_at: When it is given up.
        failing_since: Since when all deliveries of its subscription have failed.
        chance: A random number from 0 up to 1.
    """
    if outcome.delivered:
        return Verdict(State.DELIVERED)
    if outcome.status == _GONE:
        return Verdict(State.DEAD, switch_off="the subscriber answered 410 Gone")
    off = None
    if failing_since is not None and now - failing_since >= KEPT_FAILING:
        off = f"nothing could be delivered for {KEPT_FAILING.days} days: {outcome.problem}"
    pause = _PAUSES.pause(failures, chance=chance) or _PAUSES.longest
    asked = min(outcome.retry_after or 0.0, _LONGEST_ASKED)
    next_at = now + timedelta(seconds=max(pause, asked))
    if next_at >= expires_at:
        return Verdict(State.DEAD, switch_off=off)
    return Verdict(State.PENDING, next_at, off)


def retry_after(text: str | None, *, now: datetime) -> float | None:
    """Read a `Retry-After` header: seconds, or a date.

    Example:
        >>> from datetime import UTC
        >>> now = datetime(2026, 1, 1, tzinfo=UTC)
        >>> retry_after("120", now=now), retry_after("soon", now=now)
        (120.0, None)
    """
    from email.utils import parsedate_to_datetime

    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        asked = parsedate_to_datetime(text)
        return max(0.0, (asked - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
