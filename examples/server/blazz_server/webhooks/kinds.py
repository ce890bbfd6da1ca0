"""What subscribers can be told of, and as what each of them is told."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from typing import Final


class Kind(enum.StrEnum):
    """The events by name.

    They are those of the live events but `session.qr`: a code is worth nothing by the time that it
    is tried again.
    """

    MESSAGE_RECEIVED = "message.received"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_REVOKED = "message.revoked"
    MESSAGE_STATUS = "message.status"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_READ = "message.read"
    CHAT_TYPING = "chat.typing"
    CONTACT_PRESENCE = "contact.presence"
    SESSION_STATUS = "session.status"
    ACCOUNT_STATUS = "account.status"
    TEMPLATE_STATUS = "template.status"
    CAMPAIGN_PROGRESS = "campaign.progress"
    PAYMENT_STATUS = "payment.status"


DESCRIPTIONS: Final = {
    Kind.MESSAGE_RECEIVED: "somebody wrote",
    Kind.MESSAGE_EDITED: "somebody changed what they wrote",
    Kind.MESSAGE_REVOKED: "somebody deleted what they wrote",
    Kind.MESSAGE_STATUS: "a message of yours got further, whatever it is",
    Kind.MESSAGE_DELIVERED: "a message of yours reached the phone",
    Kind.MESSAGE_READ: "a message of yours was read",
    Kind.CHAT_TYPING: "somebody writes or records, or stopped",
    Kind.CONTACT_PRESENCE: "somebody came online or went",
    Kind.SESSION_STATUS: "a session came into another state",
    Kind.ACCOUNT_STATUS: "Meta changed something about the account or the number",
    Kind.TEMPLATE_STATUS: "a template was approved, paused or refused",
    Kind.CAMPAIGN_PROGRESS: "a campaign began, was paused, went on, or ended",
    Kind.PAYMENT_STATUS: "a payment got further",
}
TEST: Final = "webhook.test"
_KNOWN: Final = frozenset(Kind)
_FLEETING: Final = frozenset({Kind.CHAT_TYPING, Kind.CONTACT_PRESENCE})


def told_as(names: Sequence[str], wanted: Collection[str]) -> str | None:
    """As what somebody is told of an event: at most once, by the most general name wanted.

    Args:
        names: The names that the event goes by, the most general first.
        wanted: The names subscribed to; empty: all but those of passing things, which must be
            named.

    Example:
        >>> told_as(["message.status", "message.read"], ["message.read"])
        'message.read'
        >>> told_as(["message.status", "message.read"], [])
        'message.status'
        >>> told_as(["chat.typing"], []) is None
        True
    """
    if wanted:
        return next((name for name in names if name in wanted), None)
    return next((name for name in names if name in _KNOWN - _FLEETING), None)
