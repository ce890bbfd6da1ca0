"""A client with sessions on a sandbox in this process, and what its log says was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from blazz import Audience, Campaign, Client, Progress, Sandbox, Session
from blazz.sandbox.control import LoggedMessage
from blazz.sandbox.server import ServerOptions, running
from blazz.sandbox.settings import Settings


@dataclass
class Field:
    """A client, its session, and the sandbox that it sends to."""

    client: Client
    session: Session
    sandbox: Sandbox
    url: str
    folder: Path

    async def log(self) -> list[LoggedMessage]:
        """All messages that the sandbox accepted, in their order."""
        return [entry async for entry in self.sandbox.log()]

    async def sent(self) -> Counter[str]:
        """How many messages each number got."""
        return Counter(entry.to for entry in await self.log())

    async def texts(self) -> dict[str, str | None]:
        """The last text that each number got."""
        return {entry.to: entry.text for entry in await self.log()}


@pytest.fixture
async def field(tmp_path: Path) -> AsyncIterator[Field]:
    settings = Settings(jitter=0.0, speed=50.0, throughput=None)
    async with (
        running(ServerOptions(settings=settings)) as (url, _),
        Client(folder=tmp_path / "blazz", workspace="acme") as client,
    ):
        sandbox = Sandbox(url)
        session = await client.open("sales", sandbox, region="ID", stop_words=["STOP"])
        yield Field(client, session, sandbox, url, tmp_path)


def numbers(count: int, *, prefix: str = "+62812") -> list[str]:
    """So many phone numbers of one country."""
    length = 12 if prefix.startswith("+1") else 14
    return [f"{prefix}{n:0{length - len(prefix)}}" for n in range(1, count + 1)]


def people(count: int, *more: str, prefix: str = "+62812") -> Audience:
    """An audience of so many people, and a few more."""
    rows = [*numbers(count, prefix=prefix), *more]
    return Audience.rows([{"phone": each, "name": f"n{n}"} for n, each in enumerate(rows, 1)])


async def run(campaign: Campaign, **options: Any) -> Progress:
    """Run a campaign to its end; give the last progress."""
    with anyio.fail_after(60):
        return [progress async for progress in campaign.run(every=0.05, **options)][-1]
