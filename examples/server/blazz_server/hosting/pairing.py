"""Keeps the code at hand with which a session is linked, and shows it to browsers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

import anyio

from blazz import Session
from blazz.errors import BlazzError
from blazz.events.sessions import SessionState
from blazz.pairing import Paired, PairingCode, PairingStep, QrCode
from blazz.providers.base import Capability

_SECONDS: Final = 600.0
_UNLINKED: Final = frozenset({SessionState.PAIRING, SessionState.LOGGED_OUT})
_log = logging.getLogger(__name__)


class Pairing:
    """The linking of one session, for as long as it is not linked.

    A session that waits to be linked shows codes by itself; after a logout, or when nobody has
    scanned one in time, it does so again when somebody asks. Looking at a code asks for nothing.

    Args:
        session: The session.
        show: Shows a step to browsers.
    """

    def __init__(self, session: Session, show: Callable[[PairingStep], Awaitable[object]]) -> None:
        self._session = session
        self._show = show
        self._phone: str | None = None
        self._asked = asyncio.Event()
        self._shown = asyncio.Event()
        self._attempt: anyio.CancelScope | None = None
        self._step: QrCode | PairingCode | None = None
        self.problem = ""
        """Why the last attempt failed."""

    @property
    def is_needed(self) -> bool:
        """Whether the session waits to be linked."""
        return self._session.state in _UNLINKED

    @property
    def is_under_way(self) -> bool:
        """Whether there is a code, or will be one without anybody asking."""
        begins = self._session.state is SessionState.PAIRING and not self.problem
        return self._attempt is not None or self._asked.is_set() or begins

    @property
    def by_phone(self) -> bool:
        """Whether a code is to be typed in, and none to be scanned."""
        return self._phone is not None and self.is_under_way

    def ask(self, phone: str | None = None) -> None:
        """Begin anew; with a phone number, with a code to type in there."""
        self._phone, self._step, self.problem = phone, None, ""
        self._asked.set()
        if self._attempt is not None:
            self._attempt.cancel()

    async def code(self, *, wait: float) -> QrCode | PairingCode | None:
        """What is to be scanned or typed in; waits as long as there may be something soon."""
        with anyio.move_on_after(wait):
            while self._current() is None and self.is_needed and self.is_under_way:
                await self._shown.wait()
        return self._current()

    async def run(self) -> None:
        """Link the session whenever it is needed, until cancelled."""
        if Capability.PAIRING not in self._session.provider.capabilities:
            return
        while True:
            await self._until_needed()
            self._asked.clear()
            async with anyio.create_task_group() as tasks:
                self._attempt = tasks.cancel_scope
                tasks.start_soon(self._end_once_linked, tasks.cancel_scope)
                await self._link()
                tasks.cancel_scope.cancel()
            self._attempt = self._step = None
            if not self._asked.is_set():
                self._phone = None
            self._tell()
            if self.problem:
                await self._asked.wait()

    async def _until_needed(self) -> None:
        """A session that is new begins by itself; one that was logged out waits to be asked."""
        states = self._session.states
        while self._session.state is not SessionState.PAIRING:
            if self._asked.is_set() and self.is_needed:
                return
            await self._news(states.changes)

    async def _news(self, seen: int) -> None:
        """Wait until its state changes, or somebody asks."""
        async with anyio.create_task_group() as tasks:

            async def once(awaitable: Awaitable[object]) -> None:
                await awaitable
                tasks.cancel_scope.cancel()

            tasks.start_soon(once, self._session.states.changed(seen))
            if not self._asked.is_set():
                tasks.start_soon(once, self._asked.wait())

    async def _end_once_linked(self, attempt: anyio.CancelScope) -> None:
        """End the attempt, which may go on for a while until the login is stored."""
        states = self._session.states
        begun = states.changes
        while SessionState.READY not in {it.state for it in states.since(begun)}:
            await states.changed(states.changes)
        attempt.cancel()

    async def _link(self) -> None:
        try:
            steps = self._session.pair(phone=self._phone, timeout=_SECONDS)
            async with aclosing(steps) as found:
                async for step in found:
                    self._step = None if isinstance(step, Paired) else step
                    self._tell()
                    await self._show(step)
        except BlazzError as error:
            _log.info("%s was not linked: %s", self._session.key, error)
            self.problem = str(error)

    def _current(self) -> QrCode | PairingCode | None:
        step = self._step
        if step is None or self._session.state is not SessionState.PAIRING:
            return None
        expired = step.expires_at is not None and step.expires_at < datetime.now(UTC)
        return None if expired else step

    def _tell(self) -> None:
        self._shown.set()
        self._shown = asyncio.Event()
