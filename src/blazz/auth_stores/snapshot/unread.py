"""Finds the files that need not be read again, because they are those of the revision before."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from blazz.auth_stores.snapshot.contents import BytesSource, Snapshot, Source
from blazz.auth_stores.snapshot.manifest import Chunk, Manifest

SETTLED: Final = 2.1
"""Seconds after which a file's time of change tells a further change."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One content of a snapshot, in the order of the manifest.

    Attributes:
        source: Where its bytes come from.
        stored: Its chunks, if its bytes are those of the revision before; None: read them.
    """

    source: Source
    stored: Sequence[Chunk] | None


def identity(state: os.stat_result, size: int, *, at: float) -> str | None:
    """What differs once the first bytes of a file do; None: that cannot be told.

    The time of change moves in steps, on some disks of two seconds: within such a step after a
    change another one may not show. So a file must have been left alone for longer.

    Args:
        state: The file's state, not older than its bytes.
        size: How many of its bytes count.
        at: When they were as they are, in seconds since 1970.
    """
    if 0 <= state.st_mtime_ns < (at - SETTLED) * 1e9:
        return f"{state.st_dev}:{state.st_ino}:{state.st_mtime_ns}:{size}"
    return None


def identities(snapshot: Snapshot) -> Mapping[str, str]:
    """What tells the bytes of files apart, by path, where something does."""
    return {file.path: file.identity for file in snapshot.files if file.identity is not None}


def pieces(
    snapshot: Snapshot, previous: Manifest | None, known: Mapping[str, str], *, chunk_bytes: int
) -> Iterator[Piece]:
    """Give all contents of a snapshot, files first.

    Args:
        snapshot: The snapshot.
        previous: The revision before, if it can be built on.
        known: The `identities` of its files.
        chunk_bytes: The size of the chunks that are wanted.
    """
    stored: Mapping[str, Sequence[Chunk]] = {}
    if previous is not None and previous.chunk_bytes == chunk_bytes:
        stored = previous.chunks_of_files()
    for file in snapshot.files:
        same = file.identity is not None and known.get(file.path) == file.identity
        yield Piece(file.source, stored.get(file.path) if same else None)
    for _, content in sorted(snapshot.documents.items()):
        yield Piece(BytesSource(content), None)
