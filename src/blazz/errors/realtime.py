"""Errors of live events."""

from __future__ import annotations

from blazz.errors.base import BlazzError


class RealtimeError(BlazzError):
    """Live events cannot be published or followed."""


class BacklogLost(RealtimeError):
    """What followed this cursor is no longer kept; read the current state, then follow anew.

    Attributes:
        cursor: The cursor that was asked for.
    """

    def __init__(self, message: str | None = None, *, cursor: str) -> None:
        super().__init__(message)
        self.cursor = cursor


class BusUnavailable(RealtimeError):
    """The bus's server cannot be reached, or its answer was lost."""
