"""`/messages` and `/marketing_messages`: the endpoints that send."""

from __future__ import annotations

import anyio
from starlette.requests import Request
from starlette.responses import Response

from blazz.sandbox.api.answers import answer
from blazz.sandbox.api.graph import Api
from blazz.sandbox.api.requests import number_of, read_json
from blazz.sandbox.sending import handle


async def send(api: Api, request: Request) -> Response:
    """Send a message, or mark one as read."""
    return await _send(api, request, marketing_only=False)


async def send_marketing(api: Api, request: Request) -> Response:
    """Send a marketing template through the Marketing Messages API."""
    return await _send(api, request, marketing_only=True)


async def _send(api: Api, request: Request, *, marketing_only: bool) -> Response:
    number = number_of(api.world, request)
    outcome = handle(api.world, number, await read_json(request), marketing_only=marketing_only)
    if outcome.pause:
        await anyio.sleep(outcome.pause)
    return answer(outcome)
