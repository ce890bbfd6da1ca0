"""A simulated WhatsApp Web and a real browser, shared by the tests of one file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright

from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from blazz.sandbox.web.serving import running_web
from tests.integration.sandbox_web.tab import Tab
from tests.servers.chromium import (
    chromium_path,
    open_browser,
    open_profile,
    open_window,
    wa_js_path,
)

__all__ = ["chromium_path", "wa_js_path"]

OpenProfile: TypeAlias = Callable[[Path], AbstractAsyncContextManager[BrowserContext]]

SHOP = "+6281100000001"
BUDI = "+6281200000002"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    """Playwright, without a browser of its own."""
    async with async_playwright() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web() -> AsyncIterator[SimulatedWeb]:
    """A simulated WhatsApp."""
    async with running_web() as started:
        yield started


@pytest.fixture(scope="module")
def profile(playwright: Playwright, chromium_path: Path, wa_js_path: Path) -> OpenProfile:
    """Opens a browser with wa-js on a profile folder."""
    return partial(open_profile, playwright, chromium_path, wa_js=wa_js_path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(playwright: Playwright, chromium_path: Path) -> AsyncIterator[Browser]:
    """A browser whose windows keep nothing."""
    async with open_browser(playwright, chromium_path) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser, wa_js_path: Path) -> AsyncIterator[BrowserContext]:
    """A fresh window with wa-js in every page."""
    async with open_window(browser, wa_js_path) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tab(web: SimulatedWeb, browser: Browser, wa_js_path: Path) -> AsyncIterator[Tab]:
    """A tab that is linked to the shop's phone; nothing may go wrong in it."""
    async with open_window(browser, wa_js_path) as context:
        opened = await Tab.open(context, web)
        await opened.link(web.phone(SHOP, name="Shop"))
        yield opened
        assert opened.problems == []


@pytest.fixture
def shop(web: SimulatedWeb) -> SimulatedPhone:
    """The phone that the tab is linked to."""
    return web.phone(SHOP, name="Shop")


@pytest.fixture
def budi(web: SimulatedWeb) -> SimulatedPhone:
    """A customer's phone."""
    return web.phone(BUDI, name="Budi")
