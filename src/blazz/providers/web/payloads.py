"""Messages as what the page is asked to send; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from blazz.errors import NotSupported
from blazz.messages.base import Message
from blazz.messages.contacts import Contacts
from blazz.messages.location import Location
from blazz.messages.media import (
    Audio,
    Document,
    Image,
    Media,
    MediaId,
    Sticker,
    Video,
    Voice,
)
from blazz.messages.poll import Poll
from blazz.messages.reaction import Reaction
from blazz.messages.text import Text
from blazz.providers.base import Capability
from blazz.providers.web.ids import check_message_id
from blazz.providers.web.inbound.vcards import written

SENDABLE: Final = frozenset(
    {
        Capability.TEXT,
        Capability.IMAGE,
        Capability.VIDEO,
        Capability.AUDIO,
        Capability.VOICE,
        Capability.DOCUMENT,
        Capability.STICKER,
        Capability.LOCATION,
        Capability.CONTACTS,
        Capability.POLL,
        Capability.REACTION,
        Capability.VIEW_ONCE,
        Capability.GIF,
    }
)
"""The kinds of messages that WhatsApp Web sends, and what is special about some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What the page is asked to send.

    Attributes:
        kind: Which of the page's functions sends it.
        content: What it says.
        media: The file that goes with it; it is handed over before.
    """

    kind: str
    content: Mapping[str, Any] = field(default_factory=dict)
    media: Media | None = None


def payload(message: Message) -> Payload:
    """Make what the page is asked for.

    Raises:
        NotSupported: WhatsApp Web cannot send it.
        InvalidValue: A reaction names a message by something that is no id of WhatsApp Web.

    Example:
        >>> payload(Text("Halo")).content
        {'body': 'Halo', 'preview': True}
    """
    for kind, make in _MAKERS.items():
        if isinstance(message, kind):
            return make(message)
    raise NotSupported(f"web cannot send {type(message).__name__}; nothing was sent")


def _text(message: Text) -> Payload:
    content = {"body": message.body, "preview": message.preview_url}
    return Payload(kind="text", content=content)


def _media(kind: str) -> Callable[[Any], Payload]:
    def make(message: Media) -> Payload:
        if isinstance(message.source, MediaId):
            raise NotSupported(
                "web keeps no uploads, so media cannot be sent by id: give the file; nothing was"
                " sent"
            )
        caption = getattr(message, "caption", None)
        content = {
            "kind": kind,
            "voice": isinstance(message, Voice),
            "caption": caption,
            "filename": getattr(message, "filename", None),
            "viewOnce": getattr(message, "view_once", False),
            "gif": getattr(message, "gif", False),
        }
        return Payload(kind="media", content=content, media=message)

    return make


def _location(message: Location) -> Payload:
    content = {
        "lat": message.latitude,
        "lng": message.longitude,
        "name": message.name,
        "address": message.address,
    }
    return Payload(kind="location", content=content)


def _contacts(message: Contacts) -> Payload:
    cards = [{"name": card.name.formatted, "vcard": written(card)} for card in message.cards]
    return Payload(kind="contacts", content={"cards": cards})


def _poll(message: Poll) -> Payload:
    content = {
        "question": message.question,
        "choices": list(message.choices),
        "most": message.most,
    }
    return Payload(kind="poll", content=content)


def _reaction(message: Reaction) -> Payload:
    target = check_message_id("Reaction.message_id", message.message_id)
    return Payload(kind="reaction", content={"message": target, "emoji": message.emoji})


_MAKERS: Final[Mapping[type[Message], Callable[[Any], Payload]]] = {
    Text: _text,
    Image: _media("image"),
    Video: _media("video"),
    Voice: _media("audio"),
    Audio: _media("audio"),
    Document: _media("document"),
    Sticker: _media("sticker"),
    Location: _location,
    Contacts: _contacts,
    Poll: _poll,
    Reaction: _reaction,
}
