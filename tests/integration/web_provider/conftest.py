"""Sessions on the simulated WhatsApp Web, one browser profile for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from blazz.providers.web.driver import kept_driver
from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from blazz.sandbox.web.serving import running_web
from tests.integration.web_provider.studio import BUDI, SHOP, Studio
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web(chromium_path: Path, wa_js_path: Path) -> AsyncIterator[SimulatedWeb]:
    """A simulated WhatsApp for all tests of a file, and one driver for all their browsers."""
    async with kept_driver(), running_web() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def studio(web: SimulatedWeb, tmp_path: Path) -> AsyncIterator[Studio]:
    """Opens sessions; everything starts from nothing."""
    if web.world.is_down:
        web.come_back()
    web.configure(
        answers="given",
        minimum_version=None,
        missing_modules=[],
        silent=False,
        send_delay=0.0,
        qr_first=60.0,
        qr_next=20.0,
        qr_count=6,
        code_seconds=180.0,
        keepalive=15.0,
    )
    web.world.reset()
    async with Studio(web, tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(studio: Studio) -> SimulatedPhone:
    """The phone that sessions are linked to."""
    return studio.web.phone(SHOP, name="Shop")


@pytest.fixture
def budi(studio: Studio) -> SimulatedPhone:
    """A customer's phone."""
    return studio.web.phone(BUDI, name="Budi")
