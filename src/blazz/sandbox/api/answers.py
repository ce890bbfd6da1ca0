"""Answers on the wire: JSON as Meta writes it, and all the ways in which an answer can go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.sending import Ending, Outcome

EXTENSION: Final = "blazz.connection"
"""The ASGI extension by which an answer gets hold of its connection."""

_HTML: Final = (
    "<!DOCTYPE html>\n<html><head><title>Error</title></head>"
    "<body><h1>Sorry, something went wrong.</h1></body></html>\n"
)


class Connection(Protocol):
    """The connection of a request, given by the server in the ASGI scope."""

    def abort(self) -> None:
        """Close it at once; what was not sent yet is lost."""

    def close(self) -> None:
        """Close it after what was written."""

    def leave(self) -> None:
        """Note that it is left without an answer: it must not delay the server's end."""


class JsonAnswer(Response):
    """JSON with ASCII only: a text may hold half of a surrogate pair, which UTF-8 cannot."""

    media_type = "application/json; charset=UTF-8"

    def render(self, content: Any) -> bytes:  # noqa: ANN401  # whatever JSON holds
        """Write the body."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")


class NoAnswer(Response):
    """Nothing at all: the client waits until it gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Wait until the client is gone."""
        _connection(scope).leave()
        while (await receive())["type"] != "http.disconnect":
            pass


class ClosedConnection(Response):
    """The connection is closed instead of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Close the connection."""
        _connection(scope).abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class CutOffAnswer(Response):
    """The first half of an answer, then the connection is closed."""

    def __init__(self, whole: bytes) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of the body."""
        headers = [
            (b"content-type", b"application/json; charset=UTF-8"),
            (b"content-length", str(len(self._whole)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        half = self._whole[: len(self._whole) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _connection(scope).close()
        while (await receive())["type"] != "http.disconnect":
            pass


_ANSWERS: Final[dict[Ending, Callable[[dict[str, Any]], Response]]] = {
    Ending.WHOLE: JsonAnswer,
    Ending.NO_ANSWER: lambda _: NoAnswer(),
    Ending.CLOSED: lambda _: ClosedConnection(),
    Ending.CUT_OFF: lambda body: CutOffAnswer(bytes(JsonAnswer(body).body)),
    Ending.BAD_GATEWAY: lambda _: Response(_HTML, status_code=502, media_type="text/html"),
    Ending.UNAVAILABLE: lambda _: Response(status_code=503),
    Ending.CAPTIVE_PORTAL: lambda _: Response(_HTML, status_code=200, media_type="text/html"),
}


def answer(outcome: Outcome) -> Response:
    """Give the outcome of a send request in the way that its story asks for."""
    return _ANSWERS[outcome.ending](outcome.body)


def refusal_answer(refusal: Refusal, trace_id: str) -> Response:
    """Give a refusal as the Graph API does."""
    headers: Mapping[str, str] | None = None
    if refusal.retry_after is not None:
        headers = {"Retry-After": str(refusal.retry_after)}
    return JsonAnswer(refusal.body(trace_id), status_code=refusal.status, headers=headers)


def _connection(scope: Scope) -> Connection:
    """The connection, if the server gives it; without it (in-process) the request breaks off."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    if extension is None:
        raise ConnectionResetError("the sandbox closes the connection without an answer")
    return cast("Connection", extension["connection"])
