"""Who: one person's identity out of the many places where an update tells of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from blazz.addresses import Group, Identity, Phone, UserId
from blazz.errors import InvalidAddress
from blazz.events.freezing import filled_then_frozen
from blazz.providers.meta_cloud.inbound.change import Change
from blazz.providers.meta_cloud.inbound.keys import digest, plain
from blazz.providers.meta_cloud.inbound.reading import Json, text


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the fields that hold a person's ids, in one kind of update."""

    phone: str
    user_id: str
    parent_user_id: str


_Identity = filled_then_frozen(Identity)

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
    get, name = item.get, None
    phone, user_id, parent = get(names.phone), get(names.user_id), get(names.parent_user_id)
    username = get("username")
    if contact is not None:
        tell = contact.get
        profile = tell("profile")
        if type(profile) is dict:
            name, username = profile.get("name"), profile.get("username") or username
        phone = phone or tell("wa_id")
        user_id = user_id or tell("user_id")
        parent = parent or tell("parent_user_id")
    try:
        return _identity(phone, user_id, parent, username, name)
    except TypeError:  # a list or an object in place of a text cannot be looked up
        return _identity.__wrapped__(phone, user_id, parent, username, name)


# People come back: a message is sent, delivered, read and answered within minutes, and identities
# are frozen. To make one takes longer than all the rest of a status.
@functools.lru_cache(maxsize=4096, typed=True)
def _identity(
    phone: object, user_id: object, parent_user_id: object, username: object, name: object
) -> Identity:
    names = {"username": username, "name": name}
    return _Identity(
        phone=to_phone(phone),
        user_id=to_user_id(user_id),
        parent_user_id=to_user_id(parent_user_id),
        username=text(names, "username"),
        name=text(names, "name"),
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
