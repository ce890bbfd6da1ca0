"""What became of a message that you sent."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from blazz.addresses import Group, Identity
from blazz.events.base import Event
from blazz.events.problems import Problem


class Status(enum.StrEnum):
    """How far a message got."""

    SENT = "sent"
    """It left WhatsApp's servers: one check mark."""
    DELIVERED = "delivered"
    """It reached the person's phone: two check marks."""
    READ = "read"
    """The person saw it: two blue check marks."""
    PLAYED = "played"
    """The person listened to the voice message: a blue microphone."""
    FAILED = "failed"
    """It will not arrive."""


_RANK = {
    Status.SENT: 0,
    Status.FAILED: 1,
    Status.DELIVERED: 2,
    Status.READ: 3,
    Status.PLAYED: 4,
}


def advance(current: Status | None, new: Status) -> Status:
    """Move a message's status up, never down, in whatever order its updates come.

    `FAILED` is final unless a delivery proves otherwise. The result depends on which statuses
    came, not on their order or number.

    Args:
        current: What is known so far; None: accepted, nothing more.
        new: What an update says.

    Example:
        >>> advance(Status.READ, Status.DELIVERED)
        <Status.READ: 'read'>
        >>> advance(Status.FAILED, Status.SENT)
        <Status.FAILED: 'failed'>
        >>> advance(Status.FAILED, Status.DELIVERED)
        <Status.DELIVERED: 'delivered'>
    """
    if current is None or _RANK[new] > _RANK[current]:
        return new
    return current


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What a message costs you, in kind; Meta's rate cards have the amounts.

    Attributes:
        category: `marketing`, `marketing_lite`, `utility`, `authentication`,
            `authentication_international`, `service`, `referral_conversion`, or one of these in a
            group (`group_marketing`, …); new ones may come.
        type: `regular` (billed), `free_customer_service` or `free_entry_point`.
        model: `PMP` (per message), or `CBP` (per conversation, before 2025-07-01).
        billable: Whether it is billed; Meta prefers `type`.
    """

    category: str | None = None
    type: str | None = None
    model: str | None = None
    billable: bool | None = None

    @property
    def free(self) -> bool:
        """Whether Meta says that it costs nothing."""
        if self.type is not None:
            return self.type != "regular"
        return self.billable is False


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledConversation:
    """The conversation that a message was billed with; since API v24.0 only free entry points.

    Attributes:
        id: Its id.
        origin: Its category, such as `service`.
        expires_at: When it ends.
    """

    id: str | None = None
    origin: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(Event):
    """A message that you sent got further; a subclass says how far.

    Updates come in any order and more than once: use `advance` to keep the furthest.

    Attributes:
        status: How far it got.
        message_id: The id of the message.
        recipient: Whom it was sent to; in a group the member that this status is about.
        group: The group that it was sent to.
        token: What you sent along with it (`biz_opaque_callback_data`).
        pricing: What it costs.
        conversation: What it was billed with.
        errors: Why it failed.
        identity_key_hash: The hash of the recipient's security code, where identity checks are on.
    """

    status: ClassVar[Status]

    message_id: str
    recipient: Identity
    group: Group | None = None
    token: str | None = None
    pricing: Pricing | None = None
    conversation: BilledConversation | None = None
    errors: tuple[Problem, ...] = ()
    identity_key_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(StatusChanged):
    """The message left WhatsApp's servers."""

    status: ClassVar[Status] = Status.SENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(StatusChanged):
    """The message reached the person's phone."""

    status: ClassVar[Status] = Status.DELIVERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(StatusChanged):
    """The person saw the message."""

    status: ClassVar[Status] = Status.READ


@dataclass(frozen=True, slots=True, kw_only=True)
class Played(StatusChanged):
    """The person listened to the voice message."""

    status: ClassVar[Status] = Status.PLAYED


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(StatusChanged):
    """The message will not arrive; `errors` say why."""

    status: ClassVar[Status] = Status.FAILED

    @property
    def code(self) -> int | None:
        """Meta's number for the first error, such as 131026."""
        return self.errors[0].code if self.errors else None
