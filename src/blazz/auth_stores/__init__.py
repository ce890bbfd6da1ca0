"""Sessions outlive their machine: encrypted, incremental snapshots, and one owner at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blazz.auth_stores.base import (
    AuthStore,
    Holder,
    Lease,
    Sink,
    StoredSnapshot,
)
from blazz.auth_stores.revisions import Damage, Revision, Saved, SessionKey, Verification
from blazz.auth_stores.snapshot.contents import (
    Browser,
    BytesSource,
    Content,
    FileSource,
    Kind,
    Snapshot,
    SnapshotFile,
    Source,
    StorageEngine,
)
from blazz.auth_stores.snapshot.retention import Retention

if TYPE_CHECKING:
    from blazz.auth_stores.memory import MemoryAuth

# What seals, compresses or talks to a server is loaded when it is first used.
_LAZY = {
    "MemoryAuth": "blazz.auth_stores.memory",
}

__all__ = [
    "AuthStore",
    "Browser",
    "BytesSource",
    "Content",
    "Damage",
    "FileSource",
    "Holder",
    "Kind",
    "Lease",
    "MemoryAuth",
    "Retention",
    "Revision",
    "Saved",
    "SessionKey",
    "Sink",
    "Snapshot",
    "SnapshotFile",
    "Source",
    "StorageEngine",
    "StoredSnapshot",
    "Verification",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
