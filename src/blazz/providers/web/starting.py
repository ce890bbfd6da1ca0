"""Starts one browser for a session: restores its profile, launches, loads, checks, keeps."""

from __future__ import annotations

import dataclasses
import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread

from blazz.auth_stores.keeping_base import SessionKeeper
from blazz.auth_stores.restoring import Restored
from blazz.auth_stores.snapshot.contents import Browser, Snapshot
from blazz.errors import AuthStoreError
from blazz.errors.web import BrowserFailed
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.browser import RunningBrowser
from blazz.providers.web.browser_storage import BrowserStorage, read_storage, restore_documents
from blazz.providers.web.capture import ProfileCapture, capture_closed
from blazz.providers.web.making import expected_browser, make_ready
from blazz.providers.web.outbox import Outbox
from blazz.providers.web.preparing import Preparing
from blazz.providers.web.settings import BrowserSettings

_OUTBOX: Final = "outbox.json"
log: Final = logging.getLogger("blazz.web")


@dataclass(slots=True)
class Profile:
    """The browser profile of a session, and what keeps it.

    Attributes:
        folder: The profile folder.
        outbox: What was sent; it goes with the profile from machine to machine.
        keeper: Backs it up; None: nobody does.
        preparing: Has made a browser ready before the session was ours; None: nobody has.
        closed: The last browser on it was closed in good order: all that it knew is in the folder.
        remembered: localStorage and cookies as the last browser had them. Chromium writes them to
            the disk up to a minute late; after a crash the page is given these instead.
    """

    folder: Path
    outbox: Outbox
    keeper: SessionKeeper | None = None
    preparing: Preparing | None = None
    closed: bool = field(default=False, init=False)
    remembered: BrowserStorage | None = field(default=None, init=False, repr=False)
    _browser: Browser | None = field(default=None, init=False)

    async def restore(self, settings: BrowserSettings) -> BrowserStorage | None:
        """Get the newest state into the folder; what the page must be given, if anything.

        Raises:
            IncompatibleBrowser: The browser of this machine may not open what is stored.
            AuthStoreError: It could not be restored.
        """
        kept = None if self.closed else self.remembered
        if self.keeper is None:
            return kept
        browser = self._browser or await expected_browser(settings)
        documents = await self.keeper.restore(self.folder, browser=browser)
        if documents is None:
            return kept
        await self._take_outbox(documents)
        return restore_documents(documents)

    async def prepared_page(self) -> Bridge | None:
        """The page of a browser that was made ready before the session was ours, if it may be used.

        Otherwise that browser has ended, and nothing is left of it.
        """
        preparing, self.preparing = self.preparing, None
        prepared = None if preparing is None else await preparing.take()
        if prepared is None:
            return None
        browser = prepared.bridge.browser
        try:
            if not browser.closed.is_set() and await self._adopt(prepared.restored):
                self.used_by(browser)
                return prepared.bridge
        except AuthStoreError as error:
            log.warning("%s: what was prepared is not used: %s", self.folder, error)
        except BaseException:
            await prepared.throw_away()
            raise
        await prepared.throw_away()
        return None

    async def _adopt(self, restored: Restored) -> bool:
        if self.keeper is None or not await self.keeper.adopt(self.folder, restored):
            return False
        await self._take_outbox(restored.documents)
        return True

    async def _take_outbox(self, documents: Mapping[str, bytes]) -> None:
        if (sent := documents.get(_OUTBOX)) is not None:
            await self.outbox.merge(sent)

    async def remember(self, browser: RunningBrowser) -> None:
        """Take note of what Chromium writes late.

        Raises:
            CaptureFailed: The browser did not tell it.
        """
        self.remembered = await read_storage(browser.page)

    def used_by(self, browser: RunningBrowser) -> None:
        """Note which browser uses it."""
        self.closed = False
        self._browser = Browser(
            version=browser.version,
            engine=browser.settings.engine,
            wa_js=None if browser.settings.wa_js else browser.settings.wa_js_version,
        )

    def capture_of(self, browser: RunningBrowser) -> Callable[[], Awaitable[Snapshot]]:
        """What takes snapshots of it while a browser uses it."""
        assert self._browser is not None
        keeper = self.keeper
        capture = ProfileCapture(
            pid=browser.pid,
            user_data=self.folder,
            page=browser.page,
            browser=self._browser,
            on_captured=lambda it: None if keeper is None else keeper.paused(it.pause),
        )

        async def take() -> Snapshot:
            return await self._with_outbox(await capture())

        return take

    async def captured(self) -> Snapshot:
        """Take a snapshot of it after a clean close."""
        assert self._browser is not None
        return await self._with_outbox(await capture_closed(self.folder, browser=self._browser))

    async def _with_outbox(self, snapshot: Snapshot) -> Snapshot:
        # After the profile was taken: a message that is in the page is in here, too.
        documents = {**snapshot.documents, _OUTBOX: await self.outbox.export()}
        return dataclasses.replace(snapshot, documents=documents)

    async def forget(self) -> None:
        """Remove it: its login has ended, and nobody shall restore it."""
        self.remembered = None
        self.closed = False
        await anyio.to_thread.run_sync(_remove, self.folder)
        if self.keeper is not None:
            try:
                await self.keeper.forget()
            except AuthStoreError as error:
                log.warning("%s: the end of its login is not stored: %s", self.folder, error)


@dataclass(slots=True)
class Started:
    """A browser that runs, with its page.

    Attributes:
        browser: The browser.
        bridge: Its page.
        profile: The profile that it runs on.
    """

    browser: RunningBrowser
    bridge: Bridge
    profile: Profile

    async def end(self, *, kept: bool, died: bool) -> None:
        """Close it.

        Args:
            kept: Its login lives on.
            died: It ended by itself, or hangs: what it knew may not all be on the disk.
        """
        if self.profile.keeper is not None:
            # The next snapshot is one of the next browser: until then its pid may become another's.
            self.profile.keeper.stop()
        with anyio.CancelScope(shield=True):
            died = died or self.browser.closed.is_set()
            await self.browser.close()
            self.profile.closed = not died
            if not kept:
                await self.profile.forget()


async def start(
    settings: BrowserSettings, profile: Profile, on_event: Callable[[str, Any], None]
) -> Started:
    """Start a browser on a profile and load WhatsApp Web.

    Raises:
        WebError: It did not start, or the page was not loaded.
        BlazzError: The profile could not be restored, or wa-js is missing.
    """
    try:
        bridge = await profile.prepared_page() or await make_ready(
            settings, profile.folder, lambda: profile.restore(settings), launched=profile.used_by
        )
    except OSError as error:  # such as a full disk: it may have room again
        raise BrowserFailed(f"the browser cannot be started: {error}") from error
    bridge.listen(on_event)
    try:
        await bridge.open()
        await bridge.probe()
    except BaseException:
        with anyio.CancelScope(shield=True):
            await bridge.browser.kill()
        raise
    return Started(bridge.browser, bridge, profile)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
