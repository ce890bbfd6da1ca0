"""Tells whether another process on this machine is still alive, by locks that die with it.

A process that is killed leaves its leases behind. On one machine nobody has to wait until they run
out: each owner holds a lock on a file of its own, and the system drops the lock when it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from pathlib import Path
from typing import IO

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def try_lock(file: IO[bytes]) -> bool:
        """Lock a file for as long as it is open; False if another process has."""
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def try_lock(file: IO[bytes]) -> bool:
        """Lock a file for as long as it is open; False if another process has."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


class Presence:
    """Those who own rows of one database file, as locked files in a folder beside it.

    Args:
        folder: Where the files are; made on first use.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, IO[bytes]] = {}

    async def join(self) -> str:
        """Become an owner: give a name that nobody else has, and hold its lock.

        Raises:
            OSError: The folder cannot be written to.
        """
        while not await self.hold(name := f"{os.getpid()}-{secrets.token_hex(6)}"):
            pass
        return name

    async def hold(self, name: str) -> bool:
        """Hold the lock of a name that nobody had before; False if somebody else has it.

        Who is cancelled meanwhile holds nothing.

        Raises:
            OSError: The folder cannot be written to.
        """
        taking = asyncio.get_running_loop().run_in_executor(None, self._take, name)
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            # The thread goes on, and nobody would let go of what it gets.
            taking.add_done_callback(lambda taken: self._give_back(name, taken))
            raise

    def _take(self, name: str) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            file = self._file(name).open("xb")
        except FileExistsError:
            return False
        # Between the line above and the one below, another process may take the fresh file for a
        # dead owner's; then that process holds the lock.
        if try_lock(file):
            self._held[name] = file
            return True
        file.close()
        return False

    def _give_back(self, name: str, taken: asyncio.Future[bool]) -> None:
        if not taken.cancelled() and taken.exception() is None and taken.result():
            self.leave(name)

    def leave(self, name: str) -> None:
        """Stop being that owner; what it still holds may be taken at once."""
        file = self._held.pop(name, None)
        if file is None:
            return
        file.close()
        with contextlib.suppress(OSError):
            self._file(name).unlink()

    def leave_all(self) -> None:
        """Stop being any owner."""
        for name in list(self._held):
            self.leave(name)

    def is_gone(self, name: str) -> bool:
        """Whether that owner has ended. When in doubt it has not: its lease will run out."""
        if name in self._held:
            return False
        path = self._file(name)
        try:
            with path.open("rb+") as file:
                if not try_lock(file):
                    return False
        except FileNotFoundError:
            return True
        except OSError:
            return False
        with contextlib.suppress(OSError):
            path.unlink()
        return True

    def _file(self, name: str) -> Path:
        return self._folder / f"{Path(name).name}.lock"
