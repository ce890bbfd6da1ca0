"""pywa_async, as it comes, as a subject of `benchmarks.webhooks`; in an environment of its own."""

from __future__ import annotations

from collections.abc import Sequence

from pywa_async import WhatsApp  # type: ignore[import-not-found]
from webhook_load import NUMBER, SECRET, Post  # type: ignore[import-not-found]
from webhook_worker import serve  # type: ignore[import-not-found]

handled = 0

client = WhatsApp(
    phone_id=NUMBER,
    token="none",
    server=None,
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
    """Handle requests; returns how many updates reached the handler."""
    before = handled
    for body, signature in posts:
        refusal = await client.webhook_update_validator(body, signature)
        if refusal:
            raise ValueError(refusal)
        await client.webhook_update_handler(body)
    return handled - before


if __name__ == "__main__":
    serve(handle)
