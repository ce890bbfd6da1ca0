"""Errors of sessions that come and go: not ready, ended, not paired."""

from __future__ import annotations

from blazz.errors.base import BlazzError
from blazz.errors.sending import ConnectionFailed, NotSent


class SessionNotReady(ConnectionFailed):
    """The session is not connected at the moment; nothing was sent.

    It connects by itself, so trying again later is right.
    """


class SessionEnded(NotSent):
    """The session has ended; nothing was sent.

    Attributes:
        state: Its state, such as `logged_out` or `banned`.
        reason: Why, one of `blazz.StateReason`.
    """

    def __init__(self, message: str | None = None, *, state: str, reason: str) -> None:
        super().__init__(message)
        self.state = state
        self.reason = reason


class PairingFailed(BlazzError):
    """No account was linked.

    Attributes:
        reason: Why: `expired` when nobody scanned a code in time, `refused` when WhatsApp gave no
            code, or one of `blazz.StateReason`.
    """

    def __init__(self, message: str | None = None, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class WrongAccount(PairingFailed):
    """Another account than the one that the session is bound to; it was logged out at once."""
