"""Records what somebody waits for before its turn to be handled has come."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Sequence
from typing import Final, TypeAlias

import anyio

from blazz.conversations.naming import names_of
from blazz.conversations.signals import Signals
from blazz.events.base import Event
from blazz.events.messages import MessageReceived
from blazz.events.statuses import StatusChanged
from blazz.webhooks.resting import resting

_REST_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)

Numbered: TypeAlias = tuple[int, Event]
"""An event and its number in the inbox's log."""


def message_name(session: str, message_id: str) -> Hashable:
    """What is called when a message has got further."""
    return ("message", session, message_id)


def question_name(session: str, question_id: str) -> Hashable:
    """What is called when a question has its answer."""
    return ("question", session, question_id)


def contact_name(session: str, name: str) -> Hashable:
    """Who is waited for: somebody that a question was sent to."""
    return ("contact", session, name)


def session_name(session: str) -> Hashable:
    """What is called when a session is closed."""
    return ("session", session)


class ReadAhead:
    """Reads what comes in for a session as long as somebody waits for some of it.

    An update is recorded when its turn comes, after the earlier ones of its conversation have been
    handled. But the handler of one of those may be who waits, and would wait for ever. So whoever
    waits reads what comes in, wherever it was received; one of them does it for all.

    Args:
        session: `<workspace>/<name>`.
        read: Reads what has not been handled, then what comes, page by page.
        record: Records events; they may be recorded again when their turn comes.
        signals: Who waits in this process, and for what.
    """

    def __init__(
        self,
        session: str,
        read: Callable[[], AsyncGenerator[Sequence[Numbered]]],
        record: Callable[[Sequence[Numbered]], Awaitable[object]],
        signals: Signals,
    ) -> None:
        self._session = session
        self._read = read
        self._record = record
        self._signals = signals
        self._reading = anyio.Lock()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read, or have somebody else read, while the block runs; a handler rests meanwhile."""
        failure: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._take_turn)
            try:
                with resting():
                    yield
            except Exception as error:  # noqa: BLE001  # raised below: here it would get into a group
                failure = error
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _take_turn(self) -> None:
        # Whoever has the lock reads; when it stops waiting, the next one goes on.
        async with self._reading:
            while True:
                try:
                    await self._read_all()
                except Exception:  # noqa: BLE001  # the inbox is away, or a parser failed
                    _log.warning("%s cannot read ahead", self._session, exc_info=True)
                await anyio.sleep(_REST_SECONDS)

    async def _read_all(self) -> None:
        async with contextlib.aclosing(self._read()) as pages:
            async for page in pages:
                if awaited := [numbered for numbered in page if self._awaited(numbered[1])]:
                    await self._record(awaited)

    def _awaited(self, event: Event) -> bool:
        if isinstance(event, StatusChanged):
            return self._signals.awaited(message_name(self._session, event.message_id))
        if isinstance(event, MessageReceived) and event.chat is None:
            names = names_of(event.sender)
            return any(self._signals.awaited(contact_name(self._session, it)) for it in names)
        return False
