"""What falls due when: a heap of moments; pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Agenda(Generic[T]):
    """Items by the moment at which they fall due; those of one moment keep their order.

    Example:
        >>> agenda: Agenda[str] = Agenda()
        >>> agenda.add(2.0, "later"); agenda.add(1.0, "first"); agenda.add(1.0, "second")
        >>> list(agenda.due(1.5))
        ['first', 'second']
        >>> agenda.next_due
        2.0
    """

    __slots__ = ("_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._order = 0

    def add(self, due: float, item: T) -> None:
        """Put an item on the agenda."""
        self._order += 1
        heapq.heappush(self._heap, (due, self._order, item))

    def due(self, now: float) -> Iterator[T]:
        """Take the items that are due, oldest first; more may be added meanwhile."""
        while self._heap and self._heap[0][0] <= now:
            yield heapq.heappop(self._heap)[2]

    @property
    def next_due(self) -> float | None:
        """The moment of the next item."""
        return self._heap[0][0] if self._heap else None

    def clear(self) -> None:
        """Remove everything."""
        self._heap.clear()

    def __len__(self) -> int:
        return len(self._heap)
