"""Where a session stands, and who waits for it to change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio

from blazz.errors import SessionEnded, Timeout
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.providers.lifecycle import ENDED


def _unheard(_state: SessionState, _reason: StateReason) -> None:
    """Nobody wants to know."""


class StateWatch:
    """Follows the states of a session; a provider without states is ready while it is open.

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
        self._told = False
        self._changed = asyncio.Event()

    def entered(self, change: SessionStateChanged) -> None:
        """Take note of a state that the provider tells."""
        self._told = True
        self._enter(change.state, change.reason, change.detail)

    def opened(self) -> None:
        """Take note that the provider has connected."""
        if not self._told:
            self._enter(SessionState.READY, StateReason.CONNECTED, None)

    def closed(self) -> None:
        """Take note that the session was closed."""
        if self.state is not SessionState.STOPPED:
            self._enter(SessionState.STOPPED, StateReason.CLOSED, None)

    def lost(self) -> None:
        """Take note that another process owns the session."""
        if self.state is not SessionState.STOPPED:
            self._enter(SessionState.STOPPED, StateReason.OWNERSHIP_LOST, None)

    async def changed(self, since: int) -> int:
        """Wait until there have been more changes than so many; give how many."""
        while self.changes <= since:
            await self._changed.wait()
        return self.changes

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

    def _enter(self, state: SessionState, reason: StateReason, detail: str | None) -> None:
        self.state, self.reason, self.detail = state, reason, detail
        self.changes += 1
        self._tell(state, reason)
        self._changed.set()
        self._changed = asyncio.Event()
