"""The time of a PostgreSQL server, without asking for it each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

_ASK_EVERY = 5.0


class ServerClock:
    """Tells a server's time: asked for every few seconds, and in between by the monotonic clock.

    So it does not matter when this machine's own clock is wrong, or is set. While a machine sleeps
    its monotonic clock may stand still: then the time told is too early for a few seconds, which
    takes no lease from anybody.

    Args:
        query: Gives the server's time in seconds since the epoch.
        monotonic: Monotonic seconds.
    """

    def __init__(self, query: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._query = query
        self._monotonic = monotonic
        self._ahead: float | None = None
        self._asked_at = 0.0

    async def now(self, connection: asyncpg.Connection) -> float:
        """The server's time, in seconds since the epoch."""
        here = self._monotonic()
        if self._ahead is None or here - self._asked_at > _ASK_EVERY:
            # Told before the answer came: rather too early than too late.
            self._ahead = float(await connection.fetchval(self._query) or 0) - self._monotonic()
            self._asked_at = here
        return self._ahead + self._monotonic()
