"""Sessions for the tests of auth stores: what is stored, and what comes back."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

from blazz.auth_stores import (
    Browser,
    BytesSource,
    Kind,
    SessionKey,
    Settings,
    Snapshot,
    SnapshotFile,
    SnapshotStore,
    StorageEngine,
)
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.record import Record
from blazz.security.keyring import KeyRing

SESSION = SessionKey("acme", "support")
OTHER = SessionKey("acme", "sales")
RING = KeyRing.generate("one")
CHROMIUM = Browser(version="156.0.8078.79", engine=StorageEngine.LEVELDB, wa_js="4.6.0")
CHUNK = 64 * 1024
SMALL = Settings(chunk_bytes=16, pack_bytes=200)
"""Many chunks and packs in few bytes."""


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def web(
    files: dict[str, bytes] | None = None,
    *,
    documents: dict[str, bytes] | None = None,
    browser: Browser | None = CHROMIUM,
    captured_at: datetime = datetime(2026, 1, 2, 12, tzinfo=UTC),
) -> Snapshot:
    """A snapshot of a browser with these files."""
    return Snapshot(
        kind=Kind.WEB,
        files=tuple(SnapshotFile(n, BytesSource(c)) for n, c in (files or {}).items()),
        documents=documents or {},
        browser=browser,
        captured_at=captured_at,
    )


def names_in(folder: Path) -> set[str]:
    """What is directly in a folder."""
    return {path.name for path in folder.iterdir()}


def store_on(
    backend: MemoryBackend, *, ring: KeyRing = RING, settings: Settings = SMALL
) -> SnapshotStore:
    """Another process's store on a shared backend."""
    return SnapshotStore(backend, keyring=ring, settings=settings)


def record_in(backend: MemoryBackend) -> Record:
    """The record of the session."""
    return Record.decode(backend.records[SESSION].content or b"")
