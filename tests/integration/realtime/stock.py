"""Stock clients in a Node process, and what they tell."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

HERE = Path(__file__).parent
SECONDS = 30


class Browser:
    """A process with stock clients, and what they have told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._told: list[dict[str, Any]] = []

    def do(self, command: str, **options: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"command": command, **options}).encode() + b"\n")

    async def told(self, **wanted: Any) -> dict[str, Any]:
        """Wait for the first thing told that has these parts; what came before is kept."""
        assert self._process.stdout is not None
        with anyio.fail_after(SECONDS):
            while True:
                for number, told in enumerate(self._told):
                    if all(told.get(key) == value for key, value in wanted.items()):
                        return self._told.pop(number)
                line = await self._process.stdout.readline()
                assert line, f"the clients ended; told: {self._told}"
                self._told.append(json.loads(line))


@pytest.fixture(scope="session")
def clients_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients, fetched through npm."""
    npm = shutil.which("npm")
    assert npm is not None, "npm is not installed; on Debian run: apt-get install npm"
    folder = tmp_path_factory.mktemp("clients")
    shutil.copy(HERE / "package.json", folder)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


@asynccontextmanager
async def browser(port: int, folder: Path, **options: Any) -> AsyncIterator[Browser]:
    """Start the clients against a server on a port; options are those of `browser.mjs`."""
    node = shutil.which("node")
    assert node is not None, "node is not installed; on Debian run: apt-get install nodejs"
    process = await asyncio.create_subprocess_exec(
        node, str(HERE / "browser.mjs"), str(folder), str(port), json.dumps(options),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={**os.environ},
    )  # fmt: skip
    try:
        yield Browser(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with anyio.move_on_after(5):
            await process.wait()
        if process.returncode is None:
            process.kill()
        await process.wait()


async def connect(clients: Browser, name: str, **options: Any) -> str:
    """Connect a pusher-js; gives its socket's id."""
    clients.do("connect", name=name, **options)
    socket_id: str = (await clients.told(what="state", name=name, state="connected"))["socket"]
    return socket_id


async def subscribe(clients: Browser, name: str, channel: str) -> dict[str, Any]:
    """Subscribe; gives what it was told."""
    clients.do("subscribe", name=name, channel=channel)
    event = "pusher:subscription_succeeded"
    return await clients.told(what="event", name=name, channel=channel, event=event)
