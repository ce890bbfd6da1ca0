"""Compression that never grows what it is given, and never expands to more than was promised."""

from __future__ import annotations

from typing import Final

import zstandard

_STORED: Final = b"\x00"
_ZSTD: Final = b"\x01"
_LEVEL: Final = 3
_WINDOW_BYTES: Final = 8 * 1024 * 1024


class NotExpandable(ValueError):
    """It is not what `compress` makes, or it would expand to another size than was promised."""


def compress(data: bytes) -> bytes:
    """Compress with zstd, or store as it is where that is shorter."""
    packed = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True).compress(data)
    return _ZSTD + packed if len(packed) < len(data) else _STORED + data


def expand(packed: bytes, *, most: int) -> bytes:
    """Undo `compress`.

    The size that a frame announces is checked before memory is set aside for it: a few bytes can
    announce gigabytes.

    Args:
        packed: What `compress` gave.
        most: The most bytes that it may expand to.

    Raises:
        NotExpandable: It is something else, or expands to more.
    """
    method, payload = packed[:1], packed[1:]
    if method == _STORED:
        if len(payload) > most:
            raise NotExpandable(f"{len(payload)} bytes where at most {most} were expected")
        return payload
    if method != _ZSTD:
        raise NotExpandable("an unknown kind of compression")
    try:
        frame = zstandard.get_frame_parameters(payload)
        if frame.content_size > most:
            raise NotExpandable(f"it expands to more than the {most} bytes that were expected")
        expander = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
        return expander.decompress(payload, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise NotExpandable(f"not zstd data: {error}") from error
