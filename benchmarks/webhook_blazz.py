"""blazz as a subject of `benchmarks.webhooks`: verify, parse, build the event, call a handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from benchmarks.webhook_load import SECRET, Post
from benchmarks.webhook_worker import serve
from blazz.events import Delivered, Event, MessageBilled, Read, Sent, TextReceived
from blazz.providers.meta_cloud.inbound import parse
from blazz.webhooks.signature import SigningSecret, signer_of

SECRETS = [SigningSecret(SECRET)]
handled = 0


async def count(_: Event) -> None:
    """Handle an event."""
    global handled  # noqa: PLW0603
    handled += 1


HANDLERS: dict[type[Event], Callable[[Event], Awaitable[None]]] = dict.fromkeys(
    (TextReceived, Sent, Delivered, Read), count
)


async def _ignore(_: Event) -> None:
    """Take what a message costs, an update of its own that the peer does not make: not counted."""


HANDLERS[MessageBilled] = _ignore


async def handle(posts: Sequence[Post]) -> int:
    """Handle requests; returns how many updates reached the handler."""
    before = handled
    for body, signature in posts:
        signer_of(body, signature, SECRETS)
        for update in parse(body):
            event = update.event()
            await HANDLERS[type(event)](event)
    return handled - before


if __name__ == "__main__":
    serve(handle)
