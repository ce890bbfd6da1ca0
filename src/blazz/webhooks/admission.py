"""Back-pressure: refuses bodies while too much waits in the inbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final

from blazz.errors import InboxFull, InvalidValue
from blazz.webhooks.inbox.base import Intake
from blazz.webhooks.observations import BacklogMeasured, Observer, ignore

_MEASURE_SECONDS: Final = 1.0


class Admission:
    """Lets bodies in while the inbox has room.

    The backlog is counted once a second; what came since is added to it. So the limit may be
    passed by what other processes take in within that second.

    Args:
        inbox: The inbox.
        sessions: Tells the sessions of this process. What waits for others does not count: a
            session that nobody has open must not hold up the rest.
        limit: The most updates that may wait to be handled.
        observe: Called with each measurement.
        clock: Tells seconds since any moment.

    Raises:
        InvalidValue: The limit is not positive.
    """

    def __init__(
        self,
        inbox: Intake,
        sessions: Callable[[], Collection[str]],
        *,
        limit: int,
        observe: Observer = ignore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if limit < 1:
            raise InvalidValue("limit", "at least 1 update", limit)
        self._inbox = inbox
        self._sessions = sessions
        self._limit = limit
        self._observe = observe
        self._clock = clock
        self._backlog = 0
        self._measured_at = float("-inf")

    async def admit(self, body: bytes) -> None:
        """Let a body in.

        Raises:
            InboxFull: Too much waits.
            InboxUnavailable: The inbox cannot be read.
        """
        now = self._clock()
        if now - self._measured_at >= _MEASURE_SECONDS:
            before, self._measured_at = self._measured_at, now  # others need not measure, too
            try:
                self._backlog = await self._inbox.backlog(self._sessions())
            except BaseException:
                self._measured_at = before
                raise
            self._observe(BacklogMeasured(self._backlog, self._limit))
        if self._backlog >= self._limit:
            raise InboxFull(
                f"{self._backlog} updates wait in the inbox, the limit is {self._limit}"
            )
        self._backlog += 1 + len(body) // 1024
