"""The parts of one process that receives and handles webhooks on an inbox."""

from __future__ import annotations

from collections import Counter
from typing import Any

import anyio

from blazz.events import Event
from blazz.webhooks import Backoff, Dispatcher, Receiver, Routes, sign
from blazz.webhooks.inbox.base import Inbox
from tests.integration.webhooks import traffic

QUICK = Backoff(attempts=10, first=0.001, longest=0.002)


class Process:
    """A receiver and a dispatcher, and what the latter has handled."""

    def __init__(self, inbox: Inbox, **settings: Any) -> None:
        self.inbox = inbox
        routes = Routes()
        self.dispatcher = Dispatcher(inbox, routes, backoff=QUICK, poll=0.02, **settings)
        self.receiver = Receiver(inbox, routes, arrived=self.dispatcher.wake)
        self.handled: Counter[str] = Counter()
        self.order: list[str] = []

    async def open(self) -> None:
        await self.inbox.open()
        await self.receiver.add("acme/sales", traffic.PROFILE)

    async def answer(self, body: bytes) -> int:
        """Send a signed body; gives the status."""
        headers = {"X-Hub-Signature-256": sign(body, traffic.SECRET)}
        return (await self.receiver.handle("POST", "", headers, body)).status

    async def post(self, body: bytes) -> None:
        """Send a signed body, which is accepted."""
        assert await self.answer(body) == 200

    async def count(self, event: Event) -> None:
        """Count what is handled: a handler."""
        self.handled[event.key] += 1
        self.order.append(event.key)

    async def drain(self) -> None:
        """Handle until nothing is left."""
        async with anyio.create_task_group() as tasks:
            await tasks.start(self.dispatcher.run)
            await self.dispatcher.drained()
            tasks.cancel_scope.cancel()
