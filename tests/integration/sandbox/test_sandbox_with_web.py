"""A sandbox in a process of its own: the Cloud API and WhatsApp Web side by side."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest
from websockets.asyncio.client import connect

from blazz.client import Client
from blazz.errors import SessionClosed
from blazz.messages import Text
from blazz.sandbox import Sandbox
from blazz.sandbox.server import ServerOptions, running

SHOP, BUDI = "+6281100000001", "+6281200000002"


async def test_it_is_held_while_sessions_come_and_go(tmp_path: Path) -> None:
    sandbox = Sandbox()
    with pytest.raises(SessionClosed, match="async with sandbox"):
        _ = sandbox.web_url

    before = set(psutil.Process().children())
    async with sandbox as held:
        assert held is sandbox
        (child,) = set(psutil.Process().children()) - before
        budi = sandbox.phone(BUDI)
        await budi.send_text(SHOP, "Halo")
        for _ in range(2):
            async with Client(folder=tmp_path) as client:
                session = await client.open("sales", sandbox)
                await session.send(BUDI, Text("over the Cloud API"))
        assert sum((await sandbox.counts()).values()) == 2
        assert [message.text for message in await sandbox.phone(SHOP).messages(BUDI)] == ["Halo"]

    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    with pytest.raises(SessionClosed):
        _ = sandbox.web_url


async def test_a_page_is_served_and_let_go_when_the_sandbox_ends() -> None:
    async with Sandbox() as sandbox:
        page = await connect(f"{sandbox.web_url.replace('http', 'ws')}socket")
        await page.send(json.dumps({"op": "ping", "n": 1}))
        assert json.loads(await page.recv()) == {"re": 1, "ok": None}
        assert (await sandbox.web.state())["pages"] == 1

    await page.wait_closed()


async def test_one_in_this_process_ends_although_a_page_is_connected() -> None:
    async with running(ServerOptions()) as (url, _):
        page = await connect(f"{url.replace('http', 'ws')}/web/socket")
        await page.send(json.dumps({"op": "ping", "n": 1}))
        await page.recv()

    await page.wait_closed()
