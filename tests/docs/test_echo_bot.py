"""The echo bot among the examples, unchanged, on the sandbox, on WhatsApp Web and the Cloud API."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, cast

import anyio
import pytest
import uvicorn

import blazz
from blazz.sandbox.server import QUIET, QuietServer, listen, url_of
from blazz.sandbox.web import ReceivedMessage
from tests.scanner import scan_terminal

pytestmark = pytest.mark.usefixtures("quick_starts")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "echo_bot.py"
BUDI, SHOP = "+6281234567890", "+6281100000001"
TEXTS = ("Halo", "Apa kabar?")


class EchoBot(Protocol):
    """The example as a module."""

    client: blazz.Client

    def bot(self, provider: blazz.Provider) -> AbstractAsyncContextManager[blazz.Session]: ...


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EchoBot:
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("echo_bot", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("EchoBot", module)


@pytest.fixture
async def sandbox() -> AsyncIterator[blazz.Sandbox]:
    async with blazz.Sandbox() as started:
        yield started


async def _talk_on_the_cloud(sandbox: blazz.Sandbox) -> None:
    budi = sandbox.user(BUDI)
    for text in TEXTS:
        await budi.types(text)
        assert (await budi.receives()).text == text


async def test_in_the_sandbox(example: EchoBot, sandbox: blazz.Sandbox) -> None:
    async with example.bot(sandbox):
        await _talk_on_the_cloud(sandbox)


async def test_on_the_cloud_api(example: EchoBot, sandbox: blazz.Sandbox) -> None:
    cloud = blazz.MetaCloud(
        sandbox.phone_number_id,
        "EAAG",
        app_secret="s3cret",
        verify_token="v3rify",
        base_url=sandbox.url,
    )
    async with example.bot(cloud), _served(example.client) as url:
        await sandbox.control.set_webhook(url, app_secret="s3cret", verify_token="v3rify")
        await _talk_on_the_cloud(sandbox)


@asynccontextmanager
async def _served(client: blazz.Client) -> AsyncIterator[str]:
    """The client's webhooks on a server, as the example serves them."""
    listener = listen("127.0.0.1", 0)
    server = QuietServer(uvicorn.Config(client.webhooks.asgi, lifespan="off", **QUIET))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        await server.listening.wait()
        yield url_of(listener)
        server.should_exit = True
    listener.close()


@pytest.mark.usefixtures("chromium_path", "wa_js_path")
async def test_on_whatsapp_web(
    example: EchoBot, sandbox: blazz.Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    linked, done = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with example.bot(blazz.Web(url=sandbox.web_url)):
            linked.set()
            await done.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        with anyio.fail_after(90):
            printed = ""
            while "▀" not in printed:  # what is printed has no event
                await anyio.sleep(0.05)
                printed += capsys.readouterr().out
            await sandbox.phone(SHOP).scan(scan_terminal(printed))
            await linked.wait()
            budi = sandbox.phone(BUDI)
            for text in TEXTS:
                asked = await budi.send_text(SHOP, text)
                answer = await budi.wait_for_message(SHOP, _quoting(asked), timeout=30)
                assert answer.text == text
        done.set()


def _quoting(message_id: str) -> Callable[[ReceivedMessage], bool]:
    return lambda message: message.quoted == message_id
