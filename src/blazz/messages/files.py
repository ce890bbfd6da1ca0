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
    source, field = media.source, f"{type(media).__name__}.source"
    if isinstance(source, Upload):
        return _upload_file(media, source, field)
    if not isinstance(source, Path):
        raise InvalidValue(field, "must be a Path or an Upload to be uploaded", source)
    mime_type = _type_of(source)
    size, start = _look_at(source, field)
    if mime_type is None:
        rule = "must have a known file ending, or be an Upload with its MIME type"
        raise InvalidValue(field, rule, source)
    media.check_content(mime_type, size, start)
    return MediaFile(content=source, mime_type=mime_type, filename=source.name, size=size)


def _upload_file(media: Media, upload: Upload, field: str) -> MediaFile:
    if isinstance(upload.content, bytes):
        size = len(upload.content)  # checked when the message was made
    else:
        size, start = _look_at(upload.content, field)
        media.check_content(upload.mime_type, size, start)
    return MediaFile(
        content=upload.content, mime_type=upload.mime_type, filename=upload.filename, size=size
    )


def _look_at(path: Path, field: str) -> tuple[int, bytes]:
    try:
        with path.open("rb") as file:
            return path.stat().st_size, file.read(32)
    except OSError as error:
        raise InvalidValue(field, f"cannot be read: {error.strerror}", path) from error


def _type_of(path: Path) -> str | None:
    return _TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0]
