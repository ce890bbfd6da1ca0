"""Makes a browser on a session's profile, with all that the page needs but the page itself."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import anyio

from blazz.auth_stores.snapshot.contents import Browser
from blazz.providers.web.assets import find_wa_js
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.browser import RunningBrowser
from blazz.providers.web.browser_storage import BrowserStorage
from blazz.providers.web.finding import find_chromium
from blazz.providers.web.launching import launch
from blazz.providers.web.profiles import hold_profile
from blazz.providers.web.settings import BrowserSettings

PROFILE: Final = "profile"
"""The name of the profile folder within a session's folder."""

_VERSION: Final = re.compile(r"\d+(?:\.\d+){1,3}")
_VERSION_SECONDS: Final = 10.0


def _unseen(_: RunningBrowser) -> None:
    """Take no note of a browser that was launched."""


async def make_ready(
    settings: BrowserSettings,
    folder: Path,
    restore: Callable[[], Awaitable[BrowserStorage | None]],
    *,
    launched: Callable[[RunningBrowser], None] = _unseen,
) -> Bridge:
    """Restore a profile, start a browser on it and make its page ready to be opened.

    Nothing of WhatsApp is loaded yet.

    Args:
        settings: How the browser is to be.
        folder: The profile folder.
        restore: Gets the newest state into the folder; gives what the page must be given.
        launched: Told of the browser as soon as it runs.

    Raises:
        WebError: It did not start.
        BlazzError: The profile could not be restored, or wa-js is missing.
    """
    wa_js = find_wa_js(settings.wa_js, version=settings.wa_js_version)
    # Held from before the restore on: a browser that a killed process left must not write into it.
    lock = await hold_profile(folder)
    try:
        storage = await restore()
    except BaseException:
        lock.release()
        raise
    browser = await launch(settings, folder, held=lock)
    launched(browser)
    try:
        bridge = await Bridge.attach(
            browser,
            wa_js=wa_js.path,
            version=wa_js.version,
            local_storage=storage.local_storage if storage else None,
            cookies=storage.cookies if storage else (),
        )
        await bridge.make_ready()
    except BaseException:
        with anyio.CancelScope(shield=True):
            await browser.kill()
        raise
    return bridge


async def expected_browser(settings: BrowserSettings) -> Browser | None:
    """The browser that will be launched, as far as that is known without launching it."""
    if settings.launcher is not None:
        return None
    program = find_chromium(settings.executable, headless=settings.headless)
    with anyio.move_on_after(_VERSION_SECONDS):
        answer = await anyio.run_process([str(program), "--version"], check=False)
        if found := _VERSION.search(answer.stdout.decode("ascii", "replace")):
            return Browser(version=found[0], engine=settings.engine)
    return None
