"""HTTP to the Graph API: addresses, the token, and trying again.

A message goes from here to its transport without `httpx.Client`, which would double its CPU time.
`exchange` says how a request can fail. `ConnectionFailed` is repeated within `Retries`, a
`GraphError` where its `retry` says so, and a request whose fate is unknown only where doing it
twice does no harm.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx
from pydantic_core import to_json

from blazz.errors import BlazzError, UnreadableAnswer
from blazz.providers.meta_cloud.exchange import (
    close,
    exchange,
    failure_of,
    object_of,
    pieces_of,
    whole,
)
from blazz.providers.meta_cloud.retries import Retries, repeat
from blazz.security.secret import Secret

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
        self._headers = {
            "Authorization": f"Bearer {token.reveal()}",
            "User-Agent": user_agent,
            # Answers are a few hundred bytes: to compress them costs more than it saves.
            "Accept-Encoding": "identity",
        }
        self._json_headers = {**self._headers, "Content-Type": "application/json"}

    def url(self, *segments: str, **params: str) -> str:
        """The address of an object, such as `url("123", "messages")`.

        Segments are quoted whole, so an id that someone else gave leads nowhere else.
        """
        path = "/".join(quote(segment, safe="") for segment in segments)
        query = f"?{urlencode(params)}" if params else ""
        return f"{self._root}/{path}{query}"

    def may_have_token(self, url: str) -> bool:
        """Whether the token may be sent there: it never travels in the clear to another host."""
        address = httpx.URL(url)
        same = (address.scheme, address.netloc) == (self._base.scheme, self._base.netloc)
        return same or (address.scheme == "https" and bool(address.host))

    async def get(self, url: str) -> dict[str, Any]:
        """Read an object; fails as `post` does."""
        return await self._persist(lambda: self._request("GET", url), repeatable=True)

    async def delete(self, url: str) -> dict[str, Any]:
        """Delete an object. Deleting twice does no harm, so a lost answer is asked for again."""
        return await self._persist(lambda: self._request("DELETE", url), repeatable=True)

    async def post(
        self,
        url: str,
        body: bytes | Mapping[str, Any],
        *,
        repeatable: bool = False,
        once: bool = False,
    ) -> dict[str, Any]:
        """Send a JSON object and give the answer's.

        Args:
            url: Where to, from `url`.
            body: The object, or its JSON.
            repeatable: Doing it twice does no harm, so that it is also repeated when the answer
                was lost. Never so for a message.
            once: It is tried only once, whatever happens: the caller repeats it by itself.

        Raises:
            ConnectionFailed: Nothing left.
            GraphError: The API said no.
            AnswerLost: The request may have been carried out.
            UnreadableAnswer: The same; the answer is none of the Graph API.
        """
        content = body if isinstance(body, bytes) else to_json(body)
        if once:
            return await self._request("POST", url, content)
        return await self._persist(
            lambda: self._request("POST", url, content), repeatable=repeatable
        )

    async def upload(
        self, url: str, pieces: AsyncIterable[bytes], *, content_type: str, size: int
    ) -> dict[str, Any]:
        """Send a body of `size` bytes piece by piece, and give the JSON object of the answer.

        `pieces` must start anew each time it is iterated. Uploading twice leaves a file that
        expires by itself, so a lost answer is asked for again.
        """
        headers = {**self._headers, "Content-Type": content_type, "Content-Length": str(size)}

        async def attempt() -> dict[str, Any]:
            return await _read(await self._opened("POST", url, headers=headers, content=pieces))

        return await self._persist(attempt, repeatable=True)

    @contextlib.asynccontextmanager
    async def download(self, url: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file that the API gave the address of, and give its content piece by piece.

        Raises:
            GraphError: The API refuses it; `http_status` tells whether the address has expired.
        """

        async def attempt() -> httpx.Response:
            response = await self._opened("GET", url, headers=self._headers)
            if response.status_code == 200:
                return response
            status, body = response.status_code, await _read(response)
            raise UnreadableAnswer("the answer is no file", status=status, body=str(body))

        response = await self._persist(attempt, repeatable=True)
        pieces = pieces_of(response)
        try:
            yield pieces
        finally:
            await pieces.aclose()
            await close(response)

    async def _request(self, method: str, url: str, content: bytes | None = None) -> dict[str, Any]:
        """Make one try."""
        try:
            async with asyncio.timeout(self._longest):
                answer = await exchange(
                    self._transport,
                    method,
                    url,
                    headers=self._headers if content is None else self._json_headers,
                    content=content,
                    extensions=self._extensions,
                )
        except Exception as error:
            raise failure_of(error) from error
        return await object_of(answer)

    async def _opened(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: AsyncIterable[bytes] | None = None,
    ) -> httpx.Response:
        """Make one try and give the answer with its body unread."""
        request = httpx.Request(
            method, url, headers=headers, content=content, extensions=self._extensions
        )
        try:
            return await self._transport.handle_async_request(request)
        except Exception as error:
            raise failure_of(error) from error

    async def _persist(self, attempt: Callable[[], Awaitable[T]], *, repeatable: bool) -> T:
        started = self._retries.clock()
        try:
            return await attempt()
        except BlazzError as error:
            first = error
        return await repeat(
            attempt, first, retries=self._retries, repeatable=repeatable, started=started
        )


async def _read(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = await whole(response)
    except Exception as error:
        raise failure_of(error) from error
    return await object_of(answer)
