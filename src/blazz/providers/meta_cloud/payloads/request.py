"""A whole request: whom it goes to, what it carries, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from pydantic_core import to_json

from blazz.addresses import Address, Group, Lid, Phone, UserId
from blazz.errors import InvalidAddress, NotSupported
from blazz.messages import (
    Audio,
    Buttons,
    CallToAction,
    Contacts,
    Document,
    Image,
    List,
    Location,
    Message,
    Reaction,
    Sticker,
    Template,
    Text,
    Video,
    Voice,
)
from blazz.messages.base import check_text
from blazz.providers.meta_cloud.payloads import contacts, interactive, media, plain, template

Json: TypeAlias = dict[str, Any]

LONGEST_TOKEN: Final = 512
"""Characters of `biz_opaque_callback_data` (Meta's changelog; it was 256 before)."""

# What a message becomes: the `type` of the request, and the object of that name in it.
_CONTENT: Final[dict[type[Message], tuple[str, Callable[[Any], object]]]] = {
    Text: ("text", plain.text),
    Image: ("image", media.captioned),
    Video: ("video", media.captioned),
    Audio: ("audio", media.bare),
    Voice: ("audio", media.voice),
    Document: ("document", media.document),
    Sticker: ("sticker", media.bare),
    Location: ("location", plain.location),
    Contacts: ("contacts", contacts.contacts),
    Reaction: ("reaction", plain.reaction),
    Buttons: ("interactive", interactive.buttons),
    List: ("interactive", interactive.choices),
    CallToAction: ("interactive", interactive.call_to_action),
    Template: ("template", template.template),
}
# Groups take text, media and templates (Meta, "Groups API", November 2025).
_FOR_GROUPS: Final = frozenset({Text, Image, Video, Audio, Voice, Document, Sticker, Template})


def message_body(to: Address, message: Message, *, token: str, reply_to: str | None = None) -> Json:
    """Build the body that sends a message.

    Args:
        to: A phone number, a user id (BSUID) or a group.
        message: Its media must be links or ids; see `unresolved_media`.
        token: Comes back in every status of the message, up to 512 characters.
        reply_to: The id of the message that it quotes.

    Raises:
        NotSupported: The Cloud API has no such message, or cannot send it to such an address.
        InvalidValue: Media is not uploaded yet, or the token is empty or too long.
        InvalidAddress: `to` is not an address.

    Example:
        >>> from blazz.messages import Text
        >>> body = message_body(Phone("+6281234567890"), Text("Halo"), token="t1")
        >>> body["to"], body["type"], body["text"]["body"]
        ('6281234567890', 'text', 'Halo')
    """
    content = _CONTENT.get(type(message))
    if content is None:
        raise NotSupported(f"the Cloud API has no message such as {type(message).__name__}")
    check_text("token", token, longest=LONGEST_TOKEN)
    kind, build = content
    body = _envelope(to, message)
    if reply_to is not None:
        check_text("reply_to", reply_to)
        body["context"] = {"message_id": reply_to}
    body["type"] = kind
    body[kind] = build(message)
    body["biz_opaque_callback_data"] = token
    return body


def json_body(to: Address, message: Message, *, token: str, reply_to: str | None = None) -> bytes:
    """Build the body and write it as compact JSON; takes what `message_body` takes.

    Example:
        >>> from blazz.messages import Reaction
        >>> json_body(Phone("+6281234567890"), Reaction("wamid.1", ""), token="t1")[:40]
        b'{"messaging_product":"whatsapp","recipie'
    """
    return to_json(message_body(to, message, token=token, reply_to=reply_to))


def mark_read_body(message_id: str, *, typing: bool = False) -> Json:
    """Build the body that shows a received message as read.

    Args:
        message_id: The id of the received message.
        typing: Also show that an answer is coming, until it comes or for 25 seconds.

    Example:
        >>> mark_read_body("wamid.1")["status"]
        'read'
    """
    check_text("message_id", message_id)
    body: Json = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
    if typing:
        body["typing_indicator"] = {"type": "text"}
    return body


def _envelope(to: Address, message: Message) -> Json:
    if isinstance(to, Phone):
        return {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to.digits,
        }
    if isinstance(to, UserId):
        return {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "recipient": to.value,
        }
    if isinstance(to, Group):
        if type(message) not in _FOR_GROUPS:
            raise NotSupported(
                f"the Cloud API sends no {type(message).__name__} to a group, "
                "only text, media and templates"
            )
        return {"messaging_product": "whatsapp", "recipient_type": "group", "to": to.value}
    if isinstance(to, Lid):
        raise NotSupported(f"the Cloud API cannot send to {to}: it knows phones, user ids, groups")
    raise InvalidAddress("to", "must be a Phone, UserId or Group", to)
