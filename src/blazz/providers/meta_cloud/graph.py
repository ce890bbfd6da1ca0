"""HTTP to the Graph API: one request, what its failure proves, and when it is tried again.

The hot path builds an `httpx.Request` and calls the transport directly; `httpx.Client` would double
the CPU time of a message. What can go wrong is told apart by what is certain:

* `ConnectionFailed`: nothing left. Repeated within `Retries`.
* A `GraphError`: the API said no. Repeated where its `retry` says so.
* `AnswerLost`, `UnreadableAnswer`: the request left, and what became of it is not known. Repeated
  only where doing it twice does no harm.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
)
from typing import Any, Final, TypeVar
from urllib.parse import quote

import anyio
import httpx
from pydantic_core import from_json, to_json

from blazz.errors import AnswerLost, BlazzError, ConnectionFailed, UnreadableAnswer
from blazz.providers.meta_cloud.faults import fault_from, has_code
from blazz.providers.meta_cloud.retries import Retries, repeat
from blazz.providers.meta_cloud.transports import left_nothing
from blazz.security.secret import Secret

LARGEST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes after which an answer is not read on; the largest real ones are lists of templates."""

T = TypeVar("T")


class Graph:
    """The Graph API under one address, with one token, over one transport.

    Args:
        transport: Carries the requests; is not closed here.
        base_url: Such as `https://graph.facebook.com`, without a slash at its end.
        version: Such as `v26.0`.
        token: The access token.
        timeout: Limits of connecting, each read and each write, and waiting for a connection.
        retries: How often a request is tried.
        user_agent: What the requests say who they are from.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        base_url: str,
        version: str,
        token: Secret,
        timeout: httpx.Timeout,
        retries: Retries,
        user_agent: str = "blazz",
    ) -> None:
        self._transport = transport
        self._base = httpx.URL(base_url)
        self._root = f"{base_url}/{version}"
        self._retries = retries
        phases = (timeout.connect, timeout.read, timeout.write, timeout.pool)
        # A server that sends a byte now and then never exceeds the limit of a single read.
        self._longest = None if None in phases else sum(phase or 0.0 for phase in phases)
        self._extensions = {"timeout": timeout.as_dict()}
        self._headers = [
            (b"Host", self._base.netloc),
            (b"Authorization", f"Bearer {token.reveal()}".encode("ascii")),
            (b"User-Agent", user_agent.encode("ascii")),
            # Answers are a few hundred bytes: to compress them costs more than it saves.
            (b"Accept-Encoding", b"identity"),
        ]
        self._json_headers = [*self._headers, (b"Content-Type", b"application/json")]

    def url(self, *segments: str, **params: str) -> httpx.URL:
        """The address of an object, such as `url("123", "messages")`.

        Segments are quoted whole, so an id that someone else gave leads nowhere else.
        """
        path = "/".join(quote(segment, safe="") for segment in segments)
        return httpx.URL(f"{self._root}/{path}", params=params or None)

    def may_have_token(self, url: httpx.URL) -> bool:
        """Whether the token may be sent there: it never travels in the clear to another host."""
        same = (url.scheme, url.netloc) == (self._base.scheme, self._base.netloc)
        return same or url.scheme == "https"

    async def get(self, url: httpx.URL) -> dict[str, Any]:
        """Read an object; the answer's errors are those of `send`."""
        return await self._persist(lambda: self._request("GET", url), repeatable=True)

    async def delete(self, url: httpx.URL) -> dict[str, Any]:
        """Delete an object. Deleting twice does no harm, so a lost answer is asked for again."""
        return await self._persist(lambda: self._request("DELETE", url), repeatable=True)

    async def post(
        self, url: httpx.URL, body: bytes | Mapping[str, Any], *, repeatable: bool = False
    ) -> dict[str, Any]:
        """Send a JSON object and give the answer's.

        Args:
            url: Where to, from `url`.
            body: The object, or its JSON.
            repeatable: Doing it twice does no harm, so that it is also repeated when the answer
                was lost. Never so for a message.

        Raises:
            ConnectionFailed: Nothing left.
            GraphError: The API said no.
            AnswerLost: The request may have been carried out.
            UnreadableAnswer: The same; the answer is none of the Graph API.
        """
        content = body if isinstance(body, bytes) else to_json(body)
        return await self._persist(
            lambda: self._request("POST", url, content), repeatable=repeatable
        )

    async def upload(
        self, url: httpx.URL, stream: AsyncIterable[bytes], *, content_type: str, size: int
    ) -> dict[str, Any]:
        """Send a body of `size` bytes piece by piece, and give the JSON object of the answer.

        `stream` must start anew each time it is iterated. Uploading twice leaves a file that
        expires by itself, so a lost answer is asked for again.
        """

        async def attempt() -> dict[str, Any]:
            request = httpx.Request(
                "POST",
                url,
                headers=[
                    *self._headers,
                    (b"Content-Type", content_type.encode("ascii")),
                    (b"Content-Length", b"%d" % size),
                ],
                stream=_Pieces(stream),
                extensions=self._extensions,
            )
            return await self._answer(request, within=None)

        return await self._persist(attempt, repeatable=True)

    @contextlib.asynccontextmanager
    async def download(self, url: httpx.URL) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file that the API gave the address of, and give its content piece by piece.

        Raises:
            GraphError: The API refuses it; `http_status` tells whether the address has expired.
        """

        async def attempt() -> httpx.Response:
            host = (b"Host", url.netloc)
            request = httpx.Request(
                "GET",
                url,
                headers=[host, *self._headers[1:]],
                stream=httpx.ByteStream(b""),
                extensions=self._extensions,
            )
            request.read()
            return await self._opened(request)

        response = await self._persist(attempt, repeatable=True)
        pieces = _pieces(response)
        try:
            yield pieces
        finally:
            await pieces.aclose()
            await _close(response)

    async def _request(
        self, method: str, url: httpx.URL, content: bytes | None = None
    ) -> dict[str, Any]:
        """Make one try."""
        if content is None:
            headers = self._headers
        else:
            headers = [*self._json_headers, (b"Content-Length", b"%d" % len(content))]
        # Given a stream, httpx takes headers and body as they are: a third of the time of content=.
        request = httpx.Request(
            method,
            url,
            headers=headers,
            stream=httpx.ByteStream(content or b""),
            extensions=self._extensions,
        )
        request.read()
        return await self._answer(request, within=self._longest)

    async def _answer(self, request: httpx.Request, *, within: float | None) -> dict[str, Any]:
        """Give the JSON object that a request is answered with, or raise what went wrong."""
        try:
            async with asyncio.timeout(within):
                response = await self._transport.handle_async_request(request)
                content = await _read_and_close(response)
        except BlazzError:
            raise
        except Exception as error:
            # Whatever a transport raises: what is not certain must not be taken for certain.
            raise _failure(error) from error
        if 200 <= response.status_code < 300:
            body = _parsed(content)
            if isinstance(body, dict) and "error" not in body:
                return body
        raise _refusal(response, content)

    async def _opened(self, request: httpx.Request) -> httpx.Response:
        """Give the answer to a download with its body unread."""
        try:
            response = await self._transport.handle_async_request(request)
            if response.status_code == 200:
                return response
            content = await _read_and_close(response)
        except BlazzError:
            raise
        except Exception as error:
            raise _failure(error) from error
        raise _refusal(response, content)

    async def _persist(self, attempt: Callable[[], Awaitable[T]], *, repeatable: bool) -> T:
        started = self._retries.clock()
        try:
            return await attempt()
        except BlazzError as error:
            first = error
        return await repeat(
            attempt, first, retries=self._retries, repeatable=repeatable, started=started
        )


class _Pieces(httpx.AsyncByteStream):
    """A body that is sent piece by piece, and from its start again on the next try."""

    def __init__(self, pieces: AsyncIterable[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            yield piece


async def _pieces(response: httpx.Response) -> AsyncGenerator[bytes]:
    try:
        async for piece in response.aiter_bytes():
            yield piece
    except Exception as error:
        raise _failure(error) from error


async def _read_and_close(response: httpx.Response) -> bytes:
    """Read a whole answer and give its connection back, however that ends."""
    coded = "content-encoding" in response.headers
    pieces: Any = response.aiter_bytes() if coded else response.stream
    content, size = [], 0
    try:
        async for piece in pieces:
            size += len(piece)
            _check_size(size, response)
            content.append(piece)
    except BaseException:
        await _close(response)
        raise
    with contextlib.suppress(Exception):  # the answer is known, whatever closing says
        await response.aclose()
    return b"".join(content)


def _check_size(size: int, response: httpx.Response) -> None:
    if size > LARGEST_ANSWER:
        rule = f"the answer has more than {LARGEST_ANSWER} bytes"
        raise UnreadableAnswer(rule, status=response.status_code, body="")


async def _close(response: httpx.Response) -> None:
    """Close an answer that was not read to its end, also while its reader is being cancelled."""
    with anyio.move_on_after(2, shield=True):
        await response.aclose()


def _parsed(content: bytes) -> object:
    try:
        return from_json(content)
    except ValueError:
        return None


def _failure(error: Exception) -> BlazzError:
    """Say what the failure of a request proves."""
    reason = f"{type(error).__name__}: {error}".removesuffix(": ")
    if left_nothing(error):
        return ConnectionFailed(f"no connection could be made; nothing was sent ({reason})")
    return AnswerLost(f"the request left, but no whole answer came ({reason})")


def _refusal(response: httpx.Response, content: bytes) -> BlazzError:
    """The error that an answer is, or that it stands for if the API did not write it."""
    status, body = response.status_code, _parsed(content)
    if has_code(body):
        return fault_from(status, body, response.headers)
    text = content[:1000].decode("utf-8", "replace")
    kind = response.headers.get("content-type", "no content type")
    shown = f"HTTP {status} with {len(content)} bytes of {kind}: {text[:200]!r}"
    unreadable = UnreadableAnswer(f"not an answer of the API: {shown}", status=status, body=text)
    # A 4xx of whatever stands before the API (a proxy, a firewall) still says no: nothing was
    # done. A 5xx, or the 408 of a proxy that gave up waiting, does not tell what happened behind.
    if 300 <= status < 500 and status != 408:
        fault = fault_from(status, {"message": shown}, response.headers)
        fault.__cause__ = unreadable
        return fault
    return unreadable
