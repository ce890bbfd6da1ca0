"""Images, videos, sounds, documents and stickers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from blazz.messages import (
    Audio,
    Document,
    Image,
    MediaId,
    Message,
    Sticker,
    Upload,
    Video,
    Voice,
)
from blazz_server.chats.kinds.base import Kind, Link, MediaName, Sources

Caption = Annotated[str, Field(min_length=1, max_length=1024)]
Filename = Annotated[
    str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f\x7f]+$", examples=["a.pdf"])
]


class FileMessage(Kind):
    """A message with a file: named by `link`, or by the `media_id` that an upload gave."""

    link: Link | None = None
    media_id: MediaName | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.link is None) == (self.media_id is None):
            raise ValueError("give either link or media_id")
        return self

    def media_ids(self) -> tuple[str, ...]:
        """The file, if it is named by its id."""
        return () if self.media_id is None else (self.media_id,)

    def links(self) -> tuple[str, ...]:
        """The file, if it is named by its link."""
        return () if self.link is None else (self.link,)

    def source(self, sources: Sources) -> str | MediaId | Upload:
        """Where its content is."""
        if self.link is not None:
            return sources.get(self.link, self.link)
        assert self.media_id is not None  # checked above
        return sources.get(self.media_id) or MediaId(self.media_id)


class ImageMessage(FileMessage):
    """A JPEG or PNG image of up to 5 MB."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"type": "image", "link": "https://example.com/cat.jpg", "caption": "A cat"}
            ]
        }
    )
    type: Literal["image"]
    caption: Caption | None = None

    def value(self, sources: Sources) -> Image:
        """Make the image."""
        return Image(self.source(sources), caption=self.caption)


class VideoMessage(FileMessage):
    """An MP4 or 3GP video of up to 16 MB."""

    type: Literal["video"]
    caption: Caption | None = None

    def value(self, sources: Sources) -> Video:
        """Make the video."""
        return Video(self.source(sources), caption=self.caption)


class AudioMessage(FileMessage):
    """A sound file of up to 16 MB: AAC, AMR, MP3, M4A or OGG."""

    type: Literal["audio"]

    def value(self, sources: Sources) -> Message:
        """Make the sound."""
        return Audio(self.source(sources))


class VoiceMessage(FileMessage):
    """A voice note: OGG with the Opus codec, mono, up to 16 MB."""

    type: Literal["voice"]

    def value(self, sources: Sources) -> Message:
        """Make the voice note."""
        return Voice(self.source(sources))


class DocumentMessage(FileMessage):
    """A file of up to 100 MB."""

    type: Literal["document"]
    caption: Caption | None = None
    filename: Filename | None = None

    def value(self, sources: Sources) -> Document:
        """Make the document."""
        return Document(self.source(sources), caption=self.caption, filename=self.filename)


class StickerMessage(FileMessage):
    """A WebP sticker of up to 100 KB, or 500 KB if it is animated."""

    type: Literal["sticker"]

    def value(self, sources: Sources) -> Message:
        """Make the sticker."""
        return Sticker(self.source(sources))
