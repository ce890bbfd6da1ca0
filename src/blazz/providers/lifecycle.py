"""The life of a session as a pure state machine: what happened, where it leads, what to do.

It knows nothing of browsers, sockets or clocks: a provider tells it what happened, and gets the
next state, the reason, and whether to start again and after which pause. The rules:

* Nothing transient ends a session: lost connections, crashes and pages that fail lead to another
  try, after a pause that grows and is random.
* An end has a reason and is final until the session is started again: logged out, banned, outdated,
  taken over, stopped. Whatever is reported after an end is an echo and changes nothing.
* A login that vanished is never taken for a first pairing: whoever was ready before is logged out.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from blazz.errors import InvalidValue
from blazz.events.sessions import SessionState, StateReason

ENDED: Final = frozenset(
    {
        SessionState.LOGGED_OUT,
        SessionState.BANNED,
        SessionState.OUTDATED,
        SessionState.STOPPED,
    }
)
"""The states in which nothing runs any more."""


class Signal(enum.Enum):
    """What a provider can report."""

    STARTED = "started"
    """It was asked to start."""
    UNLINKED = "unlinked"
    """No account is linked: a code to scan is shown."""
    LINKED = "linked"
    """An account is linked; the connection does not stand yet."""
    CONNECTED = "connected"
    """It can send and receive."""
    DISCONNECTED = "disconnected"
    """The connection broke; it is being mended from within."""
    BROKE = "broke"
    """What it runs in is gone, hangs, or has to go: it has to be started again."""
    LOGGED_OUT = "logged_out"
    """The login ended."""
    BANNED = "banned"
    """The account is locked."""
    OUTDATED = "outdated"
    """This version is no longer let in, or no longer works."""
    STOPPED = "stopped"
    """It was stopped, or taken over by another."""


_S = SessionState
_ANYWHERE: Final[Mapping[Signal, SessionState]] = {
    Signal.LOGGED_OUT: _S.LOGGED_OUT,
    Signal.BANNED: _S.BANNED,
    Signal.OUTDATED: _S.OUTDATED,
    Signal.STOPPED: _S.STOPPED,
}
"""What ends a session, wherever it stands."""

_NEXT: Final[Mapping[SessionState, Mapping[Signal, SessionState]]] = {
    _S.STARTING: {
        Signal.UNLINKED: _S.PAIRING,
        Signal.LINKED: _S.CONNECTING,
        Signal.CONNECTED: _S.READY,
        Signal.BROKE: _S.STARTING,
    },
    _S.PAIRING: {
        Signal.LINKED: _S.CONNECTING,
        Signal.CONNECTED: _S.READY,
        Signal.BROKE: _S.STARTING,
    },
    _S.CONNECTING: {
        Signal.UNLINKED: _S.LOGGED_OUT,
        Signal.CONNECTED: _S.READY,
        Signal.BROKE: _S.RECONNECTING,
    },
    _S.READY: {
        Signal.UNLINKED: _S.LOGGED_OUT,
        Signal.DISCONNECTED: _S.RECONNECTING,
        Signal.BROKE: _S.RECONNECTING,
    },
    _S.RECONNECTING: {
        Signal.UNLINKED: _S.LOGGED_OUT,
        Signal.CONNECTED: _S.READY,
        Signal.BROKE: _S.RECONNECTING,
    },
}
"""What follows from what; a signal that is not listed changes nothing."""

_USUAL: Final[Mapping[Signal, StateReason]] = {
    Signal.STARTED: StateReason.OPENED,
    Signal.UNLINKED: StateReason.NOT_LINKED,
    Signal.LINKED: StateReason.LINKED,
    Signal.CONNECTED: StateReason.CONNECTED,
    Signal.DISCONNECTED: StateReason.CONNECTION_LOST,
    Signal.BROKE: StateReason.BROWSER_CRASHED,
    Signal.LOGGED_OUT: StateReason.LOGGED_OUT_BY_WHATSAPP,
    Signal.BANNED: StateReason.ACCOUNT_LOCKED,
    Signal.OUTDATED: StateReason.CLIENT_OUTDATED,
    Signal.STOPPED: StateReason.CLOSED,
}
"""The reason that a signal stands for, unless another one is told with it."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Where a session stands.

    Attributes:
        state: Its state.
        reason: Why.
        detail: More about the reason in words.
        failures: How often it broke since it was last ready.

    Example:
        >>> life = Lifecycle().after(Signal.STARTED).after(Signal.CONNECTED)
        >>> life.state, life.after(Signal.BROKE).state
        (<SessionState.READY: 'ready'>, <SessionState.RECONNECTING: 'reconnecting'>)
    """

    state: SessionState = SessionState.STOPPED
    reason: StateReason = StateReason.CLOSED
    detail: str | None = None
    failures: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing runs any more; only `STARTED` changes that."""
        return self.state in ENDED

    def after(
        self, signal: Signal, reason: StateReason | None = None, detail: str | None = None
    ) -> Lifecycle:
        """Where it stands after something happened; itself if that changes nothing.

        Args:
            signal: What happened.
            reason: Why, where it is not the usual reason.
            detail: More about it in words.
        """
        if signal is Signal.STARTED:
            return self._started() if self.ended else self
        if self.ended:
            # The first reason is the true one; but whoever closes an ended session has closed it.
            closes = signal is Signal.STOPPED and self.state is not SessionState.STOPPED
            return self._entered(SessionState.STOPPED, signal, reason, detail) if closes else self
        state = _ANYWHERE.get(signal) or _NEXT[self.state].get(signal)
        if state is None:
            return self
        if signal is Signal.UNLINKED and state is SessionState.LOGGED_OUT:
            reason = reason or StateReason.LOGIN_LOST
        return self._entered(state, signal, reason, detail)

    def _started(self) -> Lifecycle:
        return Lifecycle(SessionState.STARTING, StateReason.OPENED)

    def _entered(
        self, state: SessionState, signal: Signal, reason: StateReason | None, detail: str | None
    ) -> Lifecycle:
        failures = self.failures + (signal is Signal.BROKE)
        if state is SessionState.READY:
            failures = 0
        return replace(
            self,
            state=state,
            reason=reason or _USUAL[signal],
            detail=detail,
            failures=failures,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Pauses between tries: they double, up to a limit.

    They are random, so that many sessions that broke together do not come back together.

    Attributes:
        first: The longest that the first pause may be, in seconds.
        longest: The longest that any pause may be, in seconds.
        at_once: How many tries come without a pause: most crashes are single ones.

    Raises:
        InvalidValue: A pause is not positive, or the limit is below the first one.

    Example:
        >>> [Backoff().pause(failures, chance=1.0) for failures in (1, 2, 3, 4, 20)]
        [0.0, 1.0, 2.0, 4.0, 60.0]
    """

    first: float = 1.0
    longest: float = 60.0
    at_once: int = 1

    def __post_init__(self) -> None:
        if not self.first > 0:
            raise InvalidValue("Backoff.first", "more than 0 seconds", self.first)
        if not self.longest >= self.first:
            raise InvalidValue("Backoff.longest", f"at least {self.first} seconds", self.longest)
        if self.at_once < 0:
            raise InvalidValue("Backoff.at_once", "0 or more tries", self.at_once)

    def pause(self, failures: int, *, chance: float) -> float:
        """Seconds to wait before the next try: from half of the full pause to all of it.

        Args:
            failures: How often it failed in a row, from 1.
            chance: A random number from 0 to 1.
        """
        doublings = failures - self.at_once - 1
        if doublings < 0:
            return 0.0
        full = min(self.longest, self.first * 2.0 ** min(doublings, 64))
        return full * (0.5 + 0.5 * chance)
