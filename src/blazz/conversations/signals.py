"""Wakes those who wait for something in this process; others find it by looking."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator

import anyio

POLL_SECONDS = 0.5
"""How often a waiter looks for what another process recorded."""


class Signals:
    """Named wake-up calls.

    Whoever waits looks first, then waits for its name to be called or for `POLL_SECONDS`, and looks
    again: a call is only ever a hint, so a lost one costs time and nothing else.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, set[_Call]] = {}

    def call(self, names: Iterable[Hashable]) -> None:
        """Wake all who wait for one of the names."""
        for name in names:
            for call in self._waiting.get(name, ()):
                call.ring()

    @contextlib.contextmanager
    def waiting(self, name: Hashable) -> Iterator[Callable[[], Awaitable[None]]]:
        """Register for a name; gives a function that waits until it is worth looking again.

        A call that comes between a look and the wait is not lost.

        Example:
            ::

                with signals.waiting("answer") as call:
                    while (answer := await look()) is None:
                        await call()
        """
        call = _Call()
        self._waiting.setdefault(name, set()).add(call)
        try:
            yield call.wait
        finally:
            waiting = self._waiting[name]
            waiting.discard(call)
            if not waiting:
                del self._waiting[name]


class _Call:
    """One waiter's bell."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        with anyio.move_on_after(POLL_SECONDS):
            await self._event.wait()
        # Replaced before the waiter looks again, so that a call during its look rings the new one.
        self._event = anyio.Event()
