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

_SECONDS: Final = 600.0
_UNLINKED: Final = frozenset({SessionState.PAIRING, SessionState.LOGGED_OUT})
_log = logging.getLogger(__name__)


class Pairing:
    """The linking of one session, for as long as it is not linked.

    A session that waits to be linked shows codes by itself; after a logout, or when nobody has
    scanned one in time, it does so again when somebody asks.

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
        self.step: QrCode | PairingCode | None = None
        """What is to be scanned or typed in; None: nothing at the moment."""
        self.problem = ""
        """Why the last attempt failed."""

    @property
    def is_needed(self) -> bool:
        """Whether the session waits to be linked."""
        return self._session.state in _UNLINKED

    def ask(self, phone: str | None = None) -> None:
        """Begin anew; with a phone number, with a code to type in there."""
        self._phone, self.step, self.problem = phone, None, ""
        self._asked.set()
        if self._attempt is not None:
            self._attempt.cancel()

    async def code(self, *, wait: float) -> QrCode | PairingCode | None:
        """What is to be scanned or typed in; waits until there is something."""
        with anyio.move_on_after(wait):
            while self._current() is None and self.is_needed and not self.problem:
                if self._attempt is None and not self._asked.is_set():
                    self.ask()
                await self._shown.wait()
        return self._current()

    async def run(self) -> None:
        """Link the session whenever it is needed, until cancelled."""
        while True:
            await self._until_needed()
            self._asked.clear()
            with anyio.CancelScope() as self._attempt:
                await self._link()
            self._attempt = None
            self.step = None
            self._tell()
            if self.problem:
                await self._asked.wait()

    async def _until_needed(self) -> None:
        """A session that is new begins by itself; one that was logged out waits to be asked."""
        states = self._session.states
        while self._session.state is not SessionState.PAIRING:
            seen = states.changes
            if self._asked.is_set() and self.is_needed:
                return
            with anyio.move_on_after(1.0):
                await states.changed(seen)

    async def _link(self) -> None:
        phone, self._phone = self._phone, None
        try:
            steps = self._session.pair(phone=phone, timeout=_SECONDS)
            async with aclosing(steps) as found:
                async for step in found:
                    self.step = None if isinstance(step, Paired) else step
                    self._tell()
                    await self._show(step)
        except BlazzError as error:
            _log.info("%s was not linked: %s", self._session.key, error)
            self.problem = str(error)

    def _current(self) -> QrCode | PairingCode | None:
        step = self.step
        if isinstance(step, QrCode) and step.expires_at < datetime.now(UTC):
            return None
        return step

    def _tell(self) -> None:
        self._shown.set()
        self._shown = asyncio.Event()
