"""The sandbox's own time: it runs with the machine's and can be moved forward."""

from __future__ import annotations

import time


class Clock:
    """Seconds since 1970 that never run backwards and can be advanced by a test.

    Example:
        >>> clock = Clock()
        >>> before = clock.now()
        >>> clock.advance(3600.0)
        >>> clock.now() - before >= 3600
        True
    """

    __slots__ = ("_offset",)

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """The sandbox's time."""
        return time.monotonic() + self._offset

    def advance(self, seconds: float) -> None:
        """Move forward: limits refill, deliveries fall due, media URLs expire."""
        self._offset += max(0.0, seconds)
