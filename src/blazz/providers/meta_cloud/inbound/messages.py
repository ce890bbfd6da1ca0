"""`messages`: what people send you, and notices about them."""

from __future__ import annotations

from typing import Any

from blazz.events.base import UNDATED, Event
from blazz.events.messages import (
    MessageEdited,
    MessageEvent,
    MessageRevoked,
    Referral,
    ReferredProduct,
)
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.content import received
from blazz.providers.meta_cloud.inbound.keys import plain
from blazz.providers.meta_cloud.inbound.people import (
    SENDER,
    conversation,
    group_conversation,
    identity,
    to_group,
)
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    Unreadable,
    flag,
    inner,
    moment,
    required,
    text,
)
from blazz.providers.meta_cloud.inbound.system import notice


def identify(item: Json, change: Change) -> tuple[str | None, str | None]:
    """Name a message by its id; an edit also by its time, should it keep the message's id."""
    group_id = item.get("group_id")
    if group_id:
        chat: str | None = group_conversation(group_id, change)
    else:
        chat = conversation(item, SENDER, change)
    message_id = plain(item.get("id"))
    if message_id is None:
        return None, chat
    if item.get("type") in ("edit", "revoke"):
        when = plain(item.get("timestamp"))
        return f"{item['type']}:{change.scope}:{message_id}:{when}", chat
    return f"message:{change.scope}:{message_id}", chat


def build(item: Json, update: CloudUpdate) -> Event:
    """Read a message, a change to one, or a notice about a person."""
    if item.get("type") == "system":
        return notice(item, update)
    change = update.change
    contact = change.contact(item.get("from_user_id"), item.get("from"))
    common = {
        "key": update.key,
        "at": moment(item, "timestamp") or change.time or UNDATED,
        "account": change.account,
        "raw": item,
        "message_id": required(item, "id", "messages"),
        "sender": identity(item, SENDER, contact),
    }
    if "group_id" in item:
        common["chat"] = to_group(item["group_id"])
    if contact is not None and "identity_key_hash" in contact:
        common["identity_key_hash"] = text(contact, "identity_key_hash")
    return message_event(item, common)


def message_event(item: Json, common: dict[str, Any]) -> MessageEvent:
    """Read a message or a change to one, whoever sent it.

    Raises:
        Unreadable: It is a change to a message, and does not say to which.
    """
    kind = item.get("type")
    if kind == "revoke":
        original = required(inner(item, "revoke"), "original_message_id", "revoke")
        return MessageRevoked(**_of(original, common), revocation_id=common["message_id"])
    if kind == "edit":
        return _edited(item, common)
    if "context" in item or "referral" in item:
        _add_context(item, common)
    return received(item, common)


def _add_context(item: Json, common: dict[str, Any]) -> None:
    """Add what a message answers, where it was forwarded from, and what brought it."""
    if "context" in item:
        context = inner(item, "context")
        common["reply_to"] = text(context, "id")
        author = identity(context, SENDER)
        common["reply_to_sender"] = author if author.address is not None else None
        often = bool(flag(context, "frequently_forwarded"))
        common["forwarded"] = often or bool(flag(context, "forwarded"))
        common["frequently_forwarded"] = often
        product = inner(context, "referred_product")
        if product:
            common["referred_product"] = ReferredProduct(
                catalog_id=text(product, "catalog_id"),
                product_id=text(product, "product_retailer_id"),
            )
    if "referral" in item:
        common["referral"] = _referral(inner(item, "referral"))


def _referral(referral: Json) -> Referral | None:
    if not referral:
        return None
    return Referral(
        source_url=text(referral, "source_url"),
        source_id=text(referral, "source_id"),
        source_type=text(referral, "source_type"),
        headline=text(referral, "headline"),
        body=text(referral, "body"),
        media_type=text(referral, "media_type"),
        image_url=text(referral, "image_url"),
        video_url=text(referral, "video_url"),
        thumbnail_url=text(referral, "thumbnail_url"),
        click_id=text(referral, "ctwa_clid"),
        welcome_text=text(inner(referral, "welcome_message"), "text"),
        ref=text(referral, "ref"),
    )


def _edited(item: Json, common: dict[str, Any]) -> MessageEdited:
    edit = inner(item, "edit")
    original = required(edit, "original_message_id", "edit")
    message = edit.get("message")
    if type(message) is not dict:
        raise Unreadable("edit.message is missing")
    changed = common | {"message_id": original, "raw": message}
    _add_context(message, changed)
    return MessageEdited(
        **_of(original, common),
        edit_id=common["message_id"],
        message=received(message, changed),
    )


def _of(message_id: str, common: dict[str, Any]) -> dict[str, Any]:
    """Give what every event about a message has, for another message than the update itself."""
    names = ("key", "at", "account", "raw", "sender", "chat")
    return {name: common[name] for name in names if name in common} | {"message_id": message_id}


MESSAGE = Kind(identify, build)
