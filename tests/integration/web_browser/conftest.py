"""A simulated WhatsApp Web, and browsers as blazz starts them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from blazz.providers.web.driver import kept_driver
from blazz.providers.web.settings import BrowserSettings
from blazz.sandbox.web import SimulatedWeb
from blazz.sandbox.web.serving import running_web
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web() -> AsyncIterator[SimulatedWeb]:
    """A simulated WhatsApp."""
    async with running_web() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def driver() -> AsyncIterator[None]:
    """Playwright's driver, so that not each browser starts one."""
    async with kept_driver():
        yield


@pytest.fixture(scope="module")
def settings(web: SimulatedWeb, chromium_path: Path) -> BrowserSettings:
    """The browser, on the simulated page."""
    return BrowserSettings(executable=chromium_path, url=web.url, page_timeout=60)
