"""The receiver as an ASGI application, to run by itself or to mount in another."""

from __future__ import annotations

from blazz.asgi import Disconnected, Receive, Scope, Send, TooLarge, answer, lifespan, read_body
from blazz.webhooks.receiver import Receiver


class WebhookApp:
    """An ASGI application that answers webhook requests on every path.

    The body is read only as far as the limit: a larger one is answered 413 at once, whatever its
    Content-Length says.

    Args:
        receiver: What answers the requests.

    Example:
        ::

            app = Starlette(routes=[Route("/webhooks", WebhookApp(receiver))])
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        elif kind == "lifespan":
            await lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, limit = scope["method"], self._receiver.body_limit
        try:
            body = await read_body(scope, receive, limit=limit) if method == "POST" else b""
        except Disconnected:
            return
        except TooLarge:
            response = self._receiver.too_large()
        else:
            query, headers = scope.get("query_string", b""), scope["headers"]
            response = await self._receiver.handle(method, query, headers, body)
        await answer(response.status, response.headers, response.body, send)
