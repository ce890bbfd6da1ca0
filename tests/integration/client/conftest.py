"""A client with a session on a sandbox in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from blazz import Client, Event, Sandbox, Session
from blazz.sandbox.server import ServerOptions, running
from blazz.sandbox.settings import Settings
from blazz.sandbox.user import SandboxUser

BUDI = "+6281234567890"
SITI = "+6281234567891"


@dataclass
class Scene:
    """A client, its session, and the people on the other side."""

    client: Client
    session: Session
    sandbox: Sandbox
    url: str
    folder: Path

    @property
    def budi(self) -> SandboxUser:
        return self.sandbox.user(BUDI)

    @property
    def siti(self) -> SandboxUser:
        return self.sandbox.user(SITI)


@pytest.fixture
async def sandbox_url() -> AsyncIterator[str]:
    """A sandbox that is fast and has no throughput limit."""
    settings = Settings(jitter=0.0, speed=20.0, throughput=None, any_template=True)
    async with running(ServerOptions(settings=settings)) as (url, _):
        yield url


@pytest.fixture
async def scene(sandbox_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """Everything, ready to talk."""
    folder = tmp_path / "blazz"
    async with Client(folder=folder, workspace="acme") as client:
        sandbox = Sandbox(sandbox_url)
        session = await client.open("sales", sandbox, region="ID", stop_words=["STOP"])
        yield Scene(client, session, sandbox, sandbox_url, folder)


@pytest.fixture
def make_client(tmp_path: Path) -> Callable[[], Client]:
    """Makes clients that share their files, as a program does that is started again."""
    return lambda: Client(folder=tmp_path / "blazz", workspace="acme")


class Collector:
    """A handler that keeps what it got and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._send, self._receive = anyio.create_memory_object_stream[Event](1000)

    async def __call__(self, session: Session, event: Event) -> None:
        self.events.append(event)
        await self._send.send(event)

    async def next(self) -> Event:
        with anyio.fail_after(60):
            return await self._receive.receive()

    def close(self) -> None:
        self._send.close()
        self._receive.close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something that another task does is so."""
    with anyio.fail_after(60):
        while not await condition():  # noqa: ASYNC110  # the other side has no event to wait for
            await anyio.sleep(0.01)
