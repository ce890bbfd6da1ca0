"""Media files on disk and in memory, looked at just before they are uploaded."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from blazz.errors import InvalidValue
from blazz.messages.media import Media, Upload

# Python's own table misses some of these and follows the machine's /etc/mime.types in others.
_TYPES = {
    ".3gp": "video/3gpp",
    ".aac": "audio/aac",
    ".amr": "audio/amr",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """What a provider uploads.

    Attributes:
        content: The bytes, or the path to read them from.
        mime_type: Such as `image/png`.
        filename: A plain file name.
        size: Bytes.
    """

    content: bytes | Path
    mime_type: str
    filename: str
    size: int


def media_file(media: Media) -> MediaFile:
    """Look at the file or upload of a media message; reads the start of a file (call in a thread).

    Args:
        media: A message whose source is a `Path` or an `Upload`.

    Raises:
        InvalidValue: There is no such file, it is too large or of a type that WhatsApp does not
            take, or the source is a link or an id, which needs no upload.

    Example:
        >>> from blazz.messages import Document, Upload
        >>> media_file(Document(Upload(b"hi", "text/plain", "hi.txt"))).size
        2
    """
    source = media.source
    if isinstance(source, Upload):
        return MediaFile(
            content=source.content,
            mime_type=source.mime_type,
            filename=source.filename,
            size=len(source.content),
        )
    field = f"{type(media).__name__}.source"
    if not isinstance(source, Path):
        raise InvalidValue(field, "must be a Path or an Upload to be uploaded", source)
    try:
        with source.open("rb") as file:
            start = file.read(32)
        size = source.stat().st_size
    except OSError as error:
        raise InvalidValue(field, f"cannot be read: {error.strerror}", source) from error
    mime_type = _type_of(source)
    if mime_type is None:
        rule = "must have a known file ending, or be an Upload with its MIME type"
        raise InvalidValue(field, rule, source)
    media.check_content(mime_type, size, start)
    return MediaFile(content=source, mime_type=mime_type, filename=source.name, size=size)


def _type_of(path: Path) -> str | None:
    return _TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0]
