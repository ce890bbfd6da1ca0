"""Hands what the page reports to the durable inbox, in order, and holds it until it is kept."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import anyio

from blazz.errors import InboxFull, InboxUnavailable
from blazz.events.sessions import SessionEvent
from blazz.providers.base import ProviderContext
from blazz.providers.web.ids import last_part
from blazz.providers.web.inbound.updates import Report, encode
from blazz.providers.web.outbox import Outbox

log: Final = logging.getLogger("blazz.web")

_MOST_AT_ONCE: Final = 250
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0

_Waiting: TypeAlias = Report | SessionEvent


class Intake:
    """A queue from the page to the inbox.

    What does not get into the inbox, because it is full or cannot be reached, waits here and is
    tried again. If the process ends meanwhile, the page still has it: what is unread is reported
    again after the next start, and the inbox knows what it has by its id.

    Args:
        context: Where updates go.
        outbox: Knows which messages are our own, and their tokens.
        changed: Called for whatever the page has stored.
    """

    def __init__(
        self, context: ProviderContext, outbox: Outbox, changed: Callable[[], object]
    ) -> None:
        self.owner: str | None = None
        self._context = context
        self._outbox = outbox
        self._changed = changed
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._busy = False
        self._emptied = asyncio.Event()
        self._emptied.set()

    def put(self, name: str, value: Mapping[str, Any]) -> None:
        """Take a report of the page."""
        self._add(Report(name, value))
        self._changed()

    def put_event(self, event: SessionEvent) -> None:
        """Take an event of the session itself."""
        self._add(event)

    def _add(self, waiting: _Waiting) -> None:
        self._queue.append(waiting)
        self._emptied.clear()
        self._arrived.set()

    async def drained(self) -> None:
        """Wait until everything so far is kept."""
        await self._emptied.wait()

    async def run(self) -> None:
        """Hand over, for ever."""
        while True:
            await self._arrived.wait()
            while self._queue:
                await self._hand_over()
            self._arrived.clear()
            self._emptied.set()

    async def _hand_over(self) -> None:
        if isinstance(self._queue[0], SessionEvent):
            event = self._queue[0]
            await self._until_kept(lambda: self._context.report(event))
            self._queue.popleft()
            return
        batch: list[Report] = []
        for waiting in self._queue:
            if isinstance(waiting, SessionEvent) or len(batch) == _MOST_AT_ONCE:
                break
            batch.append(waiting)
        reports = await self._completed(batch)
        if reports:
            body = encode(self.owner, reports)
            await self._until_kept(lambda: self._context.receive(body))
        for _ in batch:
            self._queue.popleft()

    async def _completed(self, batch: list[Report]) -> list[Report]:
        """Leave out our own messages, which come back from the page, and add tokens."""
        wanted: set[str] = set()
        for report in batch:
            if report.name == "message" and report.value.get("fromMe"):
                wanted.add(last_part(report.value["id"]))
            elif report.name == "receipt":
                wanted.update(last_part(it) for it in report.value["ids"])
        tokens = await self._outbox.tokens(wanted) if wanted else {}
        return [done for each in batch if (done := _complete(each, tokens)) is not None]

    async def _until_kept(self, hand_over: Callable[[], Awaitable[None]]) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await hand_over()
            except (InboxFull, InboxUnavailable) as error:
                log.warning("what the page reported waits: %s", error)
                await anyio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return


def _complete(report: Report, tokens: Mapping[str, str]) -> Report | None:
    value = report.value
    if report.name == "message" and value.get("fromMe"):
        return None if last_part(value["id"]) in tokens else report
    if report.name == "receipt":
        if value.get("ack") == 0:
            return None  # it only waits in the page
        found = [tokens.get(last_part(it)) for it in value["ids"]]
        return Report(report.name, {**value, "tokens": found})
    return report
