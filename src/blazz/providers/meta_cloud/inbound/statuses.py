"""`statuses` of `messages`: what became of what you sent."""

from __future__ import annotations

import functools
from typing import Any

from blazz.addresses import Group, Identity
from blazz.events.base import UNDATED, Event
from blazz.events.statuses import (
    BilledConversation,
    Delivered,
    Failed,
    Played,
    Pricing,
    Read,
    Sent,
    StatusChanged,
)
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.keys import plain
from blazz.providers.meta_cloud.inbound.payments import payment
from blazz.providers.meta_cloud.inbound.people import (
    MEMBER,
    RECIPIENT,
    contact_of,
    conversation,
    group_conversation,
    identity,
    to_group,
)
from blazz.providers.meta_cloud.inbound.problems import problems
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    Unreadable,
    flag,
    inner,
    moment,
    required,
    text,
)

_EVENTS: dict[object, type[StatusChanged]] = {
    "sent": Sent,
    "delivered": Delivered,
    "read": Read,
    "played": Played,
    "failed": Failed,
}


def identify(item: Json, change: Change) -> tuple[str | None, str | None]:
    """Name a status by its message, its status, and in a group by the member it is about."""
    group_id = _group_id(item)
    if group_id is not None:
        chat: str | None = group_conversation(group_id, change)
        member = plain(item.get(MEMBER.user_id)) or plain(_member_phone(item)) or ""
    else:
        chat = conversation(item, RECIPIENT, change)
        member = ""
    message_id = plain(item.get("id"))
    status = item.get("status")
    if message_id is None or type(status) is not str or status not in _EVENTS or "payment" in item:
        return None, chat
    return f"status:{change.scope}:{message_id}:{status}:{member}", chat


def build(item: Json, update: CloudUpdate) -> Event:
    """Read a status.

    Raises:
        Unreadable: It names no message, or a status that is not known.
    """
    if item.get("type") == "payment" or "payment" in item:
        return payment(item, update)
    status = item.get("status")
    kind = _EVENTS.get(status) if type(status) is str else None
    if kind is None:
        raise Unreadable(f"the status {(text(item, 'status') or 'none')[:40]} is not known")
    change = update.change
    recipient, group = _recipient(item, change)
    rare: dict[str, Any] = {}
    if "recipient_identity_key_hash" in item:
        rare["identity_key_hash"] = text(item, "recipient_identity_key_hash")
    if "errors" in item:
        rare["errors"] = problems(item)
    if "biz_opaque_callback_data" in item:
        rare["token"] = text(item, "biz_opaque_callback_data")
    billed = item.get("conversation")
    price = item.get("pricing")
    if type(billed) is dict:
        rare["conversation"] = _conversation(billed)
        # The groups guide shows the price inside of the conversation.
        price = price or billed.get("pricing")
    if type(price) is dict:
        rare["pricing"] = _pricing(price)
    return kind(
        key=update.key,
        at=moment(item, "timestamp") or change.time or UNDATED,
        account=change.account,
        raw=item,
        message_id=required(item, "id", "statuses"),
        recipient=recipient,
        group=group,
        **rare,
    )


def _recipient(item: Json, change: Change) -> tuple[Identity, Group | None]:
    group_id = _group_id(item)
    if group_id is None:
        return identity(item, RECIPIENT, contact_of(item, RECIPIENT, change)), None
    member = item
    if MEMBER.phone not in item:
        member = {**item, MEMBER.phone: _member_phone(item)}
    named = member.get(MEMBER.phone) or member.get(MEMBER.user_id)
    contact = contact_of(member, MEMBER, change) if named else None
    return identity(member, MEMBER, contact), to_group(group_id)


def _group_id(item: Json) -> object:
    """Find the group that a message was sent to; None for a private chat."""
    if item.get("recipient_type") == "group":
        return item.get("group_id") or item.get("recipient_id")
    return item.get("group_id") or None


def _member_phone(item: Json) -> object:
    """Find the number of the member: the guide spells its field in two ways."""
    return item.get(MEMBER.phone) or item.get("participant_recipient_id")


def _pricing(pricing: Json) -> Pricing:
    return _price(
        text(pricing, "category"),
        text(pricing, "type"),
        text(pricing, "pricing_model"),
        flag(pricing, "billable"),
    )


# There are a few dozen prices in kind.
@functools.lru_cache(maxsize=256)
def _price(
    category: str | None, kind: str | None, model: str | None, billable: bool | None
) -> Pricing:
    # Meta writes `authentication-international` here, and with an underscore elsewhere.
    category = category and category.lower().replace("-", "_")
    return Pricing(category=category, type=kind, model=model, billable=billable)


def _conversation(billed: Json) -> BilledConversation:
    return BilledConversation(
        id=text(billed, "id"),
        origin=text(inner(billed, "origin"), "type"),
        expires_at=moment(billed, "expiration_timestamp"),
    )


STATUS = Kind(identify, build)
