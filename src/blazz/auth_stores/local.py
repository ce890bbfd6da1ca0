"""Sessions in a folder of this machine."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import anyio.to_thread

from blazz.auth_stores.backend import RecordMoved, StoredRecord
from blazz.auth_stores.disk import make_private, scarce_space, sync_folder, write_new
from blazz.auth_stores.locking import AliveFile, has_ended
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.saving import Settings
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import InvalidValue, StoreFull, StoreUnavailable
from blazz.security.keyring import KeyRing

P = ParamSpec("P")
T = TypeVar("T")

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TAKEN: Final = {errno.EEXIST, errno.ENOTEMPTY}
_KEPT_RECORDS: Final = 3
_LEFTOVER_SECONDS: Final = 24 * 3600
_READ_ATTEMPTS: Final = 100


class LocalBackend:
    """Keeps bytes in a folder.

    ::

        <root>/sessions/<workspace>/<session>/
            record/000000000012/record.json    the record; the highest number counts
            blobs/web/packs/…                  written beside and renamed
            owners/<token>                     locked while the process of that lease lives

    The record is changed without a lock: a folder with the next number is made elsewhere and
    renamed to its place, which fails on every system if that number is there already. So a process
    that is stopped at any point holds nobody up.
    """

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root).absolute()
        self.name = f"file://{self._root}"
        self._alive: dict[str, AliveFile] = {}

    async def open(self) -> Sequence[str]:
        """See `Backend.open`."""
        return await self._in_thread(self._open)

    def _open(self) -> Sequence[str]:
        make_private(self._root)
        warning = scarce_space(self._root)
        return [warning] if warning else []

    async def close(self) -> None:
        """See `Backend.close`."""
        while self._alive:
            self._alive.popitem()[1].close()

    async def read_record(self, session: SessionKey) -> StoredRecord:
        """See `Backend.read_record`."""
        return await self._in_thread(self._read_record, session)

    def _read_record(self, session: SessionKey) -> StoredRecord:
        folder = self._folder(session) / "record"
        for _ in range(_READ_ATTEMPTS):
            newest = max(_numbers(folder), default=0)
            if newest == 0:
                return StoredRecord(content=None)
            # Between the two lines it may have been replaced and removed.
            with contextlib.suppress(FileNotFoundError):
                content = (folder / _version(newest) / "record.json").read_bytes()
                return StoredRecord(content=content, version=str(newest))
        raise StoreUnavailable(f"{folder}: the record changes too often to be read")

    async def swap_record(
        self, session: SessionKey, content: bytes, *, expected: StoredRecord
    ) -> None:
        """See `Backend.swap_record`."""
        await self._in_thread(self._swap_record, session, content, int(expected.version or 0) + 1)

    def _swap_record(self, session: SessionKey, content: bytes, number: int) -> None:
        folder = self._folder(session) / "record"
        draft = self._temporary(session)
        try:
            make_private(draft)
            make_private(folder)
            write_new(draft / "record.json", content)
            sync_folder(draft)
            try:
                draft.rename(folder / _version(number))
            except OSError as error:
                if error.errno in _TAKEN or (os.name == "nt" and error.errno == errno.EACCES):
                    raise RecordMoved from error
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        sync_folder(folder)
        numbers = _numbers(folder)
        if max(numbers) > number:
            # We were stopped for so long that our number had come, gone and been removed.
            shutil.rmtree(folder / _version(number), ignore_errors=True)
            raise RecordMoved
        for old in numbers:
            if old <= number - _KEPT_RECORDS:
                shutil.rmtree(folder / _version(old), ignore_errors=True)

    async def put(self, session: SessionKey, name: str, blob: bytes) -> None:
        """See `Backend.put`."""
        await self._in_thread(self._put, session, self._blob(session, name), blob)

    def _put(self, session: SessionKey, path: Path, blob: bytes) -> None:
        draft = self._temporary(session)
        make_private(draft.parent)
        make_private(path.parent)
        try:
            write_new(draft, blob)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)

    async def get(self, session: SessionKey, name: str) -> bytes | None:
        """See `Backend.get`."""
        return await self._in_thread(_read, self._blob(session, name))

    async def delete(self, session: SessionKey, names: Sequence[str]) -> None:
        """See `Backend.delete`."""
        await self._in_thread(_unlink, [self._blob(session, name) for name in names])

    async def names(self, session: SessionKey) -> Mapping[str, int]:
        """See `Backend.names`."""
        return await self._in_thread(_sizes, self._folder(session) / "blobs")

    async def sessions(self, workspace: str | None) -> Sequence[SessionKey]:
        """See `Backend.sessions`."""
        return await self._in_thread(self._sessions, workspace)

    def _sessions(self, workspace: str | None) -> list[SessionKey]:
        found = []
        for folder in (self._root / "sessions").glob(f"{workspace or '*'}/*/record"):
            with contextlib.suppress(InvalidValue):
                found.append(SessionKey(folder.parent.parent.name, folder.parent.name))
        return found

    async def announce(self, session: SessionKey, token: str) -> None:
        """See `Backend.announce`."""
        self._alive[token] = await self._in_thread(self._announce, session, token)

    def _announce(self, session: SessionKey, token: str) -> AliveFile:
        path = self._owner(session, token)
        make_private(path.parent)
        for folder in (path.parent, self._folder(session) / "drafts"):
            _remove_leftovers(folder)
        return AliveFile(path)

    async def withdraw(self, session: SessionKey, token: str) -> None:  # noqa: ARG002
        """See `Backend.withdraw`."""
        if alive := self._alive.pop(token, None):
            alive.close()

    async def is_gone(self, session: SessionKey, token: str) -> bool:
        """See `Backend.is_gone`."""
        if token in self._alive:
            return False
        return await self._in_thread(has_ended, self._owner(session, token))

    def _folder(self, session: SessionKey) -> Path:
        return self._root / "sessions" / session.workspace / session.name

    def _blob(self, session: SessionKey, name: str) -> Path:
        if any(part in {"", ".", ".."} for part in name.split("/")):
            raise InvalidValue("Backend.name", "a plain name", name)
        return self._folder(session) / "blobs" / name

    def _owner(self, session: SessionKey, token: str) -> Path:
        return self._folder(session) / "owners" / token

    def _temporary(self, session: SessionKey) -> Path:
        return self._folder(session) / "drafts" / secrets.token_hex(8)

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in a thread, and name what goes wrong."""
        try:
            return await anyio.to_thread.run_sync(functools.partial(work, *args, **kwargs))
        except OSError as error:
            kind = StoreFull if error.errno in _FULL else StoreUnavailable
            raise kind(f"{self.name}: {error}") from error


