"""A session in one encrypted file: for the drawer, or for another installation."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

import anyio.to_thread

from blazz.auth_stores.archive import ArchiveReader, ArchiveWriter
from blazz.auth_stores.base import AuthStore
from blazz.auth_stores.disk import sync_folder
from blazz.auth_stores.leases import hold
from blazz.auth_stores.revisions import Saved, SessionKey
from blazz.auth_stores.snapshot.contents import (
    Browser,
    BytesSource,
    Kind,
    Snapshot,
    SnapshotFile,
    Source,
)
from blazz.auth_stores.transfer import kinds_of, refuse_to_replace
from blazz.errors import DiskFailed, SnapshotDamaged, SnapshotNotFound
from blazz.security.secret import Secret

_FRAME_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is in an export.

    Attributes:
        session: The session that was exported.
        exported_at: When.
        snapshots: Its newest state of each kind. Files are read when they are stored elsewhere.
    """

    session: SessionKey
    exported_at: datetime
    snapshots: tuple[Snapshot, ...]


async def export_session(
    store: AuthStore, session: SessionKey, path: Path, *, passphrase: Secret | str
) -> Export:
    """Write the newest state of a session to an encrypted file.

    No lease is needed: a session may be exported while it runs. What it does afterwards is not in
    the file, and going back to an older state breaks encrypted chats; to move a session, close it
    first.

    Args:
        store: Where the session is kept.
        session: The session.
        path: The file; one that is there is replaced once the new one is whole.
        passphrase: Seals the file; at least 8 characters.

    Raises:
        SnapshotNotFound: There is no such session.
        SnapshotDamaged: None of its revisions is whole.
        DiskFailed: The disk did not take the file.
        InvalidValue: The passphrase is too short.
    """
    kinds = await kinds_of(store, session)
    if not kinds:
        raise SnapshotNotFound(f"{session} has no revision")
    stored = [await store.load(session, kind=kind) for kind in kinds]
    export = Export(
        session=session,
        exported_at=datetime.now(UTC),
        snapshots=tuple([await each.as_snapshot() for each in stored]),
    )
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        await _write(export, draft, Secret(passphrase))
        await anyio.to_thread.run_sync(draft.replace, path)
        await anyio.to_thread.run_sync(sync_folder, path.parent)
    except OSError as error:
        raise DiskFailed(f"{path}: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return export


async def open_export(path: Path, *, passphrase: Secret | str) -> Export:
    """Open an export without storing it anywhere.

    Raises:
        SnapshotDamaged: It is no export, was cut short or altered.
        WrongKey: The passphrase does not open it.
    """
    reader = await anyio.to_thread.run_sync(ArchiveReader, path, Secret(passphrase))
    try:
        value = json.loads(await anyio.to_thread.run_sync(reader.frame, 0))
        return Export(
            session=SessionKey.parse(value["session"]),
            exported_at=datetime.fromisoformat(value["exported_at"]),
            snapshots=await _snapshots(reader, value["snapshots"]),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise SnapshotDamaged(f"{path}: unreadable contents: {error}") from error


async def import_session(
    path: Path,
    store: AuthStore,
    *,
    passphrase: Secret | str,
    session: SessionKey | None = None,
    force: bool = False,
    wait: float = 0.0,
) -> list[Saved]:
    """Store what is in an export.

    Args:
        path: The file.
        store: Where to store it.
        passphrase: What it was sealed with.
        session: Another name for the session.
        force: Put it on top of the revisions that the store has of that session.
        wait: Seconds to wait for whoever owns the session.

    Raises:
        SnapshotDamaged: It is no export, was cut short or altered. Each kind of content is stored
            whole or not at all.
        WrongKey: The passphrase does not open it.
        LeaseTaken: Somebody owns the session.
        StaleSnapshot: The store has revisions of the session.
    """
    export = await open_export(path, passphrase=passphrase)
    session = session or export.session
    async with hold(store, session, wait=wait) as keeper:
        await refuse_to_replace(store, session, force=force)
        saved = []
        for snapshot in export.snapshots:
            keeper.check()
            saved.append(await store.save(snapshot, keeper.lease))
    return saved


async def _write(export: Export, draft: Path, passphrase: Secret) -> None:
    contents = {
        "session": str(export.session),
        "exported_at": export.exported_at.isoformat(),
        "snapshots": [_describe(snapshot) for snapshot in export.snapshots],
    }
    with await anyio.to_thread.run_sync(_create, draft) as file:
        writer = await anyio.to_thread.run_sync(ArchiveWriter, file, passphrase)
        await anyio.to_thread.run_sync(writer.add, json.dumps(contents).encode())
        for source in _sources(export.snapshots):
            for offset in range(0, source.size, _FRAME_BYTES):
                length = min(_FRAME_BYTES, source.size - offset)
                data = await source.read(offset, length)
                await anyio.to_thread.run_sync(writer.add, data)

        def finish() -> None:
            writer.add(b"", last=True)
            file.flush()
            os.fsync(file.fileno())

        await anyio.to_thread.run_sync(finish)


def _create(path: Path) -> IO[bytes]:
    """Make a file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sources(snapshots: Sequence[Snapshot]) -> Iterator[Source]:
    for snapshot in snapshots:
        yield from (file.source for file in snapshot.files)
        yield from (BytesSource(content) for _, content in sorted(snapshot.documents.items()))


def _describe(snapshot: Snapshot) -> dict[str, object]:
    return {
        "kind": snapshot.kind,
        "captured_at": snapshot.captured_at.isoformat(),
        "browser": None if snapshot.browser is None else snapshot.browser.to_json(),
        "files": [[file.path, file.source.size] for file in snapshot.files],
        "documents": [[name, len(content)] for name, content in sorted(snapshot.documents.items())],
    }


@dataclass(frozen=True, slots=True)
class _ArchivedSource:
    """A file or document in an archive: its first frame and its bytes."""

    reader: ArchiveReader
    frame: int
    size: int

    async def read(self, offset: int, length: int) -> bytes:
        return await anyio.to_thread.run_sync(self._read, offset, length)

    def _read(self, offset: int, length: int) -> bytes:
        if length == 0:
            return b""
        first, last = offset // _FRAME_BYTES, (offset + length - 1) // _FRAME_BYTES
        frames = (self.reader.frame(self.frame + number) for number in range(first, last + 1))
        start = offset - first * _FRAME_BYTES
        return b"".join(frames)[start : start + length]


async def _snapshots(
    reader: ArchiveReader, described: Sequence[Mapping[str, Any]]
) -> tuple[Snapshot, ...]:
    snapshots = []
    frame = 1
    for each in described:
        sources: dict[str, dict[str, _ArchivedSource]] = {"files": {}, "documents": {}}
        for part, found in sources.items():
            for name, size in each[part]:
                found[str(name)] = _ArchivedSource(reader, frame, int(size))
                frame += -(-int(size) // _FRAME_BYTES)
        snapshot = Snapshot(
            kind=Kind(each["kind"]),
            files=tuple(SnapshotFile(path, source) for path, source in sources["files"].items()),
            documents={
                name: await source.read(0, source.size)
                for name, source in sources["documents"].items()
            },
            browser=None if each["browser"] is None else Browser.from_json(each["browser"]),
            captured_at=datetime.fromisoformat(each["captured_at"]),
        )
        snapshots.append(snapshot)
    return tuple(snapshots)
