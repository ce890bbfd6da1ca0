"""Takes the files of a browser's folder as they are at one moment, without touching the disk.

What is opened stays as it was under its name, whatever becomes of the name: tables are never
changed, logs only grow, and a size that is noted cuts off what they grow by. What changes in place
is noted so that a later copy can be proved. To write, even a link, could wait for a slow disk while
the browser stands still.
"""

from __future__ import annotations

import os
import stat
import time

from .wal import HEADER_BYTES, committed_end

SMALL_BYTES = 256 * 1024
"""Databases up to this size are read at once."""

QUIET_NS = 20_000_000
"""Nanoseconds that a database must have been left alone to be copied later: its time of change
moves in steps of the system's tick, so that a younger one may hide a further change."""

# Where a flag is missing, what it does is missing, too, or is what happens anyway.
_OPEN = os.O_RDONLY
for _flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW"):
    _OPEN |= getattr(os, _flag, 0)

SKIPPED = frozenset(("LOCK", "LOG", "LOG.old"))
_SIDES = ("-wal", "-journal", "-shm")

TYPE_CHECKING = False  # The real one costs the time to import it.
if TYPE_CHECKING:
    from collections.abc import Iterable


class Refused(Exception):
    """The folder has something in it that is neither file nor folder."""


class Taken:
    """One file at the moment.

    Attributes:
        name: Its name below the folder, with `/` between the parts.
        handle: The open file.
        size: How many of its bytes belong to the moment.
        content: These bytes, if they had to be read at once.
        proof: What `evidence` must still be when its bytes are read later; None: they do not
            change any more.
        busy: Why it cannot be copied later; None: it can.
    """

    __slots__ = ("busy", "content", "handle", "name", "proof", "size")

    def __init__(self, name: str, handle: int, size: int) -> None:
        self.name = name
        self.handle = handle
        self.size = size
        self.content: bytes | None = None
        self.proof: list[int] | str | None = None
        self.busy: str | None = None

    def read(self, offset: int, length: int) -> bytes:
        """Read some of its bytes, fewer at its end."""
        return read(self.handle, offset, length)

    def read_all(self) -> bytes:
        """Read what belongs to the moment."""
        pieces = []
        offset = 0
        while offset < self.size and (piece := self.read(offset, self.size - offset)):
            pieces.append(piece)
            offset += len(piece)
        return b"".join(pieces)

    def evidence(self) -> list[int] | str:
        """What differs once bytes that belong to the moment may have been changed."""
        return evidence(self.name, self.handle)

    def close(self) -> None:
        """Close it."""
        os.close(self.handle)


def read(handle: int, offset: int, length: int) -> bytes:
    """Read some bytes of an open file, fewer at its end."""
    os.lseek(handle, offset, os.SEEK_SET)
    return os.read(handle, length)


def evidence(name: str, handle: int) -> list[int] | str:
    """What differs once bytes of a database, or committed ones of its log, have been changed.

    Only copying a write-ahead log back changes its database, and only when that is done is the log
    begun anew, with another header. While both stand, all that is committed in the log stays where
    it is.
    """
    if name.endswith("-wal"):
        return read(handle, 0, HEADER_BYTES).hex()
    found = os.fstat(handle)
    return [found.st_mtime_ns, found.st_size]


class Moment:
    """All files of some parts of a folder, as they are while this is made.

    Args:
        folder: The folder.
        parts: The files and folders in it that are wanted; those that are missing are left out.
        at_once: Databases up to so many bytes are read at once; others are copied afterwards.
    """

    def __init__(self, folder: str, parts: Iterable[str], *, at_once: int = SMALL_BYTES) -> None:
        self.files: list[Taken] = []
        try:
            for part in parts:
                self._take(f"{folder}/{part}", part)
            self._take_databases(at_once)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Moment:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all files."""
        while self.files:
            self.files.pop().close()

    @property
    def busy(self) -> str | None:
        """Why some file cannot be had; None: all can."""
        return next((each.busy for each in self.files if each.busy), None)

    def fingerprint(self) -> list[tuple[str, int]]:
        """What moves when LevelDB's set of tables does: names of all its files, size of its list.

        If two fingerprints are equal, whatever was opened in between fits together.
        """
        return [
            (each.name, each.size if base_name(each.name).startswith("MANIFEST-") else 0)
            for each in self.files
            if in_leveldb(each.name)
        ]

    def _take(self, path: str, name: str) -> None:
        try:
            found = os.lstat(path)
            inside = sorted(os.listdir(path)) if stat.S_ISDIR(found.st_mode) else None
        except FileNotFoundError:
            return
        if inside is not None:
            for entry in inside:
                self._take(f"{path}/{entry}", f"{name}/{entry}")
        elif not stat.S_ISREG(found.st_mode):
            raise Refused(f"{path} is neither file nor folder")
        elif base_name(name) not in SKIPPED and not name.endswith("-shm"):
            self._open(path, name)

    def _open(self, path: str, name: str) -> None:
        try:
            handle = os.open(path, _OPEN)
        except FileNotFoundError:
            return
        self.files.append(Taken(name, handle, os.fstat(handle).st_size))

    def _take_databases(self, at_once: int) -> None:
        by_name = {each.name: each for each in self.files}
        for main in self.files:
            if changes_in_place(main.name) and not main.name.endswith(_SIDES):
                sides = [by_name.get(main.name + side) for side in _SIDES]
                _take_database([main, *(each for each in sides if each is not None)], at_once)
        # A log without anything in it is as good as none.
        for each in [it for it in self.files if not it.size and it.name.endswith(_SIDES)]:
            self.files.remove(each)
            each.close()


def _take_database(parts: list[Taken], at_once: int) -> None:
    """Take a database and its logs, so that they fit together."""
    main = parts[0]
    for each in parts:
        each.proof = each.evidence()
        if each.name.endswith("-wal"):
            each.size = committed_end(each.read, each.size)
        elif each.name.endswith("-journal") and each.size:
            main.busy = f"{main.name} is in a transaction"
    changed_at = os.fstat(main.handle).st_mtime_ns
    if time.time_ns() - changed_at < QUIET_NS:
        main.busy = f"{main.name} is being written"
    if sum(each.size for each in parts) <= at_once:
        main.busy = None
        for each in parts:
            each.content = each.read_all()
        # Of no use while everything stands still, and all the proof there is where nothing does.
        if any(each.evidence() != each.proof for each in parts):
            main.busy = f"{main.name} changed while it was read"


def in_leveldb(name: str) -> bool:
    """Whether a file is part of a LevelDB: made once, appended to, or replaced as a whole."""
    folder = base_name(name.rpartition("/")[0])
    return folder == "leveldb" or folder.endswith(".leveldb")


def changes_in_place(name: str) -> bool:
    """Whether bytes of a file that are written may be written again; so with databases of SQLite.

    Blobs beside a LevelDB are written once.
    """
    return not in_leveldb(name) and ".indexeddb.blob/" not in name


def base_name(name: str) -> str:
    """The last part of a name."""
    return name.rpartition("/")[2]
