"""Ids of WhatsApp Web: of messages, people and groups, to and from blazz's own."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any, Final

from blazz.addresses import Address, Group, Identity, Lid, Phone, UserId
from blazz.errors import InvalidAddress, InvalidValue, NotSupported

_MESSAGE: Final = re.compile(
    r"(?:true|false)_[^\s_]{1,64}@(?:c\.us|lid|g\.us|broadcast)_[0-9A-Za-z-]{1,64}"
    r"(?:_[^\s_]{1,64}@(?:c\.us|lid))?"
)


def message_id_for(token: str) -> str:
    """The last part of the id of the message that carries a token.

    The same token always gives the same id, so a message that is sent again is recognised: by the
    page that sent it, by WhatsApp, and by the recipient's phone. It looks like the ids that
    WhatsApp Web makes itself.

    Example:
        >>> message_id_for("v1.-.abc")
        '3EB06D614ED2CE59CF5A75'
    """
    return f"3EB0{blake2b(token.encode(), digest_size=9, person=b'blazz web').hexdigest().upper()}"


def last_part(message_id: str) -> str:
    """The part of a whole id that is unique: `true_6281…@c.us_3EB0…` gives `3EB0…`.

    Example:
        >>> last_part("true_120363@g.us_3EB0AA_77@lid"), last_part("3EB0AA")
        ('3EB0AA', '3EB0AA')
    """
    parts = message_id.split("_")
    return parts[2] if len(parts) > 2 else message_id


def check_message_id(field: str, value: str) -> str:
    """Check the whole id of a message, as events and receipts tell it.

    Raises:
        InvalidValue: It has another form.
    """
    if not _MESSAGE.fullmatch(value):
        raise InvalidValue(field, "a message's id such as false_6281…@c.us_3EB0…", value)
    return value


def jid(address: Address) -> str:
    """Write an address as WhatsApp Web does.

    Raises:
        NotSupported: It is a business-scoped user id, which only the Cloud API knows.

    Example:
        >>> jid(Phone("+6281234567890")), jid(Lid("77")), jid(Group("120363"))
        ('6281234567890@c.us', '77@lid', '120363@g.us')
    """
    if isinstance(address, Phone):
        return f"{address.digits}@c.us"
    if isinstance(address, UserId):
        raise NotSupported("web cannot reach a business-scoped user id; nothing was sent")
    return str(address)


def to_phone(value: object) -> Phone | None:
    """Read `6281…@c.us`; None if it is not a phone number.

    Example:
        >>> to_phone("6281234567890@c.us"), to_phone("77@lid"), to_phone(None)
        (Phone(number='+6281234567890'), None, None)
    """
    if not isinstance(value, str) or not value.endswith("@c.us"):
        return None
    try:
        return Phone(f"+{value.removesuffix('@c.us').partition(':')[0]}")
    except InvalidAddress:
        return None


def to_lid(value: object) -> Lid | None:
    """Read `…@lid`; None if it is not a LID."""
    if not isinstance(value, str) or not value.endswith("@lid"):
        return None
    try:
        return Lid(value.removesuffix("@lid").partition(":")[0])
    except InvalidAddress:
        return None


def to_group(value: object) -> Group | None:
    """Read `…@g.us`; None if it is not a group."""
    if not isinstance(value, str) or not value.endswith("@g.us"):
        return None
    try:
        return Group(value.removesuffix("@g.us"))
    except InvalidAddress:
        return None


def to_identity(value: Any) -> Identity:  # noqa: ANN401  # whatever the page told
    """Read what the page knows of a person: `{phone, lid, name}`."""
    if not isinstance(value, dict):
        return Identity()
    name = value.get("name")
    return Identity(
        phone=to_phone(value.get("phone")),
        lid=to_lid(value.get("lid")),
        name=name if isinstance(name, str) and name else None,
    )
