"""A process that receives and handles webhooks, to be killed: arguments are inbox, port and log."""

from __future__ import annotations

import asyncio
import os
import socket
import sys

import anyio
import uvicorn

from blazz.events import Event
from blazz.webhooks import Backoff, Dispatcher, Receiver, Routes, WebhookApp
from blazz.webhooks.inbox.postgres import PostgresInbox
from blazz.webhooks.inbox.sql import SqlInbox
from blazz.webhooks.inbox.sqlite import SqliteInbox
from tests.integration.webhooks import traffic

LEASE = 1.0


async def main(url: str, port: int, log: str) -> None:
    """Serve until killed; each handled update is one line of the log."""
    inbox: SqlInbox = PostgresInbox(url) if url.startswith("postgresql:") else SqliteInbox(url)
    routes = Routes()
    dispatcher = Dispatcher(
        inbox, routes, lease=LEASE, poll=0.05, backoff=Backoff(first=0.01, longest=0.1)
    )
    receiver = Receiver(inbox, routes, arrived=dispatcher.wake)
    handled = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    @dispatcher.on()
    async def handle(event: Event) -> None:
        await asyncio.sleep(0)  # a place to be killed in
        os.write(handled, f"{event.key}\n".encode())

    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(WebhookApp(receiver), log_level="error", lifespan="off")
    async with inbox, anyio.create_task_group() as tasks:
        await receiver.add("acme/sales", traffic.PROFILE)
        tasks.start_soon(dispatcher.run)
        await uvicorn.Server(config).serve(sockets=[listener])
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
