"""The same session on each provider, once for all tests of a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from blazz import Client, Event, Pacing, QrCode, Sandbox, Web
from blazz.providers.web.settings import BrowserSettings
from blazz.sandbox.web.serving import running_web
from tests.integration.sessions.other_side import CloudUser, WebUser
from tests.integration.sessions.scene import Heard, Scene
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]

BUDI = "+6281200000002"
SHOP = "+6281100000001"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["cloud", "web"])
async def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    """A session that is ready, on the provider of this round."""
    folder = tmp_path_factory.mktemp(request.param)
    make = on_cloud if request.param == "cloud" else on_web
    if request.param == "web":
        request.getfixturevalue("chromium_path")
        request.getfixturevalue("wa_js_path")
    async with make(folder) as made:
        yield made


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[tuple[Client, Heard]]:
    """A client whose events are heard."""
    heard = Heard()
    async with Client(folder=folder, workspace="acme") as client:
        client.on(Event, name="heard")(heard.take)
        yield client, heard


@asynccontextmanager
async def on_cloud(folder: Path) -> AsyncIterator[Scene]:
    """A session with the sandbox's Cloud API."""
    sandbox = Sandbox(jitter=0.0, speed=50.0, throughput=None, any_template=True)
    async with listening(folder) as (client, heard):
        session = await client.open("shop", sandbox, region="ID")
        yield Scene(client, session, CloudUser(sandbox.user(BUDI)), heard)


@asynccontextmanager
async def on_web(folder: Path) -> AsyncIterator[Scene]:
    """A session with the simulated WhatsApp Web, which was paired."""
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(running_web())
        client, heard = await stack.enter_async_context(listening(folder))
        shop, budi = web.phone(SHOP, name="Shop"), web.phone(BUDI, name="Budi")
        provider = Web(browser=BrowserSettings(url=web.url), pacing=Pacing.off())
        session = await client.open("shop", provider, region="ID")
        async for step in session.pair(timeout=60):
            if isinstance(step, QrCode):
                shop.scan(step.data)
        yield Scene(client, session, WebUser(budi, shop), heard)
