"""A sandbox in this process with a webhook listener, and what the listener got."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from blazz.sandbox.condition import Condition
from blazz.sandbox.control import SandboxControl
from blazz.sandbox.listener import WebhookListener
from blazz.sandbox.server import ServerOptions, running
from blazz.sandbox.settings import Settings
from blazz.sandbox.world import World

NUMBER = "106540352242922"
WABA = "102290129340398"
SECRET = "s3cret"
BUDI = "+6281234567890"


class Application:
    """What a business runs: gets webhooks, checks them, answers as a test asks."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.changes: list[dict[str, Any]] = []
        self.answers: Callable[[int], int] = lambda _: 200
        self.gate = asyncio.Event()
        self.gate.set()
        self.changed = Condition()
        self.waits: Callable[[bytes], bool] = lambda _: True
        self.requests = 0
        self.listener = WebhookListener(self._take, verify_token="v3rify")

    async def _take(self, headers: Mapping[str, str], body: bytes) -> int:
        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["x-hub-signature-256"] == f"sha256={signed}"
        if self.waits(body):
            await self.gate.wait()
        status = self.answers(self.requests)
        self.requests += 1
        if status == 200:
            self.bodies.append(body)
            for entry in json.loads(body)["entry"]:
                self.changes += entry["changes"]
            self.changed.notify_all()
        return status

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """Message ids and statuses, in the order in which they came."""
        return [
            (status["id"], status["status"])
            for change in self.changes
            for status in change["value"].get("statuses", [])
        ]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages that users sent."""
        return [
            message for change in self.changes for message in change["value"].get("messages", [])
        ]


class Place:
    """A running sandbox and everything around it."""

    def __init__(
        self, url: str, world: World, control: SandboxControl, graph: httpx.AsyncClient
    ) -> None:
        self.url = url
        self.world = world
        self.control = control
        self.graph = graph
        self.application = Application()

    async def send(self, to: str = BUDI, body: str = "hi", **more: Any) -> httpx.Response:
        message = {"messaging_product": "whatsapp", "to": to, "text": {"body": body}, **more}
        return await self.graph.post(f"/{NUMBER}/messages", json=message)


OpenPlace = Callable[..., Any]


@asynccontextmanager
async def open_place(**settings: Any) -> AsyncIterator[Place]:
    """Run a sandbox whose webhooks come to an application."""
    chosen = Settings(jitter=0.0, speed=50.0, throughput=None).updated(settings)
    async with AsyncExitStack() as stack:
        url, world = await stack.enter_async_context(running(ServerOptions(settings=chosen)))
        control = await stack.enter_async_context(SandboxControl(url))
        graph = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=f"{url}/v26.0", headers={"Authorization": "Bearer EAAG"}, timeout=10
            )
        )
        place = Place(url, world, control, graph)
        callback = await place.application.listener.start()
        stack.push_async_callback(place.application.listener.stop)
        await control.set_webhook(callback, app_secret=SECRET, verify_token="v3rify")
        yield place


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """A sandbox that is fast and has no throughput limit."""
    async with open_place() as found:
        yield found
