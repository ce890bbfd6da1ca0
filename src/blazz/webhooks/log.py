"""Reads the inbox as a log: every routed event in order, whether or not it has been handled."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from blazz.events.base import Event
from blazz.webhooks.bell import Bell, NamedBells
from blazz.webhooks.cursor import Cursor
from blazz.webhooks.delivery import Deliveries
from blazz.webhooks.inbox.base import Entry, Inbox, Logged, State

_PAGE: Final = 200
_POLL_SECONDS: Final = 0.5
_GLANCE_SECONDS: Final = 0.1
_LOOK_BACK: Final = 2_000
_KEEP_AFTER: Final = 1_000

E = TypeVar("E", bound=Event)
Start: TypeAlias = Literal["now", "oldest"]


class _Read(NamedTuple):
    """What was read of a session.

    Attributes:
        events: Events with their numbers in the log.
        position: Everything up to here has been read.
    """

    events: Sequence[tuple[int, Any]]
    position: int


class _End:
    """Where the log ends: read once for all who look at about the same time.

    Hundreds of sessions may be read at once, and most of the time nothing comes for most of them.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._position = 0
        self._read_at = -math.inf

    async def position(self) -> int:
        """Where it ended a moment ago."""
        now = time.monotonic()
        if now - self._read_at >= _GLANCE_SECONDS:
            self._read_at = now
            self._position = await self._inbox.last_position()
        return self._position


class EventLog:
    """Events of sessions, from any point of the log on.

    Args:
        inbox: Where they are kept.
        deliveries: Finds the events of rows.
        readable: Whether this process has a session, and so can read its events.
    """

    def __init__(
        self, inbox: Inbox, deliveries: Deliveries, readable: Callable[[str], bool]
    ) -> None:
        self._inbox = inbox
        self._deliveries = deliveries
        self._readable = readable
        self._grown = NamedBells()
        self._end = _End(inbox)
        self._cursors: set[Cursor] = set()

    def grown(self, sessions: Iterable[str]) -> None:
        """Wake this process's readers of sessions that have got more, or have gone."""
        self._grown.ring(sessions)

    async def position(self) -> int:
        """Where the log ends now."""
        return await self._inbox.last_position()

    async def follow(
        self,
        session: str,
        kinds: tuple[type[E], ...],
        *,
        where: Callable[[E], bool] | None = None,
        cursor: str | None = None,
        start: Start = "now",
    ) -> AsyncGenerator[E]:
        """Yield a session's events of some kinds as they come, until this process lets go of it.

        Args:
            session: The session's key.
            kinds: The kinds wanted, with their subclasses.
            where: Which of them.
            cursor: The name under which the position is kept; it moves past an event when the next
                one is asked for, see `Cursor`. None: keep nothing.
            start: Where to begin without a kept position: `now`, or at the `oldest` event there is.
        """
        name = None if cursor is None else f"{session}:{cursor}"
        reached = await self._start(name, start)
        self._cursors.add(reached)
        try:
            async with contextlib.aclosing(self._pages(session, reached.position)) as pages:
                async for page in pages:
                    for seq, event in page.events:
                        if isinstance(event, kinds) and (where is None or where(event)):
                            yield event
                            # Asked for the next one: this one is done.
                            await reached.move(seq)
                    # Of what came for other sessions no note is taken each time.
                    if page.events or page.position - reached.position >= _KEEP_AFTER:
                        reached.position = page.position
                        await reached.keep()
        finally:
            self._cursors.discard(reached)
            await reached.leave()

    async def ahead(self, session: str) -> AsyncGenerator[Sequence[tuple[int, Event]]]:
        """Yield what handlers have not been given of a session, then what comes, page by page.

        Until this process lets go of the session.
        """
        position = await self._inbox.last_position()
        entries = await self._inbox.entries(
            states=(State.READY, State.BLOCKED),
            session=session,
            after=max(0, position - _LOOK_BACK),
            limit=_LOOK_BACK,
        )
        yield await self._events([_row(session, entry) for entry in entries])
        async with contextlib.aclosing(self._pages(session, position)) as pages:
            async for page in pages:
                yield page.events

    async def _pages(self, session: str, position: int) -> AsyncGenerator[_Read]:
        """Read a session from a position on, as it grows."""
        with self._grown.listening(session) as bell:
            while True:
                page = await self._inbox.read_after(position, limit=_PAGE, session=session)
                events = await self._events(page.entries)
                # Asked afterwards: without the session, its events could not have been found.
                if not self._readable(session):
                    return
                if page.position != position:
                    position = page.position
                    yield _Read(events, position)
                if not page.more:
                    await self._wait(bell, position)

    async def _wait(self, bell: Bell, position: int) -> None:
        """Wait for a ring, or until the log has grown: other processes ring no bells here."""
        while not await bell.wait(_POLL_SECONDS):
            if await self._end.position() > position:
                return

    async def close(self) -> None:
        """Keep the positions of readers that were left, before the inbox is closed."""
        for cursor in tuple(self._cursors):
            await cursor.leave()

    async def event(self, session: str, seq: int) -> Event | None:
        """Read one event by its number; None if retention has removed it."""
        entry = await self._inbox.entry(seq)
        if entry is None or entry.session != session:
            return None
        (delivery,) = await self._deliveries.find([_row(session, entry)])
        return None if delivery is None else delivery.event

    async def _start(self, name: str | None, start: Start) -> Cursor:
        """Where an earlier reader of that name left off, or where a new one begins."""
        position = None if name is None else await self._inbox.cursor(name)
        if position is not None:
            return Cursor(self._inbox, name, position)
        begin = 0 if start == "oldest" else await self._inbox.last_position()
        cursor = Cursor(self._inbox, name, begin)
        # Kept at once: what comes from now on is this reader's, also if it dies right away.
        await cursor.keep()
        return cursor

    async def _events(self, rows: Sequence[Logged]) -> list[tuple[int, Any]]:
        found = await self._deliveries.find(rows)
        return [
            (row.seq, delivery.event)
            for row, delivery in zip(rows, found, strict=True)
            if delivery is not None
        ]


def _row(session: str, entry: Entry) -> Logged:
    return Logged(entry.seq, session, entry.body_id, entry.position, entry.key)
