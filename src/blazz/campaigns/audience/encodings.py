"""Finds out which encoding a text file is in, in constant memory.

A file that is neither UTF-8 nor UTF-16 is taken for Windows-1252 (which Latin-1 text is, too) only
if nothing speaks against it. Otherwise names would reach people garbled, so it is refused and the
user is asked to say what it is.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from blazz.errors import AudienceError

_PIECE = 1 << 18
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What Windows-1252 text does not have: bytes without a meaning; four accents in a row, which is
# another script; what reads as a UTF-8 letter, which is a file glued together from two encodings.
_NOT_WESTERN = re.compile(
    rb"[\x81\x8d\x8f\x90\x9d]|[\x80-\xff]{4}|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
)
_LETTERS = re.compile(rb"[\xc0-\xff]")
_SIGNS = re.compile(rb"[\x80-\xbf]")


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at a whole file found.

    Attributes:
        encoding: The name of its encoding, as Python knows it; byte-order marks are skipped by it.
        digest: The SHA-256 of its bytes, in hexadecimal.
    """

    encoding: str
    digest: str


def scan(file: BinaryIO, *, name: str, encoding: str | None = None) -> Scan:
    """Read a file to its end; it must be seekable.

    Args:
        file: The file.
        name: What to call it in errors.
        encoding: What the user says it is; None: find out.

    Raises:
        AudienceError: It is empty, not text, or its encoding cannot be told.

    Example:
        >>> import io
        >>> scan(io.BytesIO("téléphone".encode("latin-1")), name="a.csv").encoding
        'cp1252'
    """
    head = file.read(4096)
    if not head:
        raise AudienceError(f"{name}: the file is empty")
    likely = encoding or _by_mark(head) or _by_zeros(head)
    digest, failure = _decode(file, likely or "utf-8", name)
    if failure is None:
        return Scan(likely or "utf-8", digest)
    if likely is None and _is_western(file):
        return Scan("cp1252", digest)
    if likely is None:
        raise AudienceError(
            f"{name}: it is neither UTF-8 (see byte {failure}) nor clearly Western European;"
            " say what it is, such as encoding='cp1251', or save it as UTF-8"
        )
    raise AudienceError(
        f"{name}: it is not {likely}: byte {failure} cannot be read; save it as UTF-8"
    )


def _by_mark(head: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)


def _by_zeros(head: bytes) -> str | None:
    """UTF-16 without a byte-order mark: every other byte of a Western header is zero."""
    pairs = len(head) // 2
    if not pairs:
        return None
    if head[1::2].count(0) > pairs * 0.6 > pairs * 0.1 >= head[0::2].count(0):
        return "utf-16-le"
    if head[0::2].count(0) > pairs * 0.6 > pairs * 0.1 >= head[1::2].count(0):
        return "utf-16-be"
    return None


def _decode(file: BinaryIO, encoding: str, name: str) -> tuple[str, int | None]:
    """Decode a whole file; give its digest, and about which byte could not be read, or None."""
    try:
        # Some codecs make bytes of bytes, and some of those unpack far more than they were given;
        # `str.encode` knows only those that are for text.
        "".encode(encoding)
        decoder = codecs.getincrementaldecoder(encoding)()
    except (LookupError, UnicodeError) as error:
        raise AudienceError(f"{name}: Python knows no text encoding {encoding!r}") from error
    digest = hashlib.sha256()
    failure: int | None = None
    offset = 0
    for piece in _pieces(file):
        digest.update(piece)
        if failure is None:
            try:
                decoder.decode(piece)
            except UnicodeError as error:
                failure = offset + getattr(error, "start", 0)
        offset += len(piece)
    if failure is None:
        try:
            decoder.decode(b"", final=True)
        except UnicodeError:
            failure = offset
    return digest.hexdigest(), failure


def _is_western(file: BinaryIO) -> bool:
    letters = signs = 0
    tail = b""
    for piece in _pieces(file):
        if _NOT_WESTERN.search(tail + piece):
            return False
        tail = piece[-3:]
        letters += len(_LETTERS.findall(piece))
        signs += len(_SIGNS.findall(piece))
    return letters >= signs


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece
