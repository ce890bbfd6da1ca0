"""Who uses a profile folder, and what a process that was killed left of it."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import IO, Final, Self

import anyio.to_thread

from blazz.databases.presence import try_lock
from blazz.errors.web import ProfileInUse
from blazz.providers.web.processes import browsers_of, kill_browsers_of

_LOCKS: Final = ("SingletonLock", "SingletonSocket", "SingletonCookie")
_SOCKET_FOLDERS: Final = ("org.chromium.", ".org.chromium.", "com.google.Chrome.")


class ProfileLock:
    """The right to run a browser on a profile folder; it ends with this process.

    The lock is a file beside the folder, because a restore replaces the folder. While a browser
    runs, the file says so; whoever finds it saying so with nobody holding it knows that a process
    was killed, and clears up after it.

    Args:
        user_data: The profile folder.
        file: The locked file.
    """

    def __init__(self, user_data: Path, file: IO[bytes]) -> None:
        self._user_data = user_data
        self._file = file

    @property
    def scratch(self) -> Path:
        """A folder for what nobody needs after the browser has ended."""
        return scratch_of(self._user_data)

    @classmethod
    def take(cls, user_data: Path) -> Self:
        """Take the lock, and clear up after a process that was killed; may take a second.

        Raises:
            ProfileInUse: Another browser runs on it, of this process or of another.
            OSError: The folder beside it cannot be written to.
        """
        path = lock_of(user_data)
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            file = os.fdopen(handle, "r+b", buffering=0)
            if not try_lock(file):
                file.close()
                raise ProfileInUse(f"another browser uses the profile {user_data}")
            if _is_still_there(file, path):
                break
            file.close()  # whoever held it has just removed it
        lock = cls(user_data, file)
        try:
            if file.read(1):
                clear_up(user_data)
            elif alien := browsers_of(user_data):
                raise ProfileInUse(f"process {alien[0]} uses the profile {user_data}")
            file.seek(0)
            file.write(b"1")
            lock.scratch.mkdir(parents=True, exist_ok=True)
        except BaseException:
            file.close()
            raise
        return lock

    def release(self) -> None:
        """Give it back; no browser may run any more."""
        if self._file.closed:
            return
        _remove_traces(self._user_data)
        lock = lock_of(self._user_data)
        with contextlib.suppress(OSError):  # Windows does not remove what is open
            lock.unlink()
        with contextlib.suppress(OSError):
            self._file.truncate(0)
        self._file.close()


async def hold_profile(user_data: Path) -> ProfileLock:
    """Take the lock of a profile, before something is written into it.

    Raises:
        ProfileInUse: A browser runs on it, of this process or of another.
        OSError: The folder beside it cannot be written to.
    """
    user_data = user_data.absolute()  # noqa: ASYNC240  # touches no disk
    return await anyio.to_thread.run_sync(ProfileLock.take, user_data)


def clear_up(user_data: Path) -> None:
    """End the browsers of a profile whose owner is dead, and remove what they left."""
    kill_browsers_of(user_data)
    _remove_traces(user_data)


def _remove_traces(user_data: Path) -> None:
    """Remove what a browser leaves that was killed."""
    shutil.rmtree(scratch_of(user_data), ignore_errors=True)
    with contextlib.suppress(OSError):
        folder = (user_data / "SingletonSocket").readlink().parent
        if folder.name.startswith(_SOCKET_FOLDERS):
            shutil.rmtree(folder, ignore_errors=True)
    for name in _LOCKS:
        (user_data / name).unlink(missing_ok=True)


def lock_of(user_data: Path) -> Path:
    """The file that is locked while a browser runs on the profile."""
    return user_data.with_name(f"{user_data.name}.lock")


def scratch_of(user_data: Path) -> Path:
    """The folder for what nobody needs after the browser has ended."""
    return user_data.with_name(f"{user_data.name}.scratch")


def _is_still_there(file: IO[bytes], path: Path) -> bool:
    """Whether the file that was locked is the one of that name, and not one that was removed."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
