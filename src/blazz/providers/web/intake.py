"""Hands what the page reports to the durable inbox, in order, and holds it until it is kept."""

from __future__ import annotations

import asyncio
import itertools
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import anyio

from blazz.errors import InboxFull, InboxUnavailable
from blazz.events.sessions import SessionEvent
from blazz.providers.base import ProviderContext
from blazz.providers.web.ids import last_part
from blazz.providers.web.inbound.updates import Report, encode
from blazz.providers.web.outbox import Outbox
from blazz.providers.web.overflow import Body, Overflow

log: Final = logging.getLogger("blazz.web")

MOST_HELD: Final = 5_000
"""Reports that wait in memory; more go to the disk."""

_MOST_AT_ONCE: Final = 250
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0
_TROUBLE: Final = (InboxFull, InboxUnavailable, sqlite3.OperationalError)

_Waiting: TypeAlias = Report | SessionEvent


class _Hand(NamedTuple):
    """What is handed over next: a body of reports and its number on the disk, or an event."""

    what: Body | SessionEvent
    number: int | None = None


class Intake:
    """A queue from the page to the inbox.

    What does not get into the inbox, because it is full or cannot be reached, waits here and is
    tried again: some of it in memory, and what is more on the disk. There it also survives the
    process. What was in memory when a process died, the page still has: what is unread is reported
    again after the next start, and the inbox knows what it has by its id.

    Args:
        context: Where updates go.
        outbox: Knows which messages are our own, and their tokens.
        changed: Called for whatever the page has stored.
        most_held: Reports that wait in memory; more go to the disk.
    """

    def __init__(
        self,
        context: ProviderContext,
        outbox: Outbox,
        changed: Callable[[], object],
        *,
        most_held: int = MOST_HELD,
    ) -> None:
        self.owner: str | None = None
        self._context = context
        self._outbox = outbox
        self._changed = changed
        self._most_held = most_held
        # The oldest is in the hand, then comes what is on the disk, then the queue.
        self._hand: _Hand | None = None
        self._overflow = Overflow(context.folder / "intake.db")
        self._queue: deque[_Waiting] = deque()
        self._moving = asyncio.Lock()
        self._arrived = asyncio.Event()
        self._crowded = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._is_troubled = False

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
        if len(self._queue) > self._most_held:
            self._crowded.set()

    @property
    def waiting(self) -> int:
        """How many reports and events wait."""
        match self._hand:
            case _Hand(Body(reports), None):
                held = reports
            case _Hand(SessionEvent()):
                held = 1
            case _:  # it is on the disk
                held = 0
        return held + self._overflow.reports + len(self._queue)

    async def drained(self) -> None:
        """Wait until everything so far is kept."""
        await self._emptied.wait()

    async def run(self) -> None:
        """Hand over, for ever."""
        try:
            await self._overflow.open()
        except sqlite3.Error as error:
            log.warning("%s: what was left for the inbox cannot be read: %s", self._name, error)
        if self._overflow.reports:
            log.info("%s: %d reports are left from before", self._name, self._overflow.reports)
            self._is_troubled = True
            self._emptied.clear()
        async with anyio.create_task_group() as group:
            group.start_soon(self._relieve, name="blazz web overflow")
            await self._hand_over()

    async def close(self) -> None:
        """Leave on the disk what the inbox did not take; the next run goes on with it."""
        try:
            match self._hand:
                case _Hand(Body() as body, None):
                    await self._overflow.put_back(body)
            self._hand = None
            await self._move_to_disk()
        except sqlite3.Error as error:
            log.warning("%s: %d reports cannot be kept: %s", self._name, self.waiting, error)
        if left := self._overflow.reports:
            log.warning("%s: the next start has %d reports to hand over", self._name, left)
        await self._overflow.close()

    @property
    def _name(self) -> str:
        return f"{self._context.workspace}/{self._context.session}"

    # Handing over

    async def _hand_over(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._hand_over_next()
            except _TROUBLE as error:
                self._note_trouble(error)
                await anyio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE

    async def _hand_over_next(self) -> None:
        async with self._moving:
            hand = self._hand = self._hand or await self._next()
        if hand is None:
            self._note_emptied()
            await self._arrived.wait()
        elif isinstance(hand.what, SessionEvent):
            await self._context.report(hand.what)
        else:
            await self._context.receive(hand.what.content)
            if hand.number is not None:
                await self._overflow.drop(hand.number, hand.what.reports)
        self._hand = None
        if self._is_troubled:
            self._context.on_waiting(self.waiting)

    async def _next(self) -> _Hand | None:
        if (found := await self._overflow.first()) is not None:
            return _Hand(found[1], found[0])
        while self._queue:
            first = self._queue[0]
            if isinstance(first, SessionEvent):
                self._queue.popleft()
                return _Hand(first)
            batch = self._reports_ahead()
            body = await self._body(batch)
            for _ in batch:
                self._queue.popleft()
            if body.reports:
                return _Hand(body)
        return None

    def _reports_ahead(self) -> list[Report]:
        ahead: list[Report] = []
        for waiting in itertools.islice(self._queue, _MOST_AT_ONCE):
            if isinstance(waiting, SessionEvent):
                break
            ahead.append(waiting)
        return ahead

    async def _body(self, batch: Sequence[Report]) -> Body:
        reports = await self._completed(batch)
        return Body(len(reports), encode(self.owner, reports))

    async def _completed(self, batch: Sequence[Report]) -> list[Report]:
        """Leave out our own messages, which come back from the page, and add tokens."""
        wanted: set[str] = set()
        for report in batch:
            if report.name == "message" and report.value.get("fromMe"):
                wanted.add(last_part(report.value["id"]))
            elif report.name == "receipt":
                wanted.update(last_part(it) for it in report.value["ids"])
        tokens = await self._outbox.tokens(wanted) if wanted else {}
        return [done for each in batch if (done := _complete(each, tokens)) is not None]

    # What waits

    async def _relieve(self) -> None:
        """Move what waits to the disk whenever it is too much."""
        while True:
            await self._crowded.wait()
            self._crowded.clear()
            try:
                await self._move_to_disk()
            except sqlite3.Error as error:
                log.warning("%s: %d reports stay in memory: %s", self._name, self.waiting, error)
            else:
                log.warning("%s: %d reports wait on the disk", self._name, self._overflow.reports)
            self._is_troubled = True
            self._context.on_waiting(self.waiting)

    async def _move_to_disk(self) -> None:
        """Move all reports of the queue; events of the session itself are few, and stay."""
        async with self._moving:
            moved = list(self._queue)
            reports = [each for each in moved if isinstance(each, Report)]
            starts = range(0, len(reports), _MOST_AT_ONCE)
            bodies = [await self._body(reports[at : at + _MOST_AT_ONCE]) for at in starts]
            if filled := [body for body in bodies if body.reports]:
                await self._overflow.add(filled)
            for _ in moved:
                self._queue.popleft()
            events = [each for each in moved if isinstance(each, SessionEvent)]
            self._queue.extendleft(reversed(events))

    def _note_trouble(self, error: Exception) -> None:
        if not self._is_troubled:
            log.warning("%s: what the page reports waits: %s", self._name, error)
        self._is_troubled = True
        self._context.on_waiting(self.waiting)

    def _note_emptied(self) -> None:
        if self._is_troubled:
            log.info("%s: the inbox has all that waited", self._name)
        self._is_troubled = False
        self._arrived.clear()
        self._emptied.set()


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
