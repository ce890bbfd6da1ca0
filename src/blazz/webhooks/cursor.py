"""A reader's position in the log, kept under a name."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Final

import anyio

from blazz.errors import InboxUnavailable
from blazz.webhooks.inbox.base import Inbox

_KEEP_SECONDS: Final = 0.05

_log = logging.getLogger(__name__)


class Cursor:
    """Everything up to `position` has been dealt with.

    A commit for each event would cost a quick reader fifty times what the reading costs. So it is
    kept with an event only if some time has passed since; whoever stops for lack of events, or at
    the end, keeps what is left.

    Args:
        inbox: Where positions are kept.
        name: Under which name; None: nowhere.
        position: Where it stands.
        clock: Measures time; only tests give another one.
    """

    def __init__(
        self,
        inbox: Inbox,
        name: str | None,
        position: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inbox = inbox
        self._name = name
        self._clock = clock
        self.position = position
        self._kept: int | None = None
        self._kept_at = -math.inf

    async def move(self, position: int) -> None:
        """Go on to a position, and keep it if none was kept lately."""
        self.position = position
        if self._clock() - self._kept_at >= _KEEP_SECONDS:
            await self.keep()

    async def keep(self) -> None:
        """Keep the position."""
        if self._name is not None and self.position != self._kept:
            position = self.position
            await self._inbox.set_cursor(self._name, position)
            self._kept, self._kept_at = position, self._clock()

    async def leave(self) -> None:
        """Keep the position as far as that is possible, at the end; else a little comes again."""
        with anyio.CancelScope(shield=True):
            try:
                await self.keep()
            except InboxUnavailable as error:  # it may have been closed before its reader
                _log.debug("the position of %s is not kept: %s", self._name, error)
