"""Gets a browser ready for a session that another process still owns."""

from __future__ import annotations

import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from blazz.auth_stores.restoring import Phase, Restored, read_state
from blazz.auth_stores.tasks import BoundedTasks
from blazz.errors import BlazzError
from blazz.providers.base import StandbyContext
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.browser_storage import BrowserStorage, restore_documents
from blazz.providers.web.driver import this_loops_driver
from blazz.providers.web.free_memory import free_memory
from blazz.providers.web.making import PROFILE, expected_browser, make_ready
from blazz.providers.web.profiles import hold_profile
from blazz.providers.web.settings import MEGABYTE, BrowserSettings

_NEEDED: Final = 512 * MEGABYTE
"""Bytes that must be free: a page of WhatsApp Web begins at about 300 MB."""

_log: Final = logging.getLogger("blazz.web")


@dataclass(frozen=True, slots=True)
class PreparedBrowser:
    """A browser on a snapshot that was restored before its session was ours.

    It shows nothing of WhatsApp, so the login in it is as it was stored.

    Attributes:
        bridge: Its page, ready to be opened.
        restored: What its profile was restored from.
    """

    bridge: Bridge
    restored: Restored

    async def throw_away(self) -> None:
        """End it, and remove its profile: a login must not lie where its session does not run."""
        await self.bridge.browser.kill()
        await _clear(self.bridge.browser.user_data, self.restored)


class Preparing:
    """Has a browser ready as soon as the owner of a session seems to be gone.

    If the owner comes back the browser is thrown away. An error is noted and prevents nothing: who
    finds no browser ready starts one.

    Args:
        settings: How the browser is to be.
        context: Which session.
        room: Limits how many are started at the same time.
    """

    def __init__(
        self, settings: BrowserSettings, context: StandbyContext, *, room: anyio.Semaphore
    ) -> None:
        self._settings = settings
        self._context = context
        self._room = room
        self._changing = anyio.Lock()
        self._ready: PreparedBrowser | None = None
        self._over = False

    async def run(self) -> None:
        """Do it until cancelled."""
        standby = self._context.standby
        try:
            while True:
                await standby.until(overdue=True)
                async with self._room:
                    await self._prepare()
                await standby.until(overdue=False)
                await self._throw_away()
        finally:
            with anyio.CancelScope(shield=True):
                await self._throw_away()

    async def take(self) -> PreparedBrowser | None:
        """Get what is ready, as the owner of the session; what has begun is waited for."""
        self._over = True
        async with self._changing:
            ready, self._ready = self._ready, None
            return ready

    async def _throw_away(self) -> None:
        async with self._changing:
            ready, self._ready = self._ready, None
            if ready is not None:
                _log.info("%s: a browser was prepared in vain", self._context.session)
                await ready.throw_away()

    async def _prepare(self) -> None:
        async with self._changing:
            if self._over:
                return
            free = await anyio.to_thread.run_sync(free_memory)
            if free < _NEEDED:
                _log.info("%s: not prepared, %d bytes are free", self._context.session, free)
                return
            try:
                self._ready = await self._made()
            except Exception as error:  # noqa: BLE001  # whatever it is, who needs one starts one
                _log.info("%s: not prepared: %s", self._context.session, error)

    async def _made(self) -> PreparedBrowser | None:
        folder = self._context.folder / PROFILE
        restored: Restored | None = None

        async def restore() -> BrowserStorage | None:
            nonlocal restored
            browser = await expected_browser(self._settings)
            restored = await self._context.standby.restore(folder, browser=browser)
            if restored is None:
                raise _NothingToRestore
            return restore_documents(restored.documents)

        try:
            bridge = await make_ready(self._settings, folder, restore)
        except _NothingToRestore:
            return None
        except BaseException:
            if restored is not None:
                await _clear(folder, restored)
            raise
        assert restored is not None
        _log.info("%s: a browser is prepared", self._context.session)
        return PreparedBrowser(bridge, restored)


class _NothingToRestore(Exception):  # not an error
    """There is nothing that a browser could be prepared with."""


@asynccontextmanager
async def prepared_while_waiting(
    settings: BrowserSettings, context: StandbyContext
) -> AsyncIterator[Preparing]:
    """Prepare within a block, and throw away at its end what nobody took."""
    preparing = Preparing(settings, context, room=this_loops_driver().preparing)
    async with BoundedTasks(1) as tasks:
        await tasks.start(preparing.run)
        yield preparing
        tasks.cancel()


async def _clear(folder: Path, restored: Restored) -> None:
    """Remove a profile that was restored in vain, unless somebody uses it already."""
    with anyio.CancelScope(shield=True), suppress(BlazzError, OSError):
        lock = await hold_profile(folder)
        try:
            await anyio.to_thread.run_sync(_remove, folder, restored)
        finally:
            lock.release()


def _remove(folder: Path, restored: Restored) -> None:
    state = read_state(folder)
    untouched = (restored.revision.number, Phase.RESTORED)
    if state is not None and (state.revision, state.phase) == untouched:
        shutil.rmtree(folder, ignore_errors=True)
