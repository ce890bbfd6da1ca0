"""Reads the inbox as a log: every routed event in order, whether or not it has been handled."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, Final, Literal, TypeAlias, TypeVar

from blazz.events.base import Event
from blazz.webhooks.bell import Bell
from blazz.webhooks.delivery import Deliveries
from blazz.webhooks.inbox.base import Inbox, Logged, Page

_PAGE: Final = 200
_POLL_SECONDS: Final = 0.5

E = TypeVar("E", bound=Event)
Start: TypeAlias = Literal["now", "oldest"]


class EventLog:
    """Events of sessions, from any point of the log on.

    Args:
        inbox: Where they are kept.
        deliveries: Finds the events of rows.
    """

    def __init__(self, inbox: Inbox, deliveries: Deliveries) -> None:
        self._inbox = inbox
        self._deliveries = deliveries
        self._readers: set[Bell] = set()

    def grown(self) -> None:
        """Wake all readers of this process: there is more to read."""
        for bell in self._readers:
            bell.ring()

    async def follow(
        self,
        session: str,
        kinds: tuple[type[E], ...],
        *,
        where: Callable[[E], bool] | None = None,
        cursor: str | None = None,
        start: Start = "now",
    ) -> AsyncGenerator[E]:
        """Yield a session's events of some kinds as they come, without end.

        Args:
            session: The session's key.
            kinds: The kinds wanted, with their subclasses.
            where: Which of them.
            cursor: The name under which the position is kept; it moves past an event when the next
                one is asked for. None: keep nothing.
            start: Where to begin without a kept position: `now`, or at the `oldest` event there is.
        """
        name = None if cursor is None else f"{session}:{cursor}"
        position = await self._start(name, start)
        bell = Bell()
        self._readers.add(bell)
        try:
            while True:
                page = await self._inbox.read_after(position, limit=_PAGE, session=session)
                for seq, event in await self._events(page):
                    if isinstance(event, kinds) and (where is None or where(event)):
                        yield event
                        # Asked for the next one: this one is done.
                        await self._keep(name, seq)
                if page.position != position:
                    position = page.position
                    await self._keep(name, position)
                if not page.more:
                    await bell.wait(_POLL_SECONDS)
        finally:
            self._readers.discard(bell)

    async def event(self, session: str, seq: int) -> Event | None:
        """Read one event by its number; None if retention has removed it."""
        entry = await self._inbox.entry(seq)
        if entry is None or entry.session != session:
            return None
        row = Logged(seq, session, entry.body_id, entry.position, entry.key)
        (delivery,) = await self._deliveries.find([row])
        return None if delivery is None else delivery.event

    async def _start(self, name: str | None, start: Start) -> int:
        """The position that is kept under a name, else where a new reader begins."""
        position = None if name is None else await self._inbox.cursor(name)
        if position is None:
            position = 0 if start == "oldest" else await self._inbox.last_position()
            # Kept at once: what comes from now on is this reader's, also if it dies right away.
            await self._keep(name, position)
        return position

    async def _keep(self, name: str | None, position: int) -> None:
        if name is not None:
            await self._inbox.set_cursor(name, position)

    async def _events(self, page: Page) -> list[tuple[int, Any]]:
        found = await self._deliveries.find(list(page.entries))
        return [
            (row.seq, delivery.event)
            for row, delivery in zip(page.entries, found, strict=True)
            if delivery is not None
        ]
