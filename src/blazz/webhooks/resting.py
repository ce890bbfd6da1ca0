"""Lets a handler wait for what takes its time, such as a person, without being in the way."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final


@dataclass(slots=True, eq=False)
class Turn:
    """One call of a handler: it holds a place and its time runs, except while it rests.

    Attributes:
        lent: Told 1 when it begins to rest, and -1 when it goes on.
        rested: For how many seconds it has rested, until it last went on.
    """

    lent: Callable[[int], object]
    rested: float = 0.0
    _rests: int = field(default=0, init=False)
    _since: float = field(default=0.0, init=False)
    _over: bool = field(default=False, init=False)

    @property
    def resting(self) -> bool:
        """Whether it rests now."""
        return self._rests > 0

    def rest(self) -> None:
        """Begin to rest; several tasks of one call may."""
        self._rests += 1
        if self._rests == 1:
            self._since = time.monotonic()
            self.lent(1)

    def go_on(self) -> None:
        """End a rest."""
        if self._over:
            return
        self._rests -= 1
        if self._rests == 0:
            self.rested += time.monotonic() - self._since
            self.lent(-1)

    def end(self) -> None:
        """Note that the handler has returned; tasks that it has left behind rest for themselves."""
        self._over = True
        if self._rests:
            self._rests = 0
            self.lent(-1)

    @property
    def over(self) -> bool:
        """Whether the handler has returned."""
        return self._over


_CURRENT: Final[ContextVar[Turn | None]] = ContextVar("blazz_turn", default=None)


def begin(lent: Callable[[int], object]) -> Turn:
    """Begin the call of a handler by the current task; `Turn.end` ends it."""
    turn = Turn(lent)
    _CURRENT.set(turn)
    return turn


@contextlib.contextmanager
def resting() -> Iterator[None]:
    """Wait in the block; a handler that is at work lends its place meanwhile, and loses no time.

    Outside of handlers it does nothing.
    """
    turn = _CURRENT.get()
    if turn is None or turn.over:
        yield
        return
    turn.rest()
    try:
        yield
    finally:
        turn.go_on()
