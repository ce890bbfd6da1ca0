"""blazz through its ASGI application with the durable inbox, for `benchmarks.webhooks_inbox`.

With the argument `accepted` it stops at the answer, which is given once the update is committed;
with `handled` the dispatcher runs meanwhile, and it stops when each success is committed, too.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.webhook_asgi import post
from benchmarks.webhook_load import ACCOUNT, NUMBER, SECRET, Post
from benchmarks.webhook_worker import serve
from blazz.events import Event, MessageReceived, StatusChanged
from blazz.providers.base import WebhookProfile
from blazz.providers.meta_cloud.inbound import parse
from blazz.webhooks import Dispatcher, Receiver, Routes, WebhookApp
from blazz.webhooks.inbox.sqlite import SqliteInbox

CONCURRENCY = 128
PROFILE = WebhookProfile(accounts=[NUMBER, ACCOUNT], secrets=[SECRET], parse=parse)


class Subject:
    """The parts as an application puts them together; opened with the first requests."""

    def __init__(self, folder: Path, *, handles: bool) -> None:
        self.handles = handles
        self.handled = 0
        self.opened = False
        self.inbox = SqliteInbox(folder / "inbox.db")
        routes = Routes()
        self.dispatcher = Dispatcher(self.inbox, routes)
        self.dispatcher.on(MessageReceived, StatusChanged, name="count")(self.count)
        self.receiver = Receiver(self.inbox, routes, arrived=self.dispatcher.wake)
        self.app = WebhookApp(self.receiver)
        self.running: asyncio.Task[None] | None = None

    async def count(self, _: Event) -> None:
        """Handle an event."""
        self.handled += 1

    async def open(self) -> None:
        """Open the inbox and start to handle; a second call does nothing."""
        if self.opened:
            return
        self.opened = True
        await self.inbox.open()
        await self.receiver.add("acme/sales", PROFILE)
        if self.handles:
            self.running = asyncio.create_task(self.dispatcher.run())

    async def handle(self, posts: Sequence[Post]) -> int | None:
        """Send requests, some at a time; returns how many updates were handled, if they are."""
        await self.open()
        before = self.handled
        waiting = iter(posts)

        async def sender() -> None:
            for body, signature in waiting:
                status = await post(self.app, body, signature)
                if status != 200:
                    raise ValueError(status)

        await asyncio.gather(*(sender() for _ in range(min(CONCURRENCY, len(posts)))))
        if not self.handles:
            return None
        await self.dispatcher.drained()
        return self.handled - before


def main() -> None:
    """Serve with an inbox of its own."""
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(Path(folder), handles=sys.argv[1] == "handled")
        serve(subject.handle)


if __name__ == "__main__":
    main()
