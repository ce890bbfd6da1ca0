"""Wakes a loop that also looks around by itself from time to time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import anyio


class Bell:
    """Rung by those who have work, waited for by the one loop that does it.

    A ring while nobody waits is not lost: the next wait returns at once. Several rings are one.
    """

    def __init__(self) -> None:
        self._rung = anyio.Event()

    def ring(self) -> None:
        """Wake the loop."""
        self._rung.set()

    async def wait(self, seconds: float | None = None) -> None:
        """Wait for a ring, but no longer than some seconds."""
        if not self._rung.is_set():
            with anyio.move_on_after(seconds):
                await self._rung.wait()
        if self._rung.is_set():
            self._rung = anyio.Event()


class Bells:
    """Rings for any number of loops, each with a bell of its own."""

    def __init__(self) -> None:
        self._bells: set[Bell] = set()

    def ring(self) -> None:
        """Wake all loops that listen."""
        for bell in self._bells:
            bell.ring()

    @contextlib.contextmanager
    def listening(self) -> Iterator[Bell]:
        """Listen with a bell of one's own."""
        bell = Bell()
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.discard(bell)
