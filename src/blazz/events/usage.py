"""What is to be paid for: one event for each billed message."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.addresses import Identity
from blazz.events.base import Event
from blazz.events.freezing import filled_then_frozen
from blazz.events.statuses import Status, StatusChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageBilled(Event):
    """A message was delivered that Meta bills.

    Attributes:
        message_id: The id of the message.
        recipient: Whom it was sent to.
        category: What the rate depends on, such as `marketing`; see `Pricing.category`.
        type: `regular`, where it is told.
        model: `PMP` (per message) or `CBP` (per conversation).
        country: The recipient's country (ISO 3166), which the rate depends on, too.
        token: What you sent along with the message.
    """

    message_id: str
    recipient: Identity
    category: str | None = None
    type: str | None = None
    model: str | None = None
    country: str | None = None
    token: str | None = None


_MessageBilled = filled_then_frozen(MessageBilled)
# A tuple: it finds a status without the hash of an enumeration, which is computed in Python.
_ARRIVED = (Status.READ, Status.DELIVERED, Status.PLAYED)


def billed(event: StatusChanged, key: str | None = None) -> MessageBilled | None:
    """Tell what is to be paid for a status update; None if nothing, or not yet.

    Meta bills delivered messages and names the price with the delivery or the reading, whichever
    it counts.

    Args:
        event: The status update.
        key: The key of the result; by default that of the status update.
    """
    pricing, recipient = event.pricing, event.recipient
    if pricing is None or pricing.free or event.status not in _ARRIVED:
        return None
    user_id = recipient.user_id
    return _MessageBilled(
        key=key or event.key,
        at=event.at,
        account=event.account,
        raw=event.raw,
        message_id=event.message_id,
        recipient=recipient,
        category=pricing.category,
        type=pricing.type,
        model=pricing.model,
        country=_country(recipient) if user_id is None else user_id.region,
        token=event.token,
    )


def _country(person: Identity) -> str | None:
    return person.phone.region if person.phone is not None else None
