"""Cuts contents into chunks of a fixed size; pure.

Fixed borders suit what browsers write: logs that only grow, tables that never change, and pages
that are replaced in place. A change then costs the chunks that it touches and no others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

CHUNK_BYTES: Final = 64 * 1024
PACK_BYTES: Final = 1024 * 1024
CHUNK_ID_BYTES: Final = 20
KEY_BYTES: Final = 8
"""The bytes of a key's fingerprint, see `KeyRing`."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive chunks of one content, read in one go.

    Attributes:
        content: The index of the content.
        offset: Where it starts, in bytes; a multiple of the chunk size.
        length: Its bytes.
    """

    content: int
    offset: int
    length: int


def count(size: int, chunk: int) -> int:
    """How many chunks a content of `size` bytes has; an empty one has none."""
    return -(-size // chunk)


def batches(sizes: Sequence[int], *, chunk: int, batch: int) -> Iterator[list[Run]]:
    """Plan the reading of contents, in order, so that no more than `batch` bytes are held at once.

    Args:
        sizes: The sizes of the contents.
        chunk: The chunk size.
        batch: The most bytes of a batch; a multiple of the chunk size.

    Example:
        >>> [[(run.content, run.offset, run.length) for run in one]
        ...  for one in batches([5, 2], chunk=2, batch=4)]
        [[(0, 0, 4)], [(0, 4, 1), (1, 0, 2)]]
    """
    runs: list[Run] = []
    room = batch
    for content, size in enumerate(sizes):
        offset = 0
        while offset < size:
            # Whole chunks only, unless the content ends here.
            length = min(size - offset, room // chunk * chunk)
            if length == 0:
                yield runs
                runs, room = [], batch
                continue
            runs.append(Run(content, offset, length))
            offset += length
            room -= length
    if runs:
        yield runs


def split(data: bytes, chunk: int) -> list[bytes]:
    """Cut the bytes of a run into its chunks."""
    return [data[start : start + chunk] for start in range(0, len(data), chunk)]
