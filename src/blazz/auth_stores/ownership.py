"""What an owner remembers between two saves of its session."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import anyio

from blazz.auth_stores.base import Lease
from blazz.auth_stores.garbage import GarbageFinder
from blazz.auth_stores.snapshot.contents import Kind
from blazz.auth_stores.snapshot.manifest import Manifest
from blazz.auth_stores.snapshot.names import BlobName, BlobType
from blazz.auth_stores.snapshot.packing import StoredPack


@dataclass(slots=True)
class Ownership:
    """The memory of one lease; it dies with it.

    Attributes:
        lease: The lease as it was acquired.
        writer: Tells its blobs from those of all others, even of one that shares the lease.
        lock: Held while saving: saves and deletions of one owner never overlap.
        bases: The newest manifest of each kind and its name.
        identities: What told the bytes of its files, see `SnapshotFile.identity`, by path; with the
            manifest's name.
        uploaded: Packs that no commit refers to yet, without their bytes. A save that failed left
            them; the next one need not upload their chunks again.
        finder: Knows what is garbage.
        doomed: Garbage that is still to be deleted.
        listed_at: When all blobs were listed last.
    """

    lease: Lease
    writer: str = field(default_factory=lambda: secrets.token_hex(4))
    lock: anyio.Lock = field(default_factory=anyio.Lock)
    bases: dict[Kind, tuple[str, Manifest]] = field(default_factory=dict)
    identities: dict[Kind, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    uploaded: dict[Kind, list[StoredPack]] = field(
        default_factory=lambda: {kind: [] for kind in Kind}
    )
    finder: GarbageFinder = field(init=False)
    doomed: set[str] = field(default_factory=set)
    listed_at: float | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.finder = GarbageFinder(self.lease, self.writer)

    def forget(self) -> None:
        """Start again with nothing stored."""
        self.bases.clear()
        self.identities.clear()
        for packs in self.uploaded.values():
            packs.clear()
        self.finder = GarbageFinder(self.lease, self.writer)
        self.doomed.clear()
        self.listed_at = None

    def new_name(self, kind: Kind, blob_type: BlobType) -> str:
        """Make a name that no other blob has had or will have."""
        name = BlobName(
            kind=kind,
            type=blob_type,
            epoch=self.lease.epoch,
            writer=self.writer,
            number=next(self._numbers),
        )
        return str(name)
