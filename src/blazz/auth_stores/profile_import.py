"""Stores the profile folder of a browser as a session, as whatsapp-web.js's LocalAuth leaves it."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

import anyio.to_thread

from blazz.auth_stores.base import AuthStore
from blazz.auth_stores.leases import hold
from blazz.auth_stores.profiles import profile_files, storage_engine
from blazz.auth_stores.revisions import Saved, SessionKey
from blazz.auth_stores.snapshot.contents import Browser, Kind, Snapshot
from blazz.auth_stores.transfer import refuse_to_replace
from blazz.errors import InvalidValue, SourceChanged

_VERSION_FILE: Final = "Last Version"
_LOCK_LINK: Final = "SingletonLock"
_VERSION: Final = re.compile(r"\d+(?:\.\d+){0,3}")


async def import_profile(
    user_data: Path,
    store: AuthStore,
    session: SessionKey,
    *,
    version: str | None = None,
    force: bool = False,
    wait: float = 0.0,
) -> Saved:
    """Store the profile of a browser that has been closed.

    Args:
        user_data: Its user data folder, the one that has `Default` in it.
        store: Where to store it.
        session: The name of the session.
        version: The version of the browser that wrote it; by default what the profile says.
        force: Put it on top of the revisions that the store has of that session.
        wait: Seconds to wait for whoever owns the session.

    Raises:
        InvalidValue: It is no profile, has no data of a web page, or does not tell its version.
        SourceChanged: A browser has it open.
        LeaseTaken: Somebody owns the session.
        StaleSnapshot: The store has revisions of the session.

    Example:
        ::

            folder = Path(".wwebjs_auth/session-main")
            await import_profile(folder, store, SessionKey("acme", "main"))
    """
    snapshot = await anyio.to_thread.run_sync(read_profile, user_data, version)
    async with hold(store, session, wait=wait) as keeper:
        await refuse_to_replace(store, session, force=force)
        saved = await store.save(snapshot, keeper.lease)
        try:
            await anyio.to_thread.run_sync(_refuse_running, user_data)
        except SourceChanged:
            # A browser came up while it was read: what was stored must not pass for whole.
            if not force:
                await store.delete(keeper.lease)
            raise
    return saved


def read_profile(user_data: Path, version: str | None = None) -> Snapshot:
    """Take what a session needs of a profile; see `import_profile`.

    Raises:
        InvalidValue: It is no profile, has no data of a web page, or does not tell its version.
        SourceChanged: A browser has it open.
    """
    files = profile_files(user_data)
    _refuse_running(user_data)
    engine = storage_engine(user_data)
    if engine is None:
        raise InvalidValue("user_data", "a profile in which a page has stored something", user_data)
    browser = Browser(version=version or _version_of(user_data), engine=engine)
    return Snapshot(kind=Kind.WEB, files=files, browser=browser)


def _version_of(user_data: Path) -> str:
    """The version that Chromium notes in the profile when it starts."""
    with suppress(OSError):
        text = (user_data / _VERSION_FILE).read_text(encoding="ascii", errors="replace").strip()
        if _VERSION.fullmatch(text):
            return text
    raise InvalidValue(
        "version", f"given, because the profile has no file {_VERSION_FILE!r}", user_data
    )


def _refuse_running(user_data: Path) -> None:
    """Refuse a profile that a browser has open.

    Chromium makes a link `SingletonLock -> <host>-<process id>`, and leaves it when it is killed.
    """
    try:
        host, _, pid = str((user_data / _LOCK_LINK).readlink()).rpartition("-")
    except OSError:
        return
    if host != socket.gethostname() or not pid.isdigit() or _lives(int(pid)):
        raise SourceChanged(
            f"{user_data} is open in a browser (process {pid} on {host}); close it first. If there"
            f" is none, remove {_LOCK_LINK}"
        )


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
