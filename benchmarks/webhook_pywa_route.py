"""pywa_async's Starlette route as a subject of `benchmarks.webhooks_inbox`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pywa_async import WhatsApp  # type: ignore[import-not-found]
from starlette.applications import Starlette
from webhook_asgi import post  # type: ignore[import-not-found]
from webhook_load import NUMBER, SECRET, Post  # type: ignore[import-not-found]
from webhook_worker import serve  # type: ignore[import-not-found]

CONCURRENCY = 128
handled = 0

app = Starlette()
client = WhatsApp(
    phone_id=NUMBER,
    token="none",
    server=app,
    verify_token="none",
    app_secret=SECRET,
    webhook_endpoint="/",
)


@client.on_message
@client.on_message_status
async def count(_: object, __: object) -> None:
    """Handle an update."""
    global handled  # noqa: PLW0603
    handled += 1


async def handle(posts: Sequence[Post]) -> int:
    """Send requests to the route, some at a time; returns how many updates reached the handler."""
    before = handled
    waiting = iter(posts)

    async def sender() -> None:
        for body, signature in waiting:
            status = await post(app, body, signature)
            if status != 200:
                raise ValueError(status)

    await asyncio.gather(*(sender() for _ in range(min(CONCURRENCY, len(posts)))))
    return handled - before


if __name__ == "__main__":
    serve(handle)
