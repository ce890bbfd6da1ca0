"""Media objects, and what must be uploaded before they can be built."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, TypeVar, cast

from blazz.errors import InvalidValue, NotSupported
from blazz.messages import (
    Document,
    Image,
    Media,
    MediaId,
    Message,
    Upload,
    Video,
    Voice,
)

M = TypeVar("M", bound=Message)

_UNKNOWN = ("view_once", "gif")


def unresolved_media(message: Message) -> Media | None:
    """The media in a message, itself or its header, that must be uploaded first; None if none.

    `blazz.messages.files.media_file` tells what to upload.

    Example:
        >>> from blazz.messages import Audio
        >>> unresolved_media(Audio(Path("song.mp3"))).source.name
        'song.mp3'
        >>> unresolved_media(Audio("https://example.com/song.mp3"))
    """
    media = _media_of(message)
    return media if media is not None and isinstance(media.source, (Path, Upload)) else None


def with_media(message: M, media_id: MediaId) -> M:
    """The same message with its media, or that of its header, replaced by what was uploaded.

    A document keeps the name of its file.

    Raises:
        InvalidValue: The message has no media.
    """
    media = _media_of(message)
    if media is None:
        raise InvalidValue("message", "must have media, itself or in its header", message)
    changes: dict[str, Any] = {"source": media_id}
    if isinstance(media, Document) and media.filename is None:
        if isinstance(media.source, Path):
            changes["filename"] = media.source.name
        elif isinstance(media.source, Upload):
            changes["filename"] = media.source.filename
    resolved = dataclasses.replace(media, **changes)
    if media is message:
        return cast("M", resolved)
    return cast("M", dataclasses.replace(cast("Any", message), header=resolved))


def captioned(message: Image | Video) -> dict[str, Any]:
    """The `image` or `video` object."""
    body = bare(message)
    if message.caption is not None:
        body["caption"] = message.caption
    return body


def document(message: Document) -> dict[str, Any]:
    """The `document` object."""
    body = bare(message)
    if message.caption is not None:
        body["caption"] = message.caption
    if message.filename is not None:
        body["filename"] = message.filename
    return body


def voice(message: Voice) -> dict[str, Any]:
    """The `audio` object of a voice note."""
    return {**bare(message), "voice": True}


def bare(message: Media) -> dict[str, Any]:
    """A media object with nothing but its source.

    Raises:
        InvalidValue: The content is not uploaded yet, or the link has an unfilled placeholder.
        NotSupported: It is to be opened once only, or is a GIF.
    """
    if special := [name for name in _UNKNOWN if getattr(message, name, False)]:
        kind = type(message).__name__
        raise NotSupported(f"the Cloud API has no {kind} with {' and '.join(special)}")
    source = message.source
    if isinstance(source, MediaId):
        return {"id": source.value}
    field = f"{type(message).__name__}.source"
    if not isinstance(source, str):
        raise InvalidValue(field, "must be uploaded first; only links and ids are sent", source)
    return {"link": filled_in(field, source)}


def filled_in(field: str, link: str) -> str:
    """A link, unless it is a placeholder that was meant for a campaign.

    Raises:
        InvalidValue: It is one.
    """
    if link.startswith("{"):
        raise InvalidValue(field, "must be a link; its placeholder is not filled in", link)
    return link


def header(media: Image | Video | Document) -> dict[str, Any]:
    """The header or parameter of a media kind, in interactive messages and templates."""
    if isinstance(media, Document):
        return {"type": "document", "document": document(media)}
    return {"type": media.capability, media.capability: bare(media)}


def _media_of(message: Message) -> Media | None:
    media = message if isinstance(message, Media) else getattr(message, "header", None)
    return media if isinstance(media, Media) else None
