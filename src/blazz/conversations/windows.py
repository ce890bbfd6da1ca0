"""The customer-service window: free-form messages for 24 hours after a contact wrote or called."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from blazz.errors import InvalidValue

LENGTH = timedelta(hours=24)
"""How long the window stays open after each message or call of the contact (Meta's Cloud API guide,
"Send messages"). The 72 hours after a click on an advertisement make messages free, no more."""


class WindowState(enum.StrEnum):
    """Whether a free-form message may be sent."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    """The contact never wrote while blazz listened; only the provider knows."""


class WindowPolicy(enum.StrEnum):
    """What a session does with a free-form message outside the 24-hour window."""

    KNOWN = "known"
    """Refuse it if the window is known to have closed; let the provider judge unknown contacts."""
    STRICT = "strict"
    """Refuse it unless the contact is known to have written within 24 hours."""
    OFF = "off"
    """Never refuse; the provider judges."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise InvalidValue("window", ", ".join(cls), value)


@dataclass(frozen=True, slots=True)
class Window:
    """A contact's window at one moment.

    Attributes:
        last_inbound: When the contact last wrote or called, by Meta's clock, in UTC; None: never.
        now: The moment, in UTC.

    Example:
        >>> from datetime import UTC
        >>> wrote = datetime(2026, 1, 1, 12, tzinfo=UTC)
        >>> Window(wrote, now=wrote + timedelta(hours=23)).remaining
        datetime.timedelta(seconds=3600)
        >>> Window(wrote, now=wrote + timedelta(hours=25)).state
        <WindowState.CLOSED: 'closed'>
    """

    last_inbound: datetime | None
    now: datetime

    @property
    def closes_at(self) -> datetime | None:
        """When it closes or closed, in UTC; None if the contact never wrote."""
        return None if self.last_inbound is None else self.last_inbound + LENGTH

    @property
    def state(self) -> WindowState:
        """Open, closed, or unknown."""
        if self.closes_at is None:
            return WindowState.UNKNOWN
        return WindowState.OPEN if self.now < self.closes_at else WindowState.CLOSED

    @property
    def remaining(self) -> timedelta:
        """How long it stays open; zero when it is closed or unknown."""
        if self.closes_at is None:
            return timedelta(0)
        return max(self.closes_at - self.now, timedelta(0))
