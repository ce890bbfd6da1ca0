"""The default transport, on aiohttp."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Mapping

import aiohttp
import httpx
import httpx_aiohttp

from blazz.providers.meta_cloud.transports import (
    KEPT_ALIVE,
    Answer,
    AnswerTooLarge,
    DirectTransport,
)


class AiohttpTransport(httpx_aiohttp.AiohttpTransport, DirectTransport):
    """httpx-aiohttp's transport, and the direct way through the same session."""

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        largest: int,
    ) -> Answer:
        """See `DirectTransport`."""
        session = self.client
        if not isinstance(session, aiohttp.ClientSession):
            session = self.client = self.get_client()
        async with session.request(
            method, url, headers=headers, data=content, allow_redirects=False
        ) as response:
            length = response.content_length
            if length is not None and length <= largest:
                body = await response.read()
            else:
                body = await _read_at_most(largest, response)
            return Answer(response.status, response.headers, body)


async def _read_at_most(largest: int, response: aiohttp.ClientResponse) -> bytes:
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > largest:
            raise AnswerTooLarge(response.status)
    return b"".join(pieces)


def open_aiohttp(
    *, timeout: httpx.Timeout, connections: int, proxy: str | None
) -> AiohttpTransport:
    """Make a transport whose session opens with its first request."""
    phases = aiohttp.ClientTimeout(
        connect=timeout.pool, sock_connect=timeout.connect, sock_read=timeout.read
    )

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=connections, keepalive_timeout=KEPT_ALIVE, ssl=transport.ssl_context
        )
        # The proxy belongs here and not to the transport, whose way to hand its password over is
        # deprecated in aiohttp.
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=phases,
            proxy=proxy,
            auto_decompress=False,
        )

    transport = AiohttpTransport(client=session, verify=_certificates())
    return transport


# To read all certificate authorities takes longer than all else that opening a number does, and
# some have thousands of numbers.
@functools.cache
def _certificates() -> ssl.SSLContext:
    """Whom the transports of this process trust."""
    return httpx.create_ssl_context()
