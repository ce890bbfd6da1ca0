"""Messages of the page as events: received ones, and those that the account's owner wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from blazz.events.base import Event
from blazz.events.coexistence import MessageEchoed, PastMessage
from blazz.events.media import (
    AudioReceived,
    DocumentReceived,
    ImageReceived,
    MediaReceived,
    StickerReceived,
    VideoReceived,
    VoiceReceived,
)
from blazz.events.messages import (
    ContactsReceived,
    LocationReceived,
    MessageReceived,
    OrderReceived,
    TextReceived,
    UnsupportedReceived,
)
from blazz.events.polls import PollReceived
from blazz.events.replies import ButtonPressed, RowPicked
from blazz.providers.web.ids import to_group, to_identity
from blazz.providers.web.inbound.updates import Json, WebUpdate, moment
from blazz.providers.web.inbound.vcards import shared_contact

_FREQUENTLY: Final = 5
_LEVELS: Final = {-1: "ERROR", 0: "PENDING", 1: "SENT", 2: "DELIVERED", 3: "READ", 4: "PLAYED"}


def chat_of(value: Json) -> str | None:
    """Name a message's chat: the group, or whoever is on the other side, by number if known."""
    person = value.get("person") or {}
    chat = value.get("chat")
    known = person.get("phone") or person.get("lid") or chat
    return str(known) if known else None


def identify(value: Json) -> tuple[str, str | None]:
    """Name a message by its id; one that can be decrypted later comes under its own name then."""
    kind = "undecrypted" if value.get("type") == "ciphertext" else "message"
    return f"{kind}:{value['id']}", chat_of(value)


def build(value: Json, update: WebUpdate) -> Event:
    """Read a message; one that this account's owner wrote elsewhere is an echo."""
    message = received(value, update.common())
    if not value.get("fromMe"):
        return message
    return MessageEchoed(
        **update.common(),
        message_id=message.message_id,
        recipient=to_identity(value.get("person")),
        message=message,
    )


def past(value: Json, common: dict[str, Any]) -> PastMessage:
    """Read a message of the history."""
    outgoing = bool(value.get("fromMe"))
    level = value.get("ack")
    status = _LEVELS.get(level) if outgoing and isinstance(level, int) else None
    return PastMessage(message=received(value, common), outgoing=outgoing, status=status)


def received(value: Json, common: dict[str, Any]) -> MessageReceived:
    """Read what a message says, in the form of a received one."""
    often = value.get("forwardingScore") or 0
    base: dict[str, Any] = {
        **common,
        "at": moment(value.get("t")),
        "message_id": str(value["id"]),
        "sender": to_identity(value.get("author")),
        "chat": to_group(value.get("chat")),
        "reply_to": value.get("quoted"),
        "reply_to_sender": to_identity(value["quotedBy"]) if value.get("quotedBy") else None,
        "mentions": tuple(to_identity(it) for it in value.get("mentions") or ()),
        "forwarded": bool(value.get("isForwarded")) or often > 0,
        "frequently_forwarded": often >= _FREQUENTLY,
    }
    read = _KINDS.get(str(value.get("type")))
    if value.get("unreadable") is not None or read is None:
        unknown = "blazz does not know this kind of message"
        reason = str(value.get("unreadable") or unknown)
        return UnsupportedReceived(**base, kind=value.get("type"), reason=reason)
    return read(value, base)


def _text(value: Json, base: dict[str, Any]) -> MessageReceived:
    return TextReceived(**base, body=str(value.get("body") or ""))


def _media(kind: type[MediaReceived]) -> Callable[[Json, dict[str, Any]], MessageReceived]:
    def read(value: Json, base: dict[str, Any]) -> MessageReceived:
        extra: dict[str, Any] = {}
        caption, filename = value.get("caption"), value.get("filename")
        if kind is DocumentReceived:
            extra["filename"] = filename
        # WhatsApp Web puts a file's name where a caption would be.
        caption = None if caption == filename else caption
        if kind is StickerReceived:
            extra["animated"] = bool(value.get("isAnimated"))
        return kind(
            **base,
            **extra,
            media_id=base["message_id"],
            mime_type=value.get("mimetype"),
            sha256=value.get("filehash"),
            caption=caption or None,
        )

    return read


def _location(value: Json, base: dict[str, Any]) -> MessageReceived:
    name, _, street = (value.get("loc") or "").partition("\n")
    return LocationReceived(
        **base,
        latitude=float(value["lat"]),
        longitude=float(value["lng"]),
        name=name or None,
        street=street or None,
        url=value.get("url"),
    )


def _contacts(value: Json, base: dict[str, Any]) -> MessageReceived:
    cards = value.get("vcards") or [value.get("body") or ""]
    return ContactsReceived(**base, contacts=tuple(shared_contact(card) for card in cards))


def _poll(value: Json, base: dict[str, Any]) -> MessageReceived:
    return PollReceived(
        **base,
        question=str(value.get("pollName") or ""),
        choices=tuple(str(it) for it in value.get("pollOptions") or ()),
        most=int(value.get("pollSelectableOptionsCount") or 0),
    )


def _button(value: Json, base: dict[str, Any]) -> MessageReceived:
    title = value.get("body")
    return ButtonPressed(**base, button_id=str(value.get("selectedButtonId") or ""), title=title)


def _row(value: Json, base: dict[str, Any]) -> MessageReceived:
    answer = value.get("listResponse") or {}
    picked = (answer.get("singleSelectReply") or {}).get("selectedRowId")
    return RowPicked(
        **base,
        row_id=str(picked or ""),
        title=answer.get("title") or value.get("body"),
        description=answer.get("description"),
    )


def _order(value: Json, base: dict[str, Any]) -> MessageReceived:
    return OrderReceived(**base, items=(), note=value.get("body") or None)


def _hidden(value: Json, base: dict[str, Any]) -> MessageReceived:
    reason = "it was deleted" if value.get("type") == "revoked" else "it could not be decrypted yet"
    return UnsupportedReceived(**base, kind=value.get("type"), reason=reason)


_KINDS: Final[dict[str, Callable[[Json, dict[str, Any]], MessageReceived]]] = {
    "chat": _text,
    "image": _media(ImageReceived),
    "video": _media(VideoReceived),
    "gif": _media(VideoReceived),
    "ptv": _media(VideoReceived),
    "audio": _media(AudioReceived),
    "ptt": _media(VoiceReceived),
    "document": _media(DocumentReceived),
    "sticker": _media(StickerReceived),
    "location": _location,
    "vcard": _contacts,
    "multi_vcard": _contacts,
    "poll_creation": _poll,
    "buttons_response": _button,
    "template_button_reply": _button,
    "list_response": _row,
    "order": _order,
    "ciphertext": _hidden,
    "revoked": _hidden,
}
