"""What a store must be able to do for `SnapshotStore`: keep blobs, and change one record safely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from blazz.auth_stores.revisions import SessionKey


class RecordMoved(Exception):
    """The record is not the one that was expected any more; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record as it was read.

    Attributes:
        content: Its bytes, None if there is none yet.
        version: What `swap_record` compares with; means nothing else. Empty if there is none.
        now: The time by the store's own clock in seconds, None if it has no clock.
    """

    content: bytes | None
    version: str = ""
    now: float | None = None


class Backend(Protocol):
    """Keeps bytes. Whoever writes one gets a whole `AuthStore` from `SnapshotStore`.

    Semantics:

    * When a method returns, what it wrote survives a crash of the store as far as the store can
      promise; a reader anywhere sees it from then on.
    * `swap_record` is atomic: of several that expect the same version one succeeds.
    * A blob is whole or absent. Names have the form `[a-z0-9/-]+` and are written by one process
      only, mostly once; writing one again replaces it.
    * Failures are raised as `StoreUnavailable`, or `StoreFull` where the store has no room. After
      either, what was to be written may or may not be there.
    """

    @property
    def name(self) -> str:
        """The store for people, such as `redis://host/0`; without secrets."""
        ...

    async def open(self) -> Sequence[str]:
        """Connect and check that the store is fit; return warnings in words.

        Raises:
            UnsuitableStore: It is not fit.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and locks. May be repeated."""
        ...

    async def read_record(self, session: SessionKey) -> StoredRecord:
        """Read the record of a session, as it is after everything that was written before."""
        ...

    async def swap_record(
        self, session: SessionKey, content: bytes, *, expected: StoredRecord
    ) -> None:
        """Replace the record if it is still the expected one.

        Raises:
            RecordMoved: It is another one.
        """
        ...

    async def put(self, session: SessionKey, name: str, blob: bytes) -> None:
        """Store a blob."""
        ...

    async def get(self, session: SessionKey, name: str) -> bytes | None:
        """Read a blob, None if there is none of that name."""
        ...

    async def delete(self, session: SessionKey, names: Sequence[str]) -> None:
        """Delete blobs; those that are not there are passed over."""
        ...

    async def names(self, session: SessionKey) -> Mapping[str, int]:
        """The names of all blobs of a session, and their bytes."""
        ...

    async def sessions(self, workspace: str | None) -> Sequence[SessionKey]:
        """All sessions that have a record."""
        ...

    async def announce(self, session: SessionKey, token: str) -> None:
        """Be told of a lease that this process is about to take.

        A backend that can see whether another process is alive uses it for `is_gone`.
        """
        ...

    async def withdraw(self, session: SessionKey, token: str) -> None:
        """Be told that a lease of this process is over."""
        ...

    async def is_gone(self, session: SessionKey, token: str) -> bool:
        """Whether the process that announced a lease has certainly ended.

        False means only that it is not known.
        """
        ...
