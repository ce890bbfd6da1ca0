"""Wakes a loop that also looks around by itself from time to time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

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

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait for a ring, but no longer than some seconds; tells whether it rang."""
        if not self._rung.is_set():
            with anyio.move_on_after(seconds):
                await self._rung.wait()
        rang = self._rung.is_set()
        if rang:
            self._rung = anyio.Event()
        return rang


class Bells:
    """Rings for any number of loops, each with a bell of its own."""

    def __init__(self) -> None:
        self._bells: set[Bell] = set()

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._bells)

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


class NamedBells:
    """Rings for any number of loops, each of which listens for one name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Bells] = {}

    def ring(self, names: Iterable[str]) -> None:
        """Wake the loops that listen for one of the names."""
        for name in names:
            if bells := self._by_name.get(name):
                bells.ring()

    @contextlib.contextmanager
    def listening(self, name: str) -> Iterator[Bell]:
        """Listen for a name with a bell of one's own."""
        bells = self._by_name.setdefault(name, Bells())
        try:
            with bells.listening() as bell:
                yield bell
        finally:
            if not bells.heard:
                self._by_name.pop(name, None)
