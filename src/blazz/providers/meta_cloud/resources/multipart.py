"""A form with one file, sent piece by piece (RFC 7578)."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio

from blazz.errors import InvalidValue

_PIECE: Final = 64 * 1024
_MIME_TYPE: Final = re.compile(
    r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=[\w.+\"-]+)*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class FileForm:
    """A form whose last field is a file; iterating it gives its pieces, each time from the start.

    Attributes:
        content: The file's bytes, or its path.
        size: Bytes of the whole form.
        boundary: What separates its fields; random, so that no content can contain it.
    """

    content: bytes | Path
    size: int
    boundary: str
    head: bytes
    tail: bytes

    @classmethod
    def of(
        cls,
        content: bytes | Path,
        *,
        mime_type: str,
        filename: str | None,
        fields: Mapping[str, str],
        largest: int,
    ) -> FileForm:
        """Make a form; looks at the file's size, so call it in a thread.

        Raises:
            InvalidValue: The file is empty, too large or cannot be read, or a name is wrong.
        """
        name = filename or (content.name if isinstance(content, Path) else "file")
        if not _MIME_TYPE.fullmatch(mime_type):
            raise InvalidValue("mime_type", "must be a MIME type such as image/png", mime_type)
        length = _length(content)
        if not 0 < length <= largest:
            raise InvalidValue("content", f"must have 1 to {largest} bytes", length)
        boundary = secrets.token_hex(16)
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in fields.items()
        )
        head += (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{_escaped(name)}"\r\n'
            f"Content-Type: {mime_type}\r\n\r\n"
        )
        start, end = head.encode(), f"\r\n--{boundary}--\r\n".encode()
        return cls(content, len(start) + length + len(end), boundary, start, end)

    @property
    def content_type(self) -> str:
        """The value of the request's `Content-Type`."""
        return f"multipart/form-data; boundary={self.boundary}"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.head
        if isinstance(self.content, bytes):
            for start in range(0, len(self.content), _PIECE):
                yield self.content[start : start + _PIECE]
        else:
            async with await anyio.open_file(self.content, "rb") as file:
                while piece := await file.read(_PIECE):
                    yield piece
        yield self.tail


def _length(content: bytes | Path) -> int:
    if isinstance(content, bytes):
        return len(content)
    try:
        return content.stat().st_size
    except OSError as error:
        raise InvalidValue("content", f"cannot be read: {error.strerror}", content) from error


def _escaped(filename: str) -> str:
    """As browsers do it: a name cannot end its own quotes or the header."""
    return filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
