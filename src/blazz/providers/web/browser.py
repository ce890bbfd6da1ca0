"""One Chromium on one profile folder, as long as it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from blazz.providers.web.processes import ProcessTree
from blazz.providers.web.profiles import ProfileLock
from blazz.providers.web.settings import BrowserSettings

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

_CLOSE_SECONDS: Final = 10.0


class RunningBrowser:
    """A browser that runs; `launch` makes it.

    Attributes:
        pid: The pid of its main process.
        version: Chromium's version, such as `156.0.8078.79`.
        user_data: Its profile folder.
        settings: How it was started.
        context: Playwright's context, which is the profile.
        page: Its only page.
        closed: Set when it has ended, whatever ended it.
    """

    def __init__(
        self,
        *,
        process: ProcessTree,
        version: str,
        user_data: Path,
        settings: BrowserSettings,
        context: BrowserContext,
        page: Page,
        lock: ProfileLock,
        give_back: Callable[[], Awaitable[None]],
    ) -> None:
        self.pid = process.pid
        self.version = version
        self.user_data = user_data
        self.settings = settings
        self.context = context
        self.page = page
        self.closed = anyio.Event()
        self._process = process
        self._lock = lock
        self._give_back = give_back
        self._released = False
        self._closing = anyio.Lock()
        self._releasing = anyio.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._stop_watching = process.watch(self._note_end)
        context.on("close", self._lost)
        if self._stop_watching is None and not process.is_running():
            self._note_end()

    def when_closed(self, action: Callable[[], None]) -> None:
        """Call something as soon as it has ended; at once if it has."""
        self._listeners.append(action)
        if self.closed.is_set():
            action()

    async def close(self) -> None:
        """End it in good order, so that all it knows is on the disk; does nothing if it has ended.

        A browser that does not end within 10 s is killed. Cancellation does not stop this.
        """
        with anyio.CancelScope(shield=True):
            # It counts as closed before its process has ended: nobody else may kill it until then.
            async with self._closing:
                with contextlib.suppress(Exception), anyio.fail_after(_CLOSE_SECONDS):
                    if not self.closed.is_set():
                        await self.context.close()
                        await anyio.to_thread.run_sync(self._process.wait, _CLOSE_SECONDS)
                await self._end()

    async def kill(self) -> None:
        """End it at once; what it has not written yet is lost. Cancellation does not stop this."""
        with anyio.CancelScope(shield=True):
            await self._end()

    def memory(self) -> int:
        """Bytes that its processes use, shared ones in proportion; takes some milliseconds."""
        return 0 if self.closed.is_set() else self._process.memory()

    def has_outgrown(self) -> bool:
        """Whether it uses more than its settings allow; takes some milliseconds."""
        limit = self.settings.memory_limit
        return limit is not None and self.memory() > limit

    async def _end(self) -> None:
        async with self._releasing:
            if self._released:
                return
            self._released = True
            await anyio.to_thread.run_sync(self._process.kill)
            if self._stop_watching is not None:
                self._stop_watching()
            self._note_end()
            try:
                await self._give_back()
            finally:
                await anyio.to_thread.run_sync(self._lock.release)

    def _lost(self, _: object) -> None:
        """Playwright has lost it: it ends now, unless it hangs; it cannot be used any more."""
        self._note_end()

    def _note_end(self) -> None:
        if not self.closed.is_set():
            self.closed.set()
            for action in self._listeners:
                action()
