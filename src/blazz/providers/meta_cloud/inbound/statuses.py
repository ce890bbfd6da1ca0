"""`statuses` of `messages`: what became of what you sent."""

from __future__ import annotations

import functools
from collections.abc import Callable

from blazz.addresses import Identity
from blazz.events.base import UNDATED, Event
from blazz.events.freezing import filled_then_frozen
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

_KEY_HASH = "recipient_identity_key_hash"

_EVENTS: dict[object, Callable[..., StatusChanged]] = {
    kind.status.value: filled_then_frozen(kind) for kind in (Sent, Delivered, Read, Played, Failed)
}


def identify(item: Json, change: Change) -> tuple[str | None, str | None]:
    """Name a status by its message, its status, and in a group by the member it is about."""
    get, member = item.get, ""
    if "recipient_type" in item or "group_id" in item:
        member = plain(get(MEMBER.user_id)) or plain(_member_phone(item)) or ""
        chat = _chat(item, change)
    elif user_id := plain(get("recipient_user_id")):  # as `conversation` has it, without the call
        chat = f"{change.scope}:{user_id}"
    else:
        chat = conversation(item, RECIPIENT, change)
    message_id, status = plain(get("id")), get("status")
    if message_id is None or type(status) is not str or status not in _EVENTS or "payment" in item:
        return None, chat
    return f"status:{change.scope}:{message_id}:{status}:{member}", chat


def build(item: Json, update: CloudUpdate) -> Event:
    """Read a status.

    Raises:
        Unreadable: It names no message, or a status that is not known.
    """
    if "payment" in item:
        return payment(item, update)
    status = item.get("status")
    kind = _EVENTS.get(status) if type(status) is str else None
    if kind is None:
        raise Unreadable(f"the status {(text(item, 'status') or 'none')[:40]} is not known")
    change, get = update.change, item.get
    group = None
    if "recipient_type" in item or "group_id" in item:
        group = to_group(_group_id(item))
        recipient = _member(item, change)
    else:
        contact = change.contact(get("recipient_user_id"), get("recipient_id"))
        recipient = identity(item, RECIPIENT, contact)
    pricing, billed = get("pricing"), get("conversation")
    if pricing is None and type(billed) is dict:
        pricing = billed.get("pricing")  # where the groups guide shows it
    return kind(
        key=update.key,
        at=moment(item, "timestamp") or change.time or UNDATED,
        account=change.account,
        raw=item,
        message_id=required(item, "id", "statuses"),
        recipient=recipient,
        group=group,
        token=text(item, "biz_opaque_callback_data"),
        pricing=_pricing(pricing) if pricing else None,
        conversation=_conversation(billed) if billed else None,
        errors=problems(item) if "errors" in item else (),
        identity_key_hash=text(item, _KEY_HASH) if _KEY_HASH in item else None,
    )


def _chat(item: Json, change: Change) -> str | None:
    group_id = _group_id(item)
    if group_id is None:
        return conversation(item, RECIPIENT, change)
    return group_conversation(group_id, change)


def _group_id(item: Json) -> object:
    """Find the group that a message was sent to; None for a private chat."""
    if item.get("recipient_type") == "group":
        return item.get("group_id") or item.get("recipient_id")
    return item.get("group_id")


def _member(item: Json, change: Change) -> Identity:
    """Tell which member of a group a status is about; nobody, if it is about the group."""
    if _group_id(item) is None:
        return identity(item, RECIPIENT, contact_of(item, RECIPIENT, change))
    member = {**item, MEMBER.phone: _member_phone(item)}
    named = member[MEMBER.phone] or member.get(MEMBER.user_id)
    return identity(member, MEMBER, contact_of(member, MEMBER, change) if named else None)


def _member_phone(item: Json) -> object:
    """Find the number of the member: the guide spells its field in two ways."""
    return item.get(MEMBER.phone) or item.get("participant_recipient_id")


def _pricing(pricing: object) -> Pricing | None:
    if type(pricing) is not dict or not pricing:
        return None
    get = pricing.get
    category, kind, model = get("category"), get("type"), get("pricing_model")
    try:
        return _price(category, kind, model, get("billable"))
    except TypeError:  # a list or an object in place of a text cannot be looked up
        return _price.__wrapped__(category, kind, model, get("billable"))


# There are a few dozen prices in kind.
@functools.lru_cache(maxsize=256, typed=True)
def _price(category: object, kind: object, model: object, billable: object) -> Pricing:
    parts: Json = {"category": category, "type": kind, "model": model, "billable": billable}
    name = text(parts, "category")
    return Pricing(
        # Meta writes `authentication-international` here, and with an underscore elsewhere.
        category=name and name.lower().replace("-", "_"),
        type=text(parts, "type"),
        model=text(parts, "model"),
        billable=flag(parts, "billable"),
    )


def _conversation(billed: object) -> BilledConversation | None:
    if type(billed) is not dict or not billed:
        return None
    return BilledConversation(
        id=text(billed, "id"),
        origin=text(inner(billed, "origin"), "type"),
        expires_at=moment(billed, "expiration_timestamp"),
    )


STATUS = Kind(identify, build)
