"""When a failed request is tried again, and how long to wait before.

Only failures that certainly left nothing behind are repeated for a message. Requests that may be
repeated without harm (reads, deletions, marking as read) are also repeated when their answer was
lost.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import anyio
import tenacity

from blazz.errors import (
    AnswerLost,
    BlazzError,
    ConnectionFailed,
    InvalidValue,
    Refused,
    Retry,
    UnreadableAnswer,
)

_LONGEST_PAUSE: Final = 60.0
_log = logging.getLogger("blazz.meta_cloud")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often and how long a request is tried.

    Attributes:
        attempts: How often it is tried in all; 1 never repeats.
        deadline: Seconds from the first try after which none starts any more. A pause that would
            end later is not waited for: the failure is raised at once.
        sleep: Waits; tests give their own.
        clock: Tells seconds; tests give their own.
        jitter: Gives a number from 0 to 1 that spreads the pauses of many clients.
    """

    attempts: int = 4
    deadline: float = 30.0
    sleep: Callable[[float], Awaitable[None]] = field(default=anyio.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    jitter: Callable[[], float] = field(default=random.random, repr=False)

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise InvalidValue("Retries.attempts", "at least 1", self.attempts)
        if not self.deadline >= 0:
            raise InvalidValue("Retries.deadline", "at least 0 seconds", self.deadline)


def pause_after(
    failure: BaseException, tries: int, *, repeatable: bool, jitter: float = 1.0
) -> float | None:
    """Seconds to wait before the request is tried again; None if it must not be.

    Args:
        failure: Why the last try failed.
        tries: How many tries failed so far, at least 1.
        repeatable: Doing it twice does no harm.
        jitter: From 0 to 1: where between half and the whole of a growing pause to wait.

    Example:
        >>> from blazz.providers.meta_cloud.faults import PairLimit
        >>> [pause_after(PairLimit(), tries, repeatable=False) for tries in (1, 2, 3)]
        [1.0, 4.0, 16.0]
    """
    growing = min(2.0 ** (tries - 1), _LONGEST_PAUSE) * (0.5 + jitter / 2)
    if isinstance(failure, ConnectionFailed):
        return growing / 2
    if isinstance(failure, Refused):
        return _pause_after_refusal(failure, tries, growing)
    if not repeatable:
        return None
    if isinstance(failure, UnreadableAnswer):
        return growing if failure.status >= 500 else None
    return growing / 2 if isinstance(failure, AnswerLost) else None


def _pause_after_refusal(failure: Refused, tries: int, growing: float) -> float | None:
    asked = failure.retry_after or 0.0
    if failure.retry is Retry.BACKOFF:
        return max(growing, asked)
    if failure.retry is Retry.PAIR:
        return max(4.0 ** (tries - 1), asked)
    if failure.retry is Retry.ONCE and tries == 1:
        return asked
    return None


async def repeat(
    attempt: Callable[[], Awaitable[T]],
    first: BlazzError,
    *,
    retries: Retries,
    repeatable: bool,
    started: float,
) -> T:
    """Go on after a first failure: try again as long as that makes sense, else raise the last one.

    The first try happens outside, so that requests that succeed pay nothing for retries.
    """
    pending: list[BlazzError] = [first]

    async def next_try() -> T:
        if pending:
            raise pending.pop()
        return await attempt()

    def pause(state: tenacity.RetryCallState) -> float | None:
        failure = None if state.outcome is None else state.outcome.exception()
        if failure is None:
            return None
        return pause_after(
            failure, state.attempt_number, repeatable=repeatable, jitter=retries.jitter()
        )

    def exhausted(state: tenacity.RetryCallState) -> bool:
        waited_until = retries.clock() - started + state.upcoming_sleep
        return state.attempt_number >= retries.attempts or waited_until > retries.deadline

    retrying = tenacity.AsyncRetrying(
        retry=lambda state: pause(state) is not None,
        wait=lambda state: pause(state) or 0.0,
        stop=exhausted,
        sleep=retries.sleep,
        before_sleep=_tell,
        reraise=True,
    )
    return await retrying(next_try)


def _tell(state: tenacity.RetryCallState) -> None:
    failure = None if state.outcome is None else state.outcome.exception()
    _log.info(
        "try %d failed, next in %.1f s: %s", state.attempt_number, state.upcoming_sleep, failure
    )
