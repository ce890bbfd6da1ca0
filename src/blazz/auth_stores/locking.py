"""A lock on a file that ends with the process that holds it, however that process ends."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from blazz.databases.presence import try_lock


class AliveFile:
    """A locked file: as long as it is locked, the process that made it is alive.

    It also names the machine, because a lock on a network file system may not be seen elsewhere.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(handle, "r+b", buffering=0)
        self._file.write(machine().encode())
        if not try_lock(self._file):
            self._file.close()
            raise BlockingIOError(f"{path} is locked by another process")

    def close(self) -> None:
        """Unlock and remove it."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def has_ended(path: Path) -> bool:
    """Whether the process that made an `AliveFile` has certainly ended.

    False if it is alive, if it ran on another machine, or if nothing is known.
    """
    try:
        with path.open("r+b", buffering=0) as file:
            return file.read() == machine().encode() and try_lock(file)
    except OSError:
        return False  # Windows lets nobody else read a locked file.


def machine() -> str:
    """Names the running system; on Linux also this very start of it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{uuid.getnode():012x}"
