"""Chromium for tests: Debian's, driven by Playwright, with wa-js in every page."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from blazz.errors import ConfigurationError
from blazz.providers.web.assets import install_wa_js

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Playwright

PROGRAMS = ("chromium-headless-shell", "chromium")
QUIET = (
    "--disable-extensions",
    "--disable-features=IdbSqliteBackingStore,MediaRouter,SpareRendererForSitePerProcess,Translate",
    "--disable-software-rasterizer",
    "--enable-features=NetworkServiceInProcess2",
    "--in-process-gpu",
    "--mute-audio",
    "--no-zygote",
    "--renderer-process-limit=1",
)
NO_ANALYTICS = "window.WPPConfig = { disableGoogleAnalytics: true }"

Problems: TypeAlias = list[str]
"""What went wrong in a page: errors on its console and exceptions that nobody caught."""


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser; a test that needs it fails with one clear line where there is none."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return Path(found)
    pytest.fail(
        "Chromium is not installed; on Debian run: apt-get install chromium-headless-shell",
        pytrace=False,
    )


@pytest.fixture(scope="session")
def wa_js_path() -> Path:
    """The real wa-js, fetched through npm once and kept in the user's cache."""
    try:
        return install_wa_js().path
    except ConfigurationError as error:
        pytest.fail(f"{error}; on Debian run: apt-get install npm", pytrace=False)


@pytest.fixture(scope="session")
def web_variables(chromium_path: Path, wa_js_path: Path) -> dict[str, str]:
    """What WhatsApp Web needs of the environment in a process with another home folder."""
    return {"BLAZZ_CHROMIUM": str(chromium_path), "BLAZZ_WA_JS": str(wa_js_path)}


@asynccontextmanager
async def open_profile(
    playwright: Playwright, program: Path, profile: Path, *, wa_js: Path | None
) -> AsyncIterator[BrowserContext]:
    """Open a browser on a profile folder, with wa-js in every page unless it is None."""
    context = await playwright.chromium.launch_persistent_context(
        profile, executable_path=program, headless=True, args=_arguments()
    )
    try:
        await _add_wa_js(context, wa_js)
        yield context
    finally:
        await context.close()


@asynccontextmanager
async def open_browser(playwright: Playwright, program: Path) -> AsyncIterator[Browser]:
    """Open a browser that keeps nothing; each of its windows is a profile in memory."""
    browser = await playwright.chromium.launch(
        executable_path=program, headless=True, args=_arguments()
    )
    try:
        yield browser
    finally:
        await browser.close()


@asynccontextmanager
async def open_window(browser: Browser, wa_js: Path | None) -> AsyncIterator[BrowserContext]:
    """Open a window of a browser, with wa-js in every page unless it is None."""
    context = await browser.new_context()
    try:
        await _add_wa_js(context, wa_js)
        yield context
    finally:
        await context.close()


def _arguments() -> list[str]:
    return [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


async def _add_wa_js(context: BrowserContext, wa_js: Path | None) -> None:
    if wa_js is not None:
        await context.add_init_script(NO_ANALYTICS)
        await context.add_init_script(path=wa_js)


def watch(page: Page, *, origin: str) -> Problems:
    """Collect what goes wrong in a page from now on; so does a request to any other server."""
    problems: Problems = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((origin, "data:", "blob:"))
            else problems.append(f"a request to {request.url}")
        ),
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    return problems
