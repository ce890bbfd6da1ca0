"""How fast a number may send right now, and how much may be on its way at once. Pure.

A number that is told it sends too fast halves its rate and wins it back in steps; one that gets no
clear answers rests for longer and longer, and in the end gives up: what is lost on the way cannot
be sent again blindly, so a thousand unanswered requests are a thousand recipients in doubt. A
request that is wrong in itself fails for everybody, so a campaign does not insist on it either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from blazz.campaigns.delivery import Accepted, Evidence, Lost, NeverLeft, RefusedBy
from blazz.errors import Retry

_SHORTEST_TICK: Final = 0.05
_LONGEST_TICK: Final = 0.1
_SLOWEST: Final = 0.05
_STEP_UP: Final = 0.1
_STEADY: Final = 5.0
_FIRST_REST: Final = 0.5
_LONGEST_REST: Final = 30.0
_MOST_TROUBLE: Final = 5
_MOST_WRONG: Final = 20
_HALTING: Final = frozenset({Retry.CREDENTIALS, Retry.OPERATOR})
_LATER: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a number is doing.

    Attributes:
        factor: The share of its limit that it may use, from 0.05 to 1.
        changed_at: When the factor last changed, in seconds since the epoch.
        rest_until: It sends nothing before this time.
        trouble: How many times in a row it rested and then got no answer again.
        lost: How many messages in a row were lost.
        wrong: How many requests in a row were wrong in themselves.
    """

    factor: float = 1.0
    changed_at: float = 0.0
    rest_until: float = 0.0
    trouble: int = 0
    lost: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """The whole campaign must stop.

    Attributes:
        reason: Why, in words.
        until: When it may go on by itself, in seconds since the epoch; None: a person must act.
    """

    reason: str
    until: float | None = None


def adapt(pace: Pace, batch: Sequence[Evidence], *, now: float) -> Pace:
    """Learn from one batch of results.

    Example:
        >>> slow = RefusedBy(Retry.BACKOFF, 130429, counts=False)
        >>> adapt(Pace(), [slow], now=100.0).factor
        0.5
    """
    answered = wrong = lost = away = 0
    asked_to_wait = -1.0
    for evidence in batch:
        match evidence:
            case Lost():
                lost += 1
            case NeverLeft(delay=delay):
                away += delay > 0  # without a delay it was given back, which says nothing
            case RefusedBy(retry=Retry.BACKOFF, counts=True):
                away += 1  # the provider says that it cannot serve at the moment
            case RefusedBy(retry=Retry.BACKOFF, retry_after=retry_after):
                answered += 1
                asked_to_wait = max(asked_to_wait, retry_after or 1.0)
            case RefusedBy(wrong=True):
                answered += 1
                wrong += 1
            case Accepted() | RefusedBy():
                answered += 1
    if asked_to_wait >= 0:
        pace = _slow_down(pace, now, asked_to_wait)
    elif answered:
        pace = _recover(pace, now)
    if answered:
        wrong = pace.wrong + wrong if wrong == answered else 0
        return replace(pace, trouble=0, lost=0, wrong=wrong)
    if lost or away:
        # What comes in during a rest left before it: it is part of the same trouble.
        trouble = pace.trouble + (now >= pace.rest_until)
        rest = min(_FIRST_REST * 2 ** min(trouble - 1, 16), _LONGEST_REST)
        return replace(
            pace,
            trouble=trouble,
            lost=pace.lost + lost,
            rest_until=max(pace.rest_until, now + rest),
        )
    return pace


def _slow_down(pace: Pace, now: float, pause: float) -> Pace:
    rest_until = max(pace.rest_until, now + pause)
    if now - pace.changed_at < 1.0:  # the rest of one burst of refusals says nothing new
        return replace(pace, rest_until=rest_until)
    return replace(
        pace, factor=max(_SLOWEST, pace.factor / 2), changed_at=now, rest_until=rest_until
    )


def _recover(pace: Pace, now: float) -> Pace:
    if pace.factor >= 1 or now - pace.changed_at < _STEADY:
        return pace
    return replace(pace, factor=min(1.0, pace.factor + _STEP_UP), changed_at=now)


def verdict(pace: Pace, batch: Sequence[Evidence], *, now: float) -> Stop | None:
    """Tell whether the campaign must stop, given its pace after this batch."""
    for evidence in batch:
        if not isinstance(evidence, RefusedBy):
            continue
        reason = evidence.reason or "the provider refused"
        if evidence.retry in _HALTING:
            return Stop(reason)
        if evidence.retry is Retry.LATER:
            return Stop(reason, now + max(evidence.retry_after or 0.0, _LATER))
    if pace.lost >= _MOST_TROUBLE <= pace.trouble:
        return Stop(f"{pace.lost} messages in a row got no answer")
    if pace.wrong >= _MOST_WRONG:
        return Stop(f"{pace.wrong} messages in a row were refused: {_last_reason(batch)}")
    return None


def _last_reason(batch: Sequence[Evidence]) -> str:
    refused = (it.reason for it in reversed(batch) if isinstance(it, RefusedBy))
    return next(refused, None) or "no reason given"


def concurrency(rate: float | None) -> int:
    """How many requests may be on their way at once: half a second's messages, 50 to 500.

    Example:
        >>> concurrency(78.0), concurrency(1000.0), concurrency(None)
        (50, 500, 100)
    """
    if rate is None:
        return 100
    return min(500, max(50, math.ceil(rate / 2)))


def tick(rate: float | None) -> float:
    """Seconds that a worker lets results and limiter tokens gather before it writes them down.

    Example:
        >>> tick(1000.0), tick(78.0)
        (0.05, 0.1)
    """
    if rate is None:
        return _SHORTEST_TICK
    # Eight messages' worth, but less than the limiter lets gather.
    return min(_LONGEST_TICK, max(_SHORTEST_TICK, 8 / rate))


def window(rate: float | None, latency: float, *, most: int, pace: Pace) -> int:
    """How many rows of a number may be `sending` at once.

    Enough to keep the rate up, and no more: these rows are in doubt if the process dies.

    Args:
        rate: Messages per second; None: no limit.
        latency: Seconds from request to answer, lately.
        most: The upper bound.
        pace: How the number is doing.

    Example:
        >>> window(80.0, 0.3, most=75, pace=Pace())
        40
    """
    if pace.trouble:
        return 1  # probe until there is an answer
    if rate is None:
        return most
    needed = math.ceil(rate * pace.factor * (latency + 2 * tick(rate)))
    return max(1, min(most, needed))
