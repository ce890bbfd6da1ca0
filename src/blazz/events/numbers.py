"""Your phone number: its limit, its name, its PIN, its username."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberEvent(Event):
    """Something about one of your phone numbers.

    Attributes:
        phone_number: The number, as it is displayed.
    """

    phone_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberQualityChanged(NumberEvent):
    """The number may send more, or less.

    Attributes:
        change: `ONBOARDING`, `THROUGHPUT_UPGRADE` (1,000 messages a second), ….
        messaging_limit: How many people may be written to first in 24 hours: `TIER_2K`,
            `TIER_UNLIMITED`, ….
        previous_limit: The limit before.
    """

    change: str
    messaging_limit: str | None = None
    previous_limit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberNameReviewed(NumberEvent):
    """The number's display name was reviewed.

    Attributes:
        decision: `APPROVED`, `REJECTED`, `PENDING` or `DEFERRED`.
        name: The name that was reviewed.
        rejection_reason: Why it was rejected, such as `NAME_NOT_CONSISTENT`.
    """

    decision: str
    name: str | None = None
    rejection_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityChanged(NumberEvent):
    """Somebody touched the number's two-step verification: expect it, or look into it.

    Attributes:
        change: `PIN_CHANGED`, `PIN_RESET_REQUEST` or `PIN_REQUEST_SUCCESS`.
        requester: The Meta Business Suite user who asked for the reset.
    """

    change: str
    requester: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsernameChanged(NumberEvent):
    """The number's username was given, reserved or taken away.

    Attributes:
        status: `approved`, `reserved` or `deleted`.
        username: The username; None when it was taken away.
        context: `revoked` when Meta took the username away, or put another one in its place.
    """

    status: str
    username: str | None = None
    context: str | None = None
