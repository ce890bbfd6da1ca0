"""Finds blobs that nothing refers to, so that they can be deleted while others read and write.

Why no lock and no waiting time is needed:

* A save takes over chunks only from the newest committed revision of its kind, or from packs that
  it has uploaded itself. So the revisions that refer to a pack follow each other without a gap, and
  a pack that is dead stays dead.
* The record is changed under the lease in force, and an owner computes garbage from a record that
  it read after it had become the owner. No older owner can commit any more; a newer owner builds
  on the newest revision, which is never garbage.
* Names are used once and carry the epoch. A late delete of an old owner cannot hit what a newer one
  has written.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence

from blazz.auth_stores.base import Lease
from blazz.auth_stores.record import Record
from blazz.auth_stores.snapshot.contents import Kind
from blazz.auth_stores.snapshot.manifest import Manifest
from blazz.auth_stores.snapshot.names import BlobName


class PackLifetimes:
    """The first and the last revision that refers to each pack of one kind."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[int, int]] = {}

    def learn(self, revision: int, packs: Iterable[str]) -> None:
        """Note that a revision refers to packs."""
        for pack in packs:
            first, last = self._spans.get(pack, (revision, revision))
            self._spans[pack] = min(first, revision), max(last, revision)

    def bury(self, kept: Sequence[int]) -> set[str]:
        """Forget the packs that no kept revision refers to, and return them.

        Args:
            kept: The numbers of the revisions that are kept, in order.
        """
        dead = {p for p, (first, last) in self._spans.items() if not _has(kept, first, last)}
        for pack in dead:
            del self._spans[pack]
        return dead

    def __contains__(self, pack: object) -> bool:
        return pack in self._spans


def _has(numbers: Sequence[int], first: int, last: int) -> bool:
    """Whether one of the ordered numbers lies between first and last."""
    at = bisect.bisect_left(numbers, first)
    return at < len(numbers) and numbers[at] <= last


class GarbageFinder:
    """What an owner knows of the blobs of its session, since it became the owner."""

    def __init__(self, lease: Lease, writer: str) -> None:
        self._lease = lease
        self._writer = writer
        self._lifetimes = {kind: PackLifetimes() for kind in Kind}
        self._learned: set[str] = set()
        self._suspects: set[str] = set()

    def see(self, listing: Iterable[str]) -> None:
        """Note all blobs of the session, listed under the lease.

        What older owners have left is garbage unless a revision refers to it; so is what we have
        written ourselves, such as an upload that was given up and arrived all the same. Of our own
        epoch, nothing else is ours to judge.
        """
        for name in listing:
            parsed = BlobName.parse(name)
            if parsed is None:
                continue
            if parsed.epoch < self._lease.epoch or parsed.writer == self._writer:
                self._suspects.add(name)

    def attempt(self, name: str) -> None:
        """Note a blob before it is uploaded: it is garbage unless a commit refers to it."""
        self._suspects.add(name)

    def learn(self, name: str, manifest: Manifest) -> None:
        """Note what a revision refers to."""
        self._lifetimes[manifest.kind].learn(manifest.revision, manifest.packs)
        self._learned.add(name)

    def unknown(self, record: Record) -> list[str]:
        """The manifests that must be learned before `garbage` can tell."""
        return [entry.manifest for entry in record.entries if entry.manifest not in self._learned]

    def garbage(self, record: Record) -> set[str]:
        """Blobs that can be deleted; each is named once.

        Args:
            record: The record, read under the lease, with every revision learned.
        """
        manifests = {entry.manifest for entry in record.entries}
        dead = self._learned - manifests
        self._learned -= dead
        for kind, lifetimes in self._lifetimes.items():
            dead |= lifetimes.bury([entry.revision.number for entry in record.of_kind(kind)])
        dead |= {name for name in self._suspects if not self._is_used(name, manifests)}
        self._suspects.clear()
        return dead

    def _is_used(self, name: str, manifests: set[str]) -> bool:
        return name in manifests or any(name in each for each in self._lifetimes.values())
