"""Messages and chats as a messenger shows them; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from blazz_server.chats.requests import ChatOut, MessageOut
from blazz_server.dashboard.wording import words

_FILES: Final = frozenset({"image", "video", "audio", "voice", "document", "sticker", "file"})
_SIGNS: Final = {
    "image": "📷 Picture",
    "video": "🎥 Video",
    "audio": "🎵 Audio",
    "voice": "🎤 Voice message",
    "document": "📄 Document",
    "sticker": "🏷 Sticker",
    "location": "📍 Place",
    "contacts": "👤 Contact",
    "poll": "📊 Poll",
    "template": "📋 Template",
    "campaign": "📣 Campaign",
    "revoked": "This message was deleted",
}
_STATUSES: Final = {"sending": "pending", "accepted": "sent", "unknown": "pending"}
_LONGEST_SUMMARY: Final = 140


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the map, in degrees."""

    latitude: float
    longitude: float
    name: str


@dataclass(frozen=True, slots=True)
class Card:
    """A contact card."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that another one answers."""

    id: str
    outgoing: bool
    author: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message of a chat.

    Attributes:
        id: WhatsApp's id, or ours while it has none.
        kind: What it is.
        outgoing: Whether we sent it.
        side: Who sent it: bubbles of one side that follow each other belong together.
        author: Their name.
        show_author: Whether the chat has more than two people.
        text: What it says.
        at: When, in UTC.
        status: How far it got, if we sent it.
        error: Why it failed.
        media: Where its file is.
        file_name: What the file is called.
        mime_type: What the file is.
        place: The place that it shows.
        people: The contact cards in it.
        offers: What can be tapped.
        reactions: The emoji that people put on it.
        quoted: What it answers.
        revoked: It was deleted.
        edited: It was changed.
        summary: What it says, in a line.
    """

    id: str
    kind: str
    outgoing: bool
    side: str
    author: str
    show_author: bool
    text: str
    at: datetime
    status: str
    error: str | None = None
    media: str | None = None
    file_name: str | None = None
    mime_type: str | None = None
    place: Place | None = None
    people: list[Card] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    reactions: list[str] = field(default_factory=list)
    quoted: Quote | None = None
    revoked: bool = False
    edited: bool = False
    summary: str = ""


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One chat of the list."""

    id: str
    name: str
    at: datetime
    last: str
    outgoing: bool
    unread: int


def chat_line(chat: ChatOut) -> ChatLine:
    """Show a chat in the list."""
    last = chat.last_text or _SIGNS.get(chat.last_kind or "", words(chat.last_kind or ""))
    outgoing = chat.last_direction == "out"
    return ChatLine(
        chat.chat,
        chat.name or chat.chat,
        chat.last_at,
        " ".join(last.split())[:_LONGEST_SUMMARY],
        outgoing,
        chat.unread,
    )


def bubbles(messages: Sequence[MessageOut], *, files: str, name: str) -> list[Bubble]:
    """Show messages.

    Args:
        messages: By time, the oldest first.
        files: The path that files are below.
        name: What the other side is called.
    """
    made: dict[str, Bubble] = {}
    for message in messages:
        made[message.message_id or message.id] = _bubble(message, made, files=files, name=name)
    return list(made.values())


def _bubble(message: MessageOut, before: Mapping[str, Bubble], *, files: str, name: str) -> Bubble:
    content, kind = message.content, message.kind
    outgoing, group = message.direction == "out", message.chat.endswith("@g.us")
    author = "" if outgoing else message.sender_name or (message.sender if group else None) or name
    media_id = _text(content, "media_id")
    place = _place(content)
    text = message.text or _text_of(content)
    if place is not None and text == place.name:
        text = ""
    return Bubble(
        id=message.message_id or message.id,
        kind="document" if kind == "file" else kind,
        outgoing=outgoing,
        side="" if outgoing else message.sender or name,
        author=author,
        show_author=group,
        text=text,
        at=message.at,
        status=_STATUSES.get(message.status, message.status),
        error=_error(message) if outgoing else None,
        # A file by link is not loaded: whoever has it there would see who looks at this chat.
        media=f"{files}/{quote(media_id, safe='')}" if media_id else None,
        file_name=_text(content, "filename") or None,
        mime_type=_text(content, "mime_type") or None,
        place=place,
        people=_people(content) if kind == "contacts" else [],
        offers=_offers(content),
        reactions=[it for it in message.reactions.values() if isinstance(it, str)],
        quoted=_quote(before.get(message.reply_to or "")),
        revoked=message.revoked_at is not None,
        edited=message.edited_at is not None,
        summary=_summary(kind, text or (place.name if place else "")),
    )


# Content is what others sent: nothing about its form is taken for granted below.


def _text(value: object, key: str) -> str:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def _list(value: object, key: str) -> list[object]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []


def _text_of(content: Mapping[str, Any]) -> str:
    """What a message says that has no text of its own."""
    found = (_text(content, key) for key in ("body", "caption", "title", "question"))
    name = _text(content, "name") if content.get("type") == "template" else ""
    return next(filter(None, found), name)


def _error(message: MessageOut) -> str | None:
    if message.status == "unknown":
        return "It is not known yet whether this was sent."
    if message.status != "failed":
        return None
    problem = message.problem
    detail = problem.detail if problem is not None and problem.detail else "It was not delivered."
    return f"{detail} ({problem.code})" if problem is not None and problem.code else detail


def _place(content: Mapping[str, Any]) -> Place | None:
    if content.get("type") != "location":
        return None
    try:
        latitude, longitude = float(content["latitude"]), float(content["longitude"])
    except (KeyError, OverflowError, TypeError, ValueError):
        return None
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    return Place(latitude, longitude, str(content.get("name") or ""))


def _people(content: Mapping[str, Any]) -> list[Card]:
    found = []
    for card in _list(content, "contacts"):
        whole = card.get("name") if isinstance(card, Mapping) else None
        phones = [_text(it, "number") for it in _list(card, "phones")]
        name = _text(card, "name") or _text(whole, "formatted")
        found.append(Card(name, next(filter(None, phones), "")))
    return found


def _offers(content: Mapping[str, Any]) -> list[str]:
    """The buttons below a message."""
    kind = content.get("type")
    if kind == "list":
        return [_text(content, "button") or "Menu"]
    if kind == "call_to_action":
        return [_text(content, "text") or _text(content, "url")]
    titles = [_text(it, "title") for it in _list(content, "buttons")]
    return [it for it in (*titles, *_list(content, "choices")) if isinstance(it, str) and it]


def _quote(quoted: Bubble | None) -> Quote | None:
    if quoted is None:
        return None
    text = "This message was deleted" if quoted.revoked else quoted.summary
    return Quote(quoted.id, quoted.outgoing, quoted.author, text)


def _summary(kind: str, text: str) -> str:
    sign = _SIGNS.get(kind, "" if text else words(kind))
    line = " ".join(text.split())
    if kind in _FILES or (sign and not line):
        line = f"{sign.split()[0]} {line}" if line and sign else line or sign
    return line if len(line) <= _LONGEST_SUMMARY else f"{line[:_LONGEST_SUMMARY]}…"
