"""The content of a message: text, media, location, contacts, reaction."""

from __future__ import annotations

from typing import Final

from blazz.sandbox.identifiers import is_message_id
from blazz.sandbox.validation.fields import (
    JsonObject,
    get_choice,
    get_link,
    get_number,
    get_object,
    get_objects,
    get_optional_text,
    get_text,
    invalid,
    missing,
    parameter,
)

TEXT_LIMIT: Final = 4096
CAPTION_LIMIT: Final = 1024
_CONTACTS_LIMIT: Final = 257


def check_text(body: JsonObject) -> None:
    """Check `text`: a body of at most 4,096 characters."""
    text = get_object(body, "text", "text")
    get_text(text, "body", "text['body']", longest=TEXT_LIMIT)
    preview = text.get("preview_url")
    if preview is not None and not isinstance(preview, bool | str):
        raise parameter("text['preview_url']", "must be a boolean")


def check_image(body: JsonObject) -> None:
    """Check `image`."""
    _check_media(body, "image", caption=True)


def check_video(body: JsonObject) -> None:
    """Check `video`."""
    _check_media(body, "video", caption=True)


def check_document(body: JsonObject) -> None:
    """Check `document`, which may have a file name."""
    document = _check_media(body, "document", caption=True)
    get_optional_text(document, "filename", "document['filename']", longest=240)


def check_audio(body: JsonObject) -> None:
    """Check `audio`, which has no caption."""
    audio = _check_media(body, "audio", caption=False)
    if audio.get("voice") is not None and not isinstance(audio["voice"], bool):
        raise parameter("audio['voice']", "must be a boolean")


def check_sticker(body: JsonObject) -> None:
    """Check `sticker`, which has no caption."""
    _check_media(body, "sticker", caption=False)


def check_location(body: JsonObject) -> None:
    """Check `location`."""
    location = get_object(body, "location", "location")
    get_number(location, "latitude", "location['latitude']", least=-90, most=90)
    get_number(location, "longitude", "location['longitude']", least=-180, most=180)
    get_optional_text(location, "name", "location['name']", longest=1000)
    get_optional_text(location, "address", "location['address']", longest=1000)


def check_contacts(body: JsonObject) -> None:
    """Check `contacts`: each needs a formatted name and one other part of it."""
    cards = get_objects(body, "contacts", "contacts", most=_CONTACTS_LIMIT)
    for index, card in enumerate(cards):
        path = f"contacts[{index}]['name']"
        name = get_object(card, "name", path)
        get_text(name, "formatted_name", f"{path}['formatted_name']", longest=1000)
        parts = ("first_name", "last_name", "middle_name", "suffix", "prefix")
        if not any(name.get(part) for part in parts):
            raise missing(f"{path}: at least one of {', '.join(parts)}")
        for key in ("phones", "emails", "urls", "addresses"):
            if card.get(key) is not None:
                get_objects(card, key, f"contacts[{index}]['{key}']", least=0, most=100)


def check_reaction(body: JsonObject) -> None:
    """Check `reaction`: an emoji, or an empty text that removes it."""
    reaction = get_object(body, "reaction", "reaction")
    target = get_text(reaction, "message_id", "reaction['message_id']", longest=256)
    if not is_message_id(target):
        raise invalid("reaction['message_id'] is not a valid message id")
    emoji = get_text(reaction, "emoji", "reaction['emoji']", longest=32, shortest=0)
    if emoji.isascii() and any(character.isalnum() for character in emoji):
        raise invalid("reaction['emoji'] is not an emoji")


def check_pin(body: JsonObject) -> None:
    """Check `pin` (groups)."""
    pin = get_object(body, "pin", "pin")
    get_choice(pin, "type", "pin['type']", {"pin", "unpin"})
    get_text(pin, "message_id", "pin['message_id']", longest=256)


def check_media_object(media: JsonObject, path: str) -> None:
    """Check that media is named by an id or by a link."""
    if media.get("id") is None and media.get("link") is None:
        raise missing(f"{path}['id'] or {path}['link']")
    if media.get("id") is not None:
        get_text(media, "id", f"{path}['id']", longest=256)
    else:
        get_link(media, "link", f"{path}['link']")


def _check_media(body: JsonObject, kind: str, *, caption: bool) -> JsonObject:
    media = get_object(body, kind, kind)
    check_media_object(media, kind)
    if media.get("caption") is not None and not caption:
        raise parameter(f"{kind}['caption']", f"is not allowed for type {kind}")
    get_optional_text(media, "caption", f"{kind}['caption']", longest=CAPTION_LIMIT)
    return media
