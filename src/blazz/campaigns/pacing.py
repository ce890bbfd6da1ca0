"""How fast a number may send right now, and how much may be on its way at once. Pure.

A number that is told it sends too fast rests, and the limiter slows it down for all processes (see
`limiter.adaptive`). One that gets no clear answers rests for longer and longer, and in the end
gives up: what is lost on the way cannot be sent again blindly, so a thousand unanswered requests
are a thousand recipients in doubt. A request that is wrong in itself fails for everybody, so a
campaign does not insist on it either.
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
_FIRST_REST: Final = 0.5
_LONGEST_REST: Final = 30.0
_MOST_TROUBLE: Final = 5
_MOST_WRONG: Final = 20
_HALTING: Final = frozenset({Retry.CREDENTIALS, Retry.OPERATOR})
_LATER: Final = 600.0
_PAUSING: Final = frozenset({131048, 132015})
"""Too many people blocked or reported the number; the template is paused for its quality: going on
would make it worse, so a person decides."""
LARGEST_WINDOW: Final = 4
"""The most rows that are `sending` for each request that may be on its way."""
_LEAST_SPARE: Final = 0.5
_HALVED: Final = 0.5
_QUARTER_LESS: Final = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a number is doing.

    Attributes:
        rest_until: It sends nothing before this time.
        trouble: How many times in a row it rested and then got no answer again.
        lost: How many messages in a row were lost.
        wrong: How many requests in a row were wrong in themselves.
    """

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
        pause: Nothing is wrong with its settings: it is paused, and goes on when it is resumed.
    """

    reason: str
    until: float | None = None
    pause: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """The provider says that a number sends too fast.

    Attributes:
        cut: The share of its present rate that is left to it.
        pause: Seconds in which it sends nothing.
    """

    cut: float
    pause: float


def complaint(batch: Sequence[Evidence]) -> Complaint | None:
    """Tell from one batch of results whether a number sends too fast.

    Too much for the number (130429) halves its rate; too much for one person (131056) takes a
    quarter.

    Example:
        >>> complaint([RefusedBy(Retry.BACKOFF, 130429, counts=False)])
        Complaint(cut=0.5, pause=1.0)
    """
    cut, pause = 1.0, 0.0
    for evidence in batch:
        match evidence:
            case RefusedBy(retry=Retry.BACKOFF, counts=False, retry_after=retry_after):
                cut, pause = min(cut, _HALVED), max(pause, retry_after or 1.0)
            case RefusedBy(retry=Retry.PAIR):
                cut = min(cut, _QUARTER_LESS)
    return Complaint(cut, pause) if cut < 1 else None


def adapt(pace: Pace, batch: Sequence[Evidence], *, now: float) -> Pace:
    """Learn from one batch of results.

    Example:
        >>> slow = RefusedBy(Retry.BACKOFF, 130429, counts=False)
        >>> adapt(Pace(), [slow], now=100.0).rest_until
        101.0
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
        pace = replace(pace, rest_until=max(pace.rest_until, now + asked_to_wait))
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


def verdict(pace: Pace, batch: Sequence[Evidence], *, now: float) -> Stop | None:
    """Tell whether the campaign must stop, given its pace after this batch."""
    for evidence in batch:
        if not isinstance(evidence, RefusedBy):
            continue
        reason = evidence.reason or "the provider refused"
        if evidence.code in _PAUSING:
            return Stop(reason, pause=True)
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


def most_rows(concurrency: int, *, latency: float, step: float) -> int:
    """How many rows of a number may be `sending` with so many requests at once.

    As many as are on their way, and as many again, half of them more, as are answered while a step
    records answers and takes new rows: else all is answered before the step is done, and sending
    stops and goes.

    Args:
        concurrency: How many requests may be on their way.
        latency: Seconds from request to answer, lately.
        step: Seconds that a step takes, lately.

    Example:
        >>> most_rows(100, latency=0.3, step=0.01), most_rows(100, latency=0.02, step=0.03)
        (150, 325)
    """
    spare = 1.5 * step / max(latency, 0.001)
    return math.ceil(concurrency * (1 + min(LARGEST_WINDOW - 1, max(_LEAST_SPARE, spare))))


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
    needed = math.ceil(rate * (latency + 2 * tick(rate)))
    return max(1, min(most, needed))
