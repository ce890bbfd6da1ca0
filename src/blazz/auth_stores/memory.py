"""Sessions in memory: for tests, and for programs that need not survive."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence

from blazz.auth_stores.backend import RecordMoved, StoredRecord
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.saving import Settings
from blazz.auth_stores.store import SnapshotStore
from blazz.security.keyring import KeyRing


class MemoryBackend:
    """Keeps bytes in dictionaries; several stores may share one, like processes share a server."""

    def __init__(self) -> None:
        self.name = "memory://"
        self.blobs: defaultdict[SessionKey, dict[str, bytes]] = defaultdict(dict)
        self.records: dict[SessionKey, StoredRecord] = {}

    async def open(self) -> Sequence[str]:
        """See `Backend.open`."""
        return ()

    async def close(self) -> None:
        """See `Backend.close`."""

    async def read_record(self, session: SessionKey) -> StoredRecord:
        """See `Backend.read_record`."""
        return self.records.get(session, StoredRecord(content=None))

    async def swap_record(
        self, session: SessionKey, content: bytes, *, expected: StoredRecord
    ) -> None:
        """See `Backend.swap_record`."""
        if (await self.read_record(session)).version != expected.version:
            raise RecordMoved
        self.records[session] = StoredRecord(content=content, version=secrets.token_hex(8))

    async def put(self, session: SessionKey, name: str, blob: bytes) -> None:
        """See `Backend.put`."""
        self.blobs[session][name] = blob

    async def get(self, session: SessionKey, name: str) -> bytes | None:
        """See `Backend.get`."""
        return self.blobs[session].get(name)

    async def delete(self, session: SessionKey, names: Sequence[str]) -> None:
        """See `Backend.delete`."""
        for name in names:
            self.blobs[session].pop(name, None)

    async def names(self, session: SessionKey) -> Mapping[str, int]:
        """See `Backend.names`."""
        return {name: len(blob) for name, blob in self.blobs[session].items()}

    async def sessions(self, workspace: str | None) -> Sequence[SessionKey]:
        """See `Backend.sessions`."""
        return [each for each in self.records if workspace in {None, each.workspace}]

    async def announce(self, session: SessionKey, token: str) -> None:
        """See `Backend.announce`."""

    async def withdraw(self, session: SessionKey, token: str) -> None:
        """See `Backend.withdraw`."""

    async def is_gone(self, session: SessionKey, token: str) -> bool:  # noqa: ARG002  # not known
        """See `Backend.is_gone`."""
        return False


class MemoryAuth(SnapshotStore):
    """An auth store in memory.

    Args:
        backend: Another store's `backend`, to share what it keeps.
        keyring: Seals what is stored; by default one that lives as long as this object.
        settings: How snapshots are cut and kept.

    Example:
        >>> import anyio
        >>> from blazz.auth_stores import Kind, SessionKey, Snapshot
        >>> async def main() -> str:
        ...     support = SessionKey("acme", "support")
        ...     async with MemoryAuth() as store:
        ...         lease = await store.acquire(support, "me")
        ...         await store.save(Snapshot.of_credentials({"token": "EAAG…"}), lease)
        ...         stored = await store.load(support, kind=Kind.CREDENTIALS)
        ...         return (await stored.credentials())["token"].reveal()
        >>> anyio.run(main)
        'EAAG…'
    """

    def __init__(
        self,
        backend: MemoryBackend | None = None,
        *,
        keyring: KeyRing | None = None,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(
            backend or MemoryBackend(), keyring=keyring or KeyRing.generate(), settings=settings
        )
