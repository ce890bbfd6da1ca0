"""Who: one person's identity out of the many places where an update tells of them."""

from __future__ import annotations

import functools
from typing import NamedTuple

from blazz.addresses import Group, Identity, Phone, UserId
from blazz.errors import InvalidAddress
from blazz.providers.meta_cloud.inbound.change import Change
from blazz.providers.meta_cloud.inbound.keys import digest, plain
from blazz.providers.meta_cloud.inbound.reading import Json, text


class Names(NamedTuple):
    """The names of the fields that hold a person's ids, in one kind of update."""

    phone: str
    user_id: str
    parent_user_id: str


SENDER = Names("from", "from_user_id", "from_parent_user_id")
RECEIVER = Names("to", "to_user_id", "to_parent_user_id")
RECIPIENT = Names("recipient_id", "recipient_user_id", "recipient_parent_user_id")
MEMBER = Names(
    "recipient_participant_id",
    "recipient_participant_user_id",
    "recipient_participant_parent_user_id",
)
SELF = Names("wa_id", "user_id", "parent_user_id")


def contact_of(item: Json, names: Names, change: Change) -> Json | None:
    """Find what the change tells about the person of an update."""
    return change.contact(item.get(names.user_id), item.get(names.phone))


def identity(item: Json, names: Names, contact: Json | None = None) -> Identity:
    """Gather what is known of a person: from the update itself, and from the change's contact."""
    phone_name, user_id_name, parent_name = names
    phone, user_id, parent = item.get(phone_name), item.get(user_id_name), item.get(parent_name)
    if contact is None:
        return _identity(_id(phone), _id(user_id), _id(parent), text(item, "username"), None)
    profile = contact.get("profile")
    if type(profile) is not dict:
        profile = {}
    return _identity(
        _id(phone or contact.get("wa_id")),
        _id(user_id or contact.get("user_id")),
        _id(parent or contact.get("parent_user_id")),
        text(profile, "username") or text(contact, "username"),
        text(profile, "name"),
    )


def _id(value: object) -> str | None:
    if type(value) is str:
        return value
    return str(value) if type(value) is int else None


# People come back: a message is sent, delivered, read and answered within minutes, and identities
# are frozen. Making one anew costs more than the rest of a status together.
@functools.lru_cache(maxsize=4096)
def _identity(
    phone: str | None,
    user_id: str | None,
    parent_user_id: str | None,
    username: str | None,
    name: str | None,
) -> Identity:
    return Identity(
        phone=to_phone(phone),
        user_id=to_user_id(user_id),
        parent_user_id=to_user_id(parent_user_id),
        username=username,
        name=name,
    )


def conversation(item: Json, names: Names, change: Change) -> str | None:
    """Name the conversation with a person: by user id, which stays when the number is hidden.

    Meta tells the user id with every message and status but failed ones (since April 2026), the
    number only of people who show it. Before, it tells the number always.
    """
    user_id = plain(item.get(names.user_id))
    if user_id is None:
        phone = item.get(names.phone)
        contact = change.contact(None, phone) or {}
        user_id = plain(contact.get("user_id")) or plain(phone) or plain(contact.get("wa_id"))
        if user_id is None:
            return None if phone is None else f"{change.scope}:{digest(phone)}"
    return f"{change.scope}:{user_id}"


def group_conversation(group_id: object, change: Change) -> str:
    """Name the conversation of a group."""
    return f"{change.scope}:{plain(group_id) or digest(group_id)}"


def to_phone(value: object) -> Phone | None:
    """Read a WhatsApp id, which is a number without its plus sign."""
    if type(value) is not str:
        if type(value) is not int:
            return None
        value = str(value)
    try:
        return Phone(value if value.startswith("+") else f"+{value}") if value else None
    except InvalidAddress:
        return None


def to_user_id(value: object) -> UserId | None:
    """Read a business-scoped user id."""
    try:
        return UserId(value) if type(value) is str and value else None
    except InvalidAddress:
        return None


def to_group(value: object) -> Group | None:
    """Read the id of a group."""
    if type(value) is not str:
        return None
    try:
        return Group(value.removesuffix("@g.us"))
    except InvalidAddress:
        return None
