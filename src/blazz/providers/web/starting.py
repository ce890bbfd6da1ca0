"""Starts one browser for a session: restores its profile, launches, loads, checks, keeps."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from blazz.auth_stores.keeping_base import SessionKeeper
from blazz.auth_stores.snapshot.contents import Browser, Snapshot
from blazz.providers.web.assets import find_wa_js
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.browser import RunningBrowser
from blazz.providers.web.browser_storage import BrowserStorage, restore_documents
from blazz.providers.web.capture import ProfileCapture, capture_closed
from blazz.providers.web.launching import launch
from blazz.providers.web.settings import BrowserSettings


@dataclass(slots=True)
class Profile:
    """The browser profile of a session, and what keeps it.

    Attributes:
        folder: The profile folder.
        keeper: Backs it up; None: nobody does.
        closed: The last browser on it was closed in good order: all that it knew is in the folder.
    """

    folder: Path
    keeper: SessionKeeper | None = None
    closed: bool = field(default=False, init=False)
    _restored: bool = field(default=False, init=False)
    _browser: Browser | None = field(default=None, init=False)

    async def restore(self) -> BrowserStorage | None:
        """Get the newest state into the folder, once; what the page must be given, if anything."""
        if self.keeper is None or self._restored:
            return None
        documents = await self.keeper.restore(self.folder, browser=self._browser)
        self._restored = True
        return restore_documents(documents) if documents is not None else None

    def used_by(self, browser: RunningBrowser) -> None:
        """Note which browser uses it."""
        self.closed = False
        self._browser = Browser(
            version=browser.version,
            engine=browser.settings.engine,
            wa_js=None if browser.settings.wa_js else browser.settings.wa_js_version,
        )

    def capture_of(self, browser: RunningBrowser) -> ProfileCapture:
        """What takes snapshots of it while a browser uses it."""
        assert self._browser is not None
        return ProfileCapture(
            pid=browser.pid, user_data=self.folder, page=browser.page, browser=self._browser
        )

    async def captured(self) -> Snapshot:
        """Take a snapshot of it after a clean close."""
        assert self._browser is not None
        return await capture_closed(self.folder, browser=self._browser)

    async def forget(self) -> None:
        """Remove it: its login has ended."""
        await anyio.to_thread.run_sync(_remove, self.folder)


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

    async def end(self, *, kept: bool) -> None:
        """Close it; `kept`: its login lives on."""
        with anyio.CancelScope(shield=True):
            died = self.browser.closed.is_set()
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
    wa_js = find_wa_js(settings.wa_js, version=settings.wa_js_version)
    storage = await profile.restore()
    browser = await launch(settings, profile.folder)
    profile.used_by(browser)
    try:
        bridge = await Bridge.attach(
            browser,
            wa_js=wa_js.path,
            local_storage=storage.local_storage if storage else None,
            cookies=storage.cookies if storage else (),
            on_event=on_event,
        )
        await bridge.open()
        await bridge.probe()
    except BaseException:
        with anyio.CancelScope(shield=True):
            await browser.kill()
        raise
    return Started(browser, bridge, profile)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
