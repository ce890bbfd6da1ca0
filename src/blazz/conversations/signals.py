"""Wakes those who wait for something in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator
from typing import Final

import anyio

_FIRST_LOOK: Final = 0.5
_LONGEST_PAUSE: Final = 5.0


class Signals:
    """Named wake-up calls.

    Whoever waits looks first, then waits for one of its names to be called and looks again. Now and
    then it looks by itself, too: a call is only ever a hint, so a lost one costs seconds and
    nothing else.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, set[_Call]] = {}

    def call(self, names: Iterable[Hashable]) -> None:
        """Wake all who wait for one of the names."""
        for name in names:
            for call in self._waiting.get(name, ()):
                call.ring()

    def awaited(self, name: Hashable) -> bool:
        """Whether anybody waits for a name."""
        return name in self._waiting

    @contextlib.contextmanager
    def waiting(self, *names: Hashable) -> Iterator[Callable[[], Awaitable[None]]]:
        """Register for some names; gives a function that waits until it is worth looking again.

        A call that comes between a look and the wait is not lost.

        Example:
            ::

                with signals.waiting("answer") as call:
                    while (answer := await look()) is None:
                        await call()
        """
        call = _Call()
        for name in names:
            self._waiting.setdefault(name, set()).add(call)
        try:
            yield call.wait
        finally:
            for name in names:
                waiting = self._waiting[name]
                waiting.discard(call)
                if not waiting:
                    del self._waiting[name]


class _Call:
    """One waiter's bell."""

    __slots__ = ("_event", "_pause")

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._pause = _FIRST_LOOK

    def ring(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        with anyio.move_on_after(self._pause):
            await self._event.wait()
        if not self._event.is_set():
            # Thousands may wait for hours: looking must not keep the database busy.
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        # Replaced before the waiter looks again, so that a call during its look rings the new one.
        self._event = anyio.Event()
