"""A person sent a file: image, video, audio, voice, document or sticker."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.events.messages import MessageReceived


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReceived(MessageReceived):
    """A person sent a file; a subclass says of what kind.

    Attributes:
        media_id: What to download it by. It is valid for 7 days (Cloud API); None where only a
            placeholder came, as in a synchronised history.
        mime_type: Such as `image/jpeg` or `audio/ogg; codecs=opus`.
        sha256: The file's SHA-256, in base64.
        caption: What the person wrote below it.
        url: Where it can be fetched for 5 minutes with the access token, where Meta names it.
    """

    media_id: str | None = None
    mime_type: str | None = None
    sha256: str | None = None
    caption: str | None = None
    url: str | None = None

    @property
    def text(self) -> str | None:
        """The caption."""
        return self.caption


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReceived(MediaReceived):
    """A person sent a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReceived(MediaReceived):
    """A person sent a video."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioReceived(MediaReceived):
    """A person sent a sound file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceReceived(AudioReceived):
    """A person recorded a voice message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReceived(MediaReceived):
    """A person sent a document."""

    filename: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StickerReceived(MediaReceived):
    """A person sent a sticker."""

    animated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceholderReceived(MediaReceived):
    """A file of a synchronised history whose kind and content are told later."""