def _version(number: int) -> str:
    return f"{number:012d}"


def _numbers(folder: Path) -> list[int]:
    try:
        return [int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal()]
    except FileNotFoundError:
        return []


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _sizes(folder: Path) -> dict[str, int]:
    sizes = {}
    for path in folder.rglob("*"):
        # Another process may remove a blob while we look.
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                sizes[path.relative_to(folder).as_posix()] = path.stat().st_size
    return sizes


def _remove_leftovers(folder: Path) -> None:
    """Remove what processes that died have left in a folder a day ago or longer."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime < _LEFTOVER_SECONDS:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            elif folder.name != "owners" or has_ended(path):
                path.unlink()


class LocalAuth(SnapshotStore):
    """An auth store in a folder.

    Processes on the same machine may share the folder; an owner that dies is noticed at once. So
    may machines that share it over a network, if its file system renames folders atomically; there
    a dead owner is noticed when its lease has ended.

    Args:
        path: The folder; it is made if it is missing.
        keyring: Seals what is stored. By default the file `keyring` in the folder, made with a new
            key if it is missing: that keeps backups of single files useless for others, but whoever
            can read the folder can read the sessions. Keep it elsewhere if that is not enough.
        settings: How snapshots are cut and kept.

    Raises:
        KeyRingError: The key ring cannot be read, or others can read it.

    Example:
        >>> import anyio
        >>> from blazz.auth_stores import SessionKey
        >>> async def main() -> int:
        ...     async with LocalAuth("sessions") as store:
        ...         return len(await store.sessions())
        >>> anyio.run(main)
        0
    """

    def __init__(
        self,
        path: str | Path,
        *,
        keyring: KeyRing | None = None,
        settings: Settings | None = None,
    ) -> None:
        if keyring is None:
            keyring = KeyRing.from_file(Path(path) / "keyring", create=True)
        super().__init__(LocalBackend(path), keyring=keyring, settings=settings)
