"""A lock on a file that ends with the process that holds it, however that process ends."""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path
from typing import Final

# Windows keeps others from reading a locked range: lock one that nobody reads.
_WINDOWS_OFFSET: Final = 2**30


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        os.lseek(handle, _WINDOWS_OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class AliveFile:
    """A locked file: as long as it is locked, the process that made it is alive.

    It also names the machine, because a lock on a network file system may not be seen elsewhere.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(self._handle, machine().encode())
        if not _try_lock(self._handle):
            os.close(self._handle)
            raise BlockingIOError(f"{path} is locked by another process")

    def close(self) -> None:
        """Unlock and remove it."""
        os.close(self._handle)
        self.path.unlink(missing_ok=True)


def has_ended(path: Path) -> bool:
    """Whether the process that made an `AliveFile` has certainly ended.

    False if it is alive, if it ran on another machine, or if nothing is known.
    """
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return os.read(handle, 4096) == machine().encode() and _try_lock(handle)
    finally:
        os.close(handle)


def machine() -> str:
    """Names the running system; on Linux also this very start of it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{uuid.getnode():012x}"
