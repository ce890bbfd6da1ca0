"""Sessions outlive their machine: encrypted, incremental snapshots, and one owner at a time."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from blazz.auth_stores.base import (
    AuthStore,
    Holder,
    Lease,
    Sink,
    StoredSnapshot,
)
from blazz.auth_stores.keeping_base import SessionKeeper
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
    from blazz.auth_stores.backups import Backups
    from blazz.auth_stores.exporting import export_session, import_session, open_export
    from blazz.auth_stores.keeping import Keeping, StoreKeeper
    from blazz.auth_stores.leases import LeaseKeeper, hold, owner_name
    from blazz.auth_stores.local import LocalAuth
    from blazz.auth_stores.memory import MemoryAuth
    from blazz.auth_stores.profile_import import import_profile
    from blazz.auth_stores.profiles import profile_files
    from blazz.auth_stores.redis import RedisAuth
    from blazz.auth_stores.restoring import Restored, restore
    from blazz.auth_stores.s3 import S3Auth
    from blazz.auth_stores.saving import Settings
    from blazz.auth_stores.store import SnapshotStore
    from blazz.auth_stores.transfer import copy, move, rekey
    from blazz.auth_stores.urls import from_url

# What seals, compresses or talks to a server is loaded when it is first used.
_LAZY = {
    "Backups": "backups",
    "Keeping": "keeping",
    "LeaseKeeper": "leases",
    "LocalAuth": "local",
    "MemoryAuth": "memory",
    "RedisAuth": "redis",
    "Restored": "restoring",
    "S3Auth": "s3",
    "Settings": "saving",
    "SnapshotStore": "store",
    "StoreKeeper": "keeping",
    "copy": "transfer",
    "export_session": "exporting",
    "from_url": "urls",
    "hold": "leases",
    "import_profile": "profile_import",
    "import_session": "exporting",
    "move": "transfer",
    "open_export": "exporting",
    "owner_name": "leases",
    "profile_files": "profiles",
    "rekey": "transfer",
    "restore": "restoring",
}

__all__ = [
    "AuthStore",
    "Backups",
    "Browser",
    "BytesSource",
    "Content",
    "Damage",
    "FileSource",
    "Holder",
    "Keeping",
    "Kind",
    "Lease",
    "LeaseKeeper",
    "LocalAuth",
    "MemoryAuth",
    "RedisAuth",
    "Restored",
    "Retention",
    "Revision",
    "S3Auth",
    "Saved",
    "SessionKeeper",
    "SessionKey",
    "Settings",
    "Sink",
    "Snapshot",
    "SnapshotFile",
    "SnapshotStore",
    "Source",
    "StorageEngine",
    "StoreKeeper",
    "StoredSnapshot",
    "Verification",
    "copy",
    "export_session",
    "from_url",
    "hold",
    "import_profile",
    "import_session",
    "move",
    "open_export",
    "owner_name",
    "profile_files",
    "rekey",
    "restore",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
