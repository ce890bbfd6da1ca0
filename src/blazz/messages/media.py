"""Images, videos, audio, voice notes, documents and stickers, and where their content comes from.

Sizes and types are those of the Cloud API (Meta, "Media", December 2025); a megabyte is 1024 * 1024
bytes here. They are checked when an `Upload` is given; a `Path` is checked when it is read
(`blazz.messages.files`), and a link is fetched by WhatsApp, which checks it itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeAlias

from blazz.errors import InvalidValue
from blazz.messages.base import (
    URL,
    Message,
    check_kind,
    check_link,
    check_optional,
    check_pattern,
    check_text,
    check_unicode,
)

_KILOBYTE = 1024
_MEGABYTE = 1024 * _KILOBYTE
_MEDIA_ID = re.compile(r"[A-Za-z0-9_.:-]{1,256}")
_MIME_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=[\w.+\"-]+)*", re.ASCII)
_FILENAME = re.compile(r"(?!\.{1,2}$)[^/\\\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class MediaId:
    """Media that the provider already has: the id that an upload or a received message gave."""

    value: str

    def __post_init__(self) -> None:
        rule = "at most 256 letters, digits or _.:-"
        check_pattern("MediaId.value", self.value, _MEDIA_ID, rule)


@dataclass(frozen=True, slots=True)
class Upload:
    """Content whose type and name are given, which is uploaded when the message is sent.

    Attributes:
        content: The file's bytes, or the path of a file whose name does not tell them; it is read,
            and checked, when the message is sent.
        mime_type: Such as `image/png`.
        filename: A plain file name, without folders.

    Example:
        >>> Upload(b"...", "application/pdf", "invoice.pdf").filename
        'invoice.pdf'
    """

    content: bytes | Path = field(repr=False)
    mime_type: str
    filename: str

    def __post_init__(self) -> None:
        check_kind("Upload.content", self.content, bytes, Path)
        if isinstance(self.content, Path):
            check_unicode("Upload.content", str(self.content))
        elif not self.content:
            raise InvalidValue("Upload.content", "must not be empty", self.content)
        rule = "must be a MIME type such as image/png"
        check_pattern("Upload.mime_type", self.mime_type, _MIME_TYPE, rule)
        check_filename("Upload.filename", self.filename)


Source: TypeAlias = str | MediaId | Path | Upload
"""Where media comes from: a link, an id, a file or content in memory."""


@dataclass(frozen=True, slots=True)
class Media(Message):
    """What all media messages share.

    Attributes:
        source: An `https://` or `http://` link, a `MediaId`, a `pathlib.Path` or an `Upload`.
        largest: The most bytes that WhatsApp takes.
        mime_types: The types that WhatsApp takes; empty where it takes any.

    Raises:
        InvalidValue: The source is none of these, or an upload is too large or of another type.
    """

    largest: ClassVar[int]
    mime_types: ClassVar[frozenset[str]] = frozenset()
    source: Source = field(metadata=URL)

    def __post_init__(self) -> None:
        name = f"{type(self).__name__}.source"
        if isinstance(self.source, str):
            if "://" not in self.source and self.source[:1] not in ("", "{"):
                rule = "must be a link that starts with https:// or http://; give a file as a Path"
                raise InvalidValue(name, rule, self.source)
            check_link(name, self.source)
        elif isinstance(self.source, Upload):
            content = self.source.content
            if isinstance(content, bytes):
                self.check_content(self.source.mime_type, len(content), content[:32])
        elif isinstance(self.source, Path):
            check_unicode(name, str(self.source))
        else:
            check_kind(name, self.source, str, MediaId, Path, Upload)

    @property
    def needs(self) -> tuple[str, ...]:
        """`upload_media`, too, if it was uploaded before; and what is special about it."""
        special = ("view_once", "gif")
        wanted = (name for name in special if getattr(self, name, False))
        uploaded = ("upload_media",) if isinstance(self.source, MediaId) else ()
        return (self.capability, *uploaded, *wanted)

    @classmethod
    def check_content(cls, mime_type: str, size: int, start: bytes) -> None:
        """Check what is about to be uploaded.

        Args:
            mime_type: Its type.
            size: Bytes.
            start: Its first 32 bytes, which show whether a sticker is animated.

        Raises:
            InvalidValue: WhatsApp does not take it as this kind of media.
        """
        name = f"{cls.__name__}.source"
        kind = mime_type.partition(";")[0].strip().lower()
        if cls.mime_types and kind not in cls.mime_types:
            raise InvalidValue(name, f"must be {_listed(cls.mime_types)}", mime_type)
        largest = cls.largest_for(start)
        if size > largest:
            raise InvalidValue(name, f"at most {largest} bytes, this has {size}", size)
        if size == 0:
            raise InvalidValue(name, "must not be empty", size)

    @classmethod
    def largest_for(cls, start: bytes) -> int:  # noqa: ARG003 - a sticker looks at it
        """The most bytes that content with this start may have."""
        return cls.largest


@dataclass(frozen=True, slots=True)
class Image(Media):
    """A JPEG or PNG image of up to 5 MB, with a caption of up to 1024 characters.

    Attributes:
        caption: Shown below it.
        view_once: It can be opened once, and is gone then (WhatsApp Web alone sends such).

    Example:
        >>> Image("https://example.com/cat.jpg", caption="A cat").caption
        'A cat'
    """

    capability: ClassVar[str] = "image"
    largest: ClassVar[int] = 5 * _MEGABYTE
    mime_types: ClassVar[frozenset[str]] = frozenset({"image/jpeg", "image/png"})
    caption: str | None = None
    view_once: bool = False

    def __post_init__(self) -> None:
        Media.__post_init__(self)
        check_optional("Image.caption", self.caption, longest=1024)
        check_kind("Image.view_once", self.view_once, bool)


@dataclass(frozen=True, slots=True)
class Video(Media):
    """An MP4 or 3GP video (H.264, AAC) of up to 16 MB, with a caption of up to 1024 characters.

    Attributes:
        caption: Shown below it.
        view_once: It can be opened once, and is gone then (WhatsApp Web alone sends such).
        gif: It plays by itself, again and again and without sound (WhatsApp Web alone).

    Example:
        >>> Video("https://example.com/wave.mp4", gif=True).needs
        ('video', 'gif')
    """

    capability: ClassVar[str] = "video"
    largest: ClassVar[int] = 16 * _MEGABYTE
    mime_types: ClassVar[frozenset[str]] = frozenset({"video/mp4", "video/3gpp"})
    caption: str | None = None
    view_once: bool = False
    gif: bool = False

    def __post_init__(self) -> None:
        Media.__post_init__(self)
        check_optional("Video.caption", self.caption, longest=1024)
        check_kind("Video.view_once", self.view_once, bool)
        check_kind("Video.gif", self.gif, bool)


@dataclass(frozen=True, slots=True)
class Audio(Media):
    """A sound file of up to 16 MB: AAC, AMR, MP3, M4A or OGG with the Opus codec.

    Example:
        >>> Audio(Path("jingle.mp3")).source.name
        'jingle.mp3'
    """

    capability: ClassVar[str] = "audio"
    largest: ClassVar[int] = 16 * _MEGABYTE
    mime_types: ClassVar[frozenset[str]] = frozenset(
        {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}
    )


@dataclass(frozen=True, slots=True)
class Voice(Media):
    """A voice note: OGG with the Opus codec, mono, up to 16 MB.

    It shows the sender's picture and can be played at once; up to 512 KB it needs no tap to load.

    Attributes:
        view_once: It can be listened to once, and is gone then (WhatsApp Web alone sends such).

    Example:
        >>> Voice(Path("answer.ogg"), view_once=True).view_once
        True
    """

    capability: ClassVar[str] = "voice"
    largest: ClassVar[int] = 16 * _MEGABYTE
    mime_types: ClassVar[frozenset[str]] = frozenset({"audio/ogg"})
    view_once: bool = False

    def __post_init__(self) -> None:
        Media.__post_init__(self)
        check_kind("Voice.view_once", self.view_once, bool)


@dataclass(frozen=True, slots=True)
class Document(Media):
    """A file of any type and up to 100 MB, with a caption of up to 1024 characters.

    The Cloud API takes text, PDF and office files; WhatsApp Web takes any file.

    Attributes:
        caption: Shown below the file.
        filename: The name that the recipient sees; without it, that of the path or upload.

    Example:
        >>> Document("https://example.com/files/4711", filename="Invoice.pdf").filename
        'Invoice.pdf'
    """

    capability: ClassVar[str] = "document"
    largest: ClassVar[int] = 100 * _MEGABYTE
    caption: str | None = None
    filename: str | None = None

    def __post_init__(self) -> None:
        Media.__post_init__(self)
        check_optional("Document.caption", self.caption, longest=1024)
        if self.filename is not None:
            check_filename("Document.filename", self.filename)


@dataclass(frozen=True, slots=True)
class Sticker(Media):
    """A WebP sticker of 512 x 512 pixels: up to 100 KB, or 500 KB if it is animated.

    Example:
        >>> Sticker(MediaId("1234567890")).source
        MediaId(value='1234567890')
    """

    capability: ClassVar[str] = "sticker"
    largest: ClassVar[int] = 500 * _KILOBYTE
    mime_types: ClassVar[frozenset[str]] = frozenset({"image/webp"})

    @classmethod
    def largest_for(cls, start: bytes) -> int:
        """500 KB for an animated sticker, 100 KB for a still one.

        A WebP file is animated when its VP8X chunk says so (bit 2 of its flags, RFC 9649).
        """
        extended = start[:4] == b"RIFF" and start[8:16] == b"WEBPVP8X"
        animated = extended and len(start) > 20 and bool(start[20] & 0x02)
        return cls.largest if animated else 100 * _KILOBYTE


def check_filename(field_name: str, value: str) -> None:
    """Check that a file name names a file only, not a place.

    Raises:
        InvalidValue: It is empty, has a folder in it, or control characters.
    """
    check_text(field_name, value, longest=255)
    rule = "must be a plain file name, without folders and control characters"
    check_pattern(field_name, value, _FILENAME, rule)


def _listed(names: frozenset[str]) -> str:
    return " or ".join(sorted(names))
