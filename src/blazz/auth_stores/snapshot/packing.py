"""Decides which chunks must be stored, seals them and gathers them into packs; no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from blazz.auth_stores.snapshot.manifest import Chunk, Manifest
from blazz.auth_stores.snapshot.sealing import Sealer

_SPARSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class StoredPack:
    """A pack that is in the store: its name, its bytes and where its chunks are."""

    name: str
    size: int
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """Sealed chunks, one after the other; one blob in the store.

    A chunk is what is compared and sealed, a pack is what is sent: a first backup of 15 MB is 15
    blobs, not 240, and a usual one is a single small blob.
    """

    name: str
    blob: bytes
    chunks: tuple[Chunk, ...]

    def stored(self) -> StoredPack:
        """The pack once it is in the store."""
        return StoredPack(self.name, len(self.blob), self.chunks)


class Packer:
    """Takes the chunks of a snapshot in order, and gives the packs that must be stored.

    A chunk that is stored already is taken from where it is. Some are stored anew all the same, at
    most `refresh` in one save: those sealed with an older key, so that rotation finishes bit by
    bit, and those in packs that are mostly dead, so that these can be deleted.

    Args:
        sealer: Names and seals chunks.
        known: Chunks that are stored already.
        sizes: The bytes of their packs.
        sparse: Packs that are to be emptied.
        refresh: How many chunks may be stored anew.
        pack_bytes: The plain bytes at which a pack is closed: whoever reads it opens it whole.
        name_pack: Gives a name that was never used.
    """

    def __init__(
        self,
        sealer: Sealer,
        *,
        known: Iterable[Chunk],
        sizes: Mapping[str, int],
        sparse: frozenset[str],
        refresh: int,
        pack_bytes: int,
        name_pack: Callable[[], str],
    ) -> None:
        self._sealer = sealer
        self._known = {(chunk.key, chunk.id): chunk for chunk in known}
        self._older_keys = sorted({key for key, _ in self._known} - {sealer.newest})
        self._sizes = dict(sizes)
        self._sparse = sparse
        self._refresh = refresh
        self._pack_bytes = pack_bytes
        self._name_pack = name_pack
        self._open: list[tuple[Chunk, bytes]] = []
        self._open_name = ""
        self._open_bytes = 0
        self._open_plain_bytes = 0
        self.chunks: list[Chunk] = []
        """All chunks so far, in order."""
        self.new_chunks = 0
        """How many of them are stored by this save."""

    def add(self, pieces: Sequence[bytes]) -> list[Pack]:
        """Take the next chunks; return the packs that became full."""
        full = []
        for data in pieces:
            self.chunks.append(self._stored(data) or self._sealed(data))
            if self._open_plain_bytes >= self._pack_bytes:
                full.append(self._close())
        return full

    def can_keep(self, stored: Sequence[Chunk]) -> bool:
        """Whether chunks may stay where they are without being read."""
        return all(
            self._known.get((chunk.key, chunk.id)) == chunk and not self._is_due(chunk)
            for chunk in stored
        )

    def keep(self, stored: Sequence[Chunk]) -> None:
        """Take the next chunks as they are stored."""
        self.chunks += stored

    def finish(self) -> list[Pack]:
        """Take no more; return the last pack, if there is something in it."""
        return [self._close()] if self._open else []

    def packs(self) -> dict[str, int]:
        """The packs that the chunks are in, and the bytes of each; after `finish`."""
        return {name: self._sizes[name] for name in dict.fromkeys(c.pack for c in self.chunks)}

    def _stored(self, data: bytes) -> Chunk | None:
        """Find a chunk in the store, by each key in use; None if it must be stored."""
        for key in (self._sealer.newest, *self._older_keys):
            chunk = self._known.get((key, self._sealer.chunk_id(data, key)))
            if chunk is not None:
                return None if self._is_refreshed(chunk) else chunk
        return None

    def _is_due(self, chunk: Chunk) -> bool:
        older = chunk.key != self._sealer.newest
        return self._refresh > 0 and (older or chunk.pack in self._sparse)

    def _is_refreshed(self, chunk: Chunk) -> bool:
        # A save that has stored nothing so far may find that nothing has changed, and then it must
        # store nothing; only a rotation goes on even so.
        if self._is_due(chunk) and (self.new_chunks > 0 or chunk.key != self._sealer.newest):
            self._refresh -= 1
            return True
        return False

    def _sealed(self, data: bytes) -> Chunk:
        chunk_id = self._sealer.chunk_id(data)
        blob = self._sealer.seal_chunk(chunk_id, data)
        if not self._open:
            self._open_name = self._name_pack()
        chunk = Chunk(chunk_id, self._sealer.newest, self._open_name, self._open_bytes, len(blob))
        self._open.append((chunk, blob))
        self._open_bytes += len(blob)
        self._open_plain_bytes += len(data)
        self._known[chunk.key, chunk.id] = chunk
        self.new_chunks += 1
        return chunk

    def _close(self) -> Pack:
        pack = Pack(
            name=self._open_name,
            blob=b"".join(blob for _, blob in self._open),
            chunks=tuple(chunk for chunk, _ in self._open),
        )
        self._sizes[pack.name] = len(pack.blob)
        self._open, self._open_bytes, self._open_plain_bytes = [], 0, 0
        return pack


def sparse_packs(manifest: Manifest) -> frozenset[str]:
    """The packs of a revision that hold mostly chunks which it does not use any more."""
    used: Counter[str] = Counter()
    for chunk in set(manifest.chunks):
        used[chunk.pack] += chunk.length
    return frozenset(p for p, size in manifest.packs.items() if used[p] < size * _SPARSE)
