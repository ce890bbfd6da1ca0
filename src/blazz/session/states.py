"""Where a session stands, how it came to that, and who waits for it to change."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import anyio

from blazz.errors import SessionEnded, Timeout
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.providers.lifecycle import ENDED

_KEPT: Final = 64
"""How many of the last changes are kept; a session goes through a few in a minute at most."""


def _unheard(_state: SessionState, _reason: StateReason) -> None:
    """Nobody wants to know."""


class StateWatch:
    """Follows the states of a session; a provider without states is ready while it is open.

    Either way each change is a `SessionStateChanged`: who follows need not know the provider.

    Args:
        tell: Is told of each state.
    """

    def __init__(self, tell: Callable[[SessionState, StateReason], object] = _unheard) -> None:
        self._tell = tell
        self.state: SessionState = SessionState.STOPPED
        self.reason: StateReason = StateReason.CLOSED
        self.detail: str | None = None
        self.changes: int = 0
        """How often the state has changed: nothing is missed by who counts."""
        self._recent: deque[SessionStateChanged] = deque(maxlen=_KEPT)
        self._told = False
        self._changed = asyncio.Event()

    def entered(self, change: SessionStateChanged) -> None:
        """Take note of a state that the provider tells."""
        self._told = True
        self._enter(change)

    def opened(self) -> None:
        """Take note that the provider has connected."""
        if not self._told:
            # Its start took no time that it told of.
            self._enter(self._change(SessionState.STARTING, StateReason.OPENED))
            self._enter(self._change(SessionState.READY, StateReason.CONNECTED))

    def closed(self) -> None:
        """Take note that the session was closed."""
        if self.state is not SessionState.STOPPED:
            self._enter(self._change(SessionState.STOPPED, StateReason.CLOSED))

    def lost(self) -> None:
        """Take note that another process owns the session."""
        if self.state is not SessionState.STOPPED:
            self._enter(self._change(SessionState.STOPPED, StateReason.OWNERSHIP_LOST))

    async def changed(self, since: int) -> int:
        """Wait until there have been more changes than so many; give how many."""
        while self.changes <= since:
            await self._changed.wait()
        return self.changes

    def since(self, count: int) -> list[SessionStateChanged]:
        """The changes that came after so many, the oldest first; of very many, the last 64.

        Example:
            >>> watch = StateWatch()
            >>> watch.opened()
            >>> seen = watch.changes
            >>> watch.closed()
            >>> [(str(it.previous), str(it.state)) for it in watch.since(seen)]
            [('ready', 'stopped')]
        """
        new = max(0, self.changes - max(0, count))
        return [*self._recent][-new:] if new else []

    async def wait_ready(self, timeout: float | None) -> None:
        """Wait until it can send; see `Session.wait_ready`."""
        with anyio.move_on_after(timeout):
            while self.state is not SessionState.READY and self.state not in ENDED:
                await self._changed.wait()
        if self.state in ENDED:
            more = f": {self.detail}" if self.detail else ""
            raise SessionEnded(
                f"the session is {self.state} ({self.reason}{more})",
                state=self.state,
                reason=self.reason,
            )
        if self.state is not SessionState.READY:
            raise Timeout(f"the session is {self.state} after {timeout:g} s, not ready")

    def _change(self, state: SessionState, reason: StateReason) -> SessionStateChanged:
        return SessionStateChanged(
            key=f"state:{secrets.token_hex(12)}",
            at=datetime.now(UTC),
            state=state,
            previous=self.state,
            reason=reason,
        )

    def _enter(self, change: SessionStateChanged) -> None:
        self.state, self.reason, self.detail = change.state, change.reason, change.detail
        self.changes += 1
        self._recent.append(change)
        self._tell(change.state, change.reason)
        self._changed.set()
        self._changed = asyncio.Event()
