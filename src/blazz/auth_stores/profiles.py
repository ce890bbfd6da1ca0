"""Which files of a Chromium profile a WhatsApp Web session needs."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from blazz.auth_stores.snapshot.contents import FileSource, SnapshotFile, StorageEngine
from blazz.auth_stores.snapshot.unread import identity
from blazz.errors import InvalidValue, SourceChanged

NEEDED: Final = (
    "Default/IndexedDB",
    "Default/Local Storage",
    "Default/Cookies",
    "Default/Cookies-journal",
    "Default/Network/Cookies",
    "Default/Network/Cookies-journal",
)
"""All that a restored session needs, relative to the user data folder. Everything else is caches,
settings that Chromium makes anew, and history."""

_SKIPPED: Final = {"LOCK", "LOG", "LOG.old"}
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"


def profile_files(user_data: Path) -> tuple[SnapshotFile, ...]:
    """Take the files of a profile that no browser has open.

    The files of a running browser change while they are read: capture them as the Web provider
    does.

    Args:
        user_data: The user data folder, the one that has `Default` in it.

    Raises:
        InvalidValue: There is no such folder, or something in it is neither file nor folder.
        SourceChanged: A file vanished meanwhile: a browser is using it.
    """
    if not (user_data / "Default").is_dir():
        raise InvalidValue("user_data", "a Chromium user data folder", str(user_data))
    now = time.time()
    return tuple(
        SnapshotFile(
            path.relative_to(user_data).as_posix(),
            FileSource(path, state.st_size),
            identity(state, state.st_size, at=now),
        )
        for part in NEEDED
        for path, state in _regular_files(user_data / part)
    )


def storage_engine(user_data: Path) -> StorageEngine | None:
    """How a profile keeps IndexedDB, judged by its files; None if it has none."""
    folder = user_data / "Default" / "IndexedDB"
    found = [path for path, _ in _regular_files(folder)]
    if any(path.parent.name.endswith(".leveldb") for path in found):
        return StorageEngine.LEVELDB
    for path in found:
        with path.open("rb") as file:
            if file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC:
                return StorageEngine.SQLITE
    return None


def _regular_files(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The files at or below a path and their states; a link could lead anywhere and is refused."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(found.st_mode):
        try:
            inside = sorted(path.iterdir())
        except FileNotFoundError as error:
            raise SourceChanged(f"{path} vanished: a browser is using the profile") from error
        for each in inside:
            yield from _regular_files(each)
    elif not stat.S_ISREG(found.st_mode):
        raise InvalidValue("user_data", "only files and folders", str(path))
    elif path.name not in _SKIPPED:
        yield path, found
