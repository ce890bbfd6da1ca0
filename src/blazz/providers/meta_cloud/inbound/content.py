"""What a message says, by its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from blazz.events.freezing import filled_then_frozen
from blazz.events.media import (
    AudioReceived,
    DocumentReceived,
    ImageReceived,
    MediaReceived,
    PlaceholderReceived,
    StickerReceived,
    VideoReceived,
    VoiceReceived,
)
from blazz.events.messages import (
    ContactsReceived,
    LocationReceived,
    MessageReceived,
    OrderedItem,
    OrderReceived,
    ReactionReceived,
    TextReceived,
    UnsupportedReceived,
)
from blazz.events.replies import TemplateButtonPressed
from blazz.providers.meta_cloud.inbound.cards import card
from blazz.providers.meta_cloud.inbound.problems import problems
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    Unreadable,
    each,
    flag,
    inner,
    integer,
    number,
    required,
    storable,
    text,
)
from blazz.providers.meta_cloud.inbound.replies import interactive

Common: TypeAlias = dict[str, Any]
Read: TypeAlias = Callable[[Json, Common], MessageReceived]


_TextReceived = filled_then_frozen(TextReceived)


def received(message: Json, common: Common) -> MessageReceived:
    """Read what a message says; what cannot be read is still a message, of an unsupported kind.

    Args:
        message: An object with a `type` and a field of that name.
        common: What its event has whatever its type.
    """
    kind = message.get("type")
    if type(kind) is not str:
        kind = text(message, "type") or _named_by_content(message)
    read = CONTENT.get(kind or "")
    try:
        if read is not None:
            return read(message, common)
        reason = (
            "it names no type" if kind is None else f"messages of type {kind[:40]} are not known"
        )
    except Unreadable as error:
        reason = str(error)
    return UnsupportedReceived(
        **common,
        kind=(kind and storable(kind)) or None,
        reason=storable(reason),
        errors=problems(message),
    )


def _named_by_content(message: Json) -> str | None:
    """Tell the type of a message that names none, as Meta's example of an answer to a call does."""
    return next((name for name in CONTENT if name in message), None)


def _text(message: Json, common: Common) -> MessageReceived:
    content = message.get("text")
    body = text(content, "body") if type(content) is dict else None
    if body is None:
        raise Unreadable("text.body is missing")
    return _TextReceived(**common, body=body)


def _media(kind: type[MediaReceived], name: str) -> Read:
    def read(message: Json, common: Common) -> MessageReceived:
        return kind(**common, **_captioned(message, name))

    return read


def _captioned(message: Json, name: str) -> Common:
    return media_file(message, name) | {"caption": text(message[name], "caption")}


def media_file(message: Json, name: str) -> Common:
    """Read a file.

    Raises:
        Unreadable: There is none.
    """
    file = message.get(name)
    if type(file) is not dict or not file:
        raise Unreadable(f"{name} is missing")
    return {
        "media_id": text(file, "id"),
        "mime_type": text(file, "mime_type"),
        "sha256": text(file, "sha256"),
        "url": text(file, "url"),
    }


def _audio(message: Json, common: Common) -> MessageReceived:
    file = _captioned(message, "audio")
    kind = VoiceReceived if flag(message["audio"], "voice") else AudioReceived
    return kind(**common, **file)


def _document(message: Json, common: Common) -> MessageReceived:
    file = _captioned(message, "document")
    return DocumentReceived(**common, **file, filename=text(message["document"], "filename"))


def _sticker(message: Json, common: Common) -> MessageReceived:
    file = _captioned(message, "sticker")
    return StickerReceived(**common, **file, animated=bool(flag(message["sticker"], "animated")))


def _placeholder(_: Json, common: Common) -> MessageReceived:
    return PlaceholderReceived(**common)


def _location(message: Json, common: Common) -> MessageReceived:
    place = inner(message, "location")
    latitude, longitude = number(place, "latitude"), number(place, "longitude")
    if latitude is None or longitude is None:
        raise Unreadable("location.latitude or location.longitude is missing")
    return LocationReceived(
        **common,
        latitude=latitude,
        longitude=longitude,
        name=text(place, "name"),
        street=text(place, "address"),
        url=text(place, "url"),
    )


def _contacts(message: Json, common: Common) -> MessageReceived:
    cards = each(message, "contacts")
    if not cards:
        raise Unreadable("contacts is missing")
    origin = text(message, "origin")
    return ContactsReceived(**common, contacts=tuple(card(found, origin) for found in cards))


def _reaction(message: Json, common: Common) -> MessageReceived:
    reaction = inner(message, "reaction")
    return ReactionReceived(
        **common,
        reacted_to=required(reaction, "message_id", "reaction"),
        emoji=text(reaction, "emoji"),
    )


def _button(message: Json, common: Common) -> MessageReceived:
    button = inner(message, "button")
    title = text(button, "text")
    payload = text(button, "payload") or title
    if payload is None:
        raise Unreadable("button.payload is missing")
    return TemplateButtonPressed(**common, button_id=payload, title=title)


def _order(message: Json, common: Common) -> MessageReceived:
    order = inner(message, "order")
    items = tuple(
        OrderedItem(
            product_id=text(item, "product_retailer_id"),
            quantity=integer(item, "quantity"),
            price=number(item, "item_price"),
            currency=text(item, "currency"),
        )
        for item in each(order, "product_items")
    )
    if not items:
        raise Unreadable("order.product_items is missing")
    return OrderReceived(
        **common, items=items, catalog_id=text(order, "catalog_id"), note=text(order, "text")
    )


def _unsupported(message: Json, common: Common) -> MessageReceived:
    kind = text(inner(message, "unsupported"), "type") or text(message, "type")
    return UnsupportedReceived(**common, kind=kind, errors=problems(message))


CONTENT: Mapping[str, Read] = {
    "audio": _audio,
    "button": _button,
    "contacts": _contacts,
    "document": _document,
    "image": _media(ImageReceived, "image"),
    "interactive": interactive,
    "location": _location,
    "media_placeholder": _placeholder,
    "order": _order,
    "reaction": _reaction,
    "sticker": _sticker,
    "text": _text,
    "unknown": _unsupported,
    "unsupported": _unsupported,
    "video": _media(VideoReceived, "video"),
}
