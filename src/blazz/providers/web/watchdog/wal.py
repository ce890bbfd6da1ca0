"""How much of a SQLite write-ahead log is committed; pure, reads through a function it is given.

A log is a header and frames, one page of the database each. It is not cut when its content has been
copied into the database: writing starts over at its beginning, under new salts, and what is left
of the older frames stays behind. So its size says nothing. The format: sqlite.org/fileformat2.html,
section 4.
"""

from __future__ import annotations

import struct

HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_MAGICS = frozenset((0x377F0682, 0x377F0683))

TYPE_CHECKING = False  # The real one costs the time to import it.
if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[int, int], bytes]


def committed_end(read: Read, size: int) -> int:
    """The end of the last committed transaction; 0 if nothing is committed in the log.

    Later writers leave everything before it as it is, until they start over and change the header.

    Args:
        read: Reads `length` bytes at `offset`, fewer at the end of the log.
        size: The bytes of the log.
    """
    header = read(0, HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return 0
    magic, _, page_bytes, _, salts = struct.unpack(">IIII8s", header[:24])
    if magic not in _MAGICS or not 512 <= page_bytes <= 65536:
        return 0
    frame_bytes = _FRAME_HEADER_BYTES + page_bytes

    def pages_after(index: int) -> int | None:
        """The pages of the database if the frame commits, 0 if not; None: of an older round."""
        frame = read(HEADER_BYTES + index * frame_bytes, _FRAME_HEADER_BYTES)
        if len(frame) < _FRAME_HEADER_BYTES or frame[8:16] != salts:
            return None
        return int.from_bytes(frame[4:8], "big")

    # Frames of this round stand before those that an older one left behind.
    low, high = 0, (size - HEADER_BYTES) // frame_bytes
    while low < high:
        middle = (low + high) // 2
        if pages_after(middle) is None:
            high = middle
        else:
            low = middle + 1
    # The last ones may belong to a transaction that goes on.
    while low and not pages_after(low - 1):
        low -= 1
    return HEADER_BYTES + low * frame_bytes if low else 0
