"""The fast transport, on pyreqwest (Rust)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.compatibility.httpx import HttpxTransport
from pyreqwest.proxy import ProxyBuilder

from blazz.providers.meta_cloud.transports import (
    KEPT_ALIVE,
    Answer,
    AnswerTooLarge,
    DirectTransport,
)


class PyreqwestTransport(HttpxTransport, DirectTransport):
    """pyreqwest's own transport, and the direct way through the same client.

    A cancelled request goes on in the background until it ends or times out: the library has no way
    to stop it. What became of a message whose sending was cancelled is unknown in any case.
    """

    def __init__(self, client: Client) -> None:
        super().__init__(client, close_client=True)
        self._direct = client

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
        request = self._direct.request(method, url).headers(headers)
        if content is not None:
            request = request.body_bytes(content)
        async with request.build_streamed() as response:
            length = response.get_header("content-length")
            if length is not None and int(length) <= largest:
                body = bytes(await response.body_reader.bytes())
            else:
                body = await _read_at_most(largest, response)
            return Answer(response.status, response.headers, body)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Leave the timeouts to the client: the library would take the sum of all for one."""
        request.extensions = {}
        return await super().handle_async_request(request)


async def _read_at_most(largest: int, response: Any) -> bytes:  # noqa: ANN401 - a Rust type
    pieces, size = [], 0
    while (piece := await response.body_reader.read()) is not None:
        pieces.append(bytes(piece))
        size += len(piece)
        if size > largest:
            raise AnswerTooLarge(response.status)
    return b"".join(pieces)


def open_pyreqwest(
    *, timeout: httpx.Timeout, connections: int, proxy: str | None
) -> PyreqwestTransport:
    """Make a transport that follows no redirects and reads no proxies from the environment."""
    builder = ClientBuilder().follow_redirects(enable=False).no_proxy()
    builder = builder.max_connections(connections)
    builder = builder.pool_idle_timeout(timedelta(seconds=KEPT_ALIVE))
    if timeout.connect is not None:
        builder = builder.connect_timeout(timedelta(seconds=timeout.connect))
    if timeout.read is not None:
        builder = builder.read_timeout(timedelta(seconds=timeout.read))
    if timeout.pool is not None:
        builder = builder.pool_timeout(timedelta(seconds=timeout.pool))
    # Bodies are given as they came; who reads them decodes them, within limits.
    builder = builder.gzip(enable=False).deflate(enable=False)
    builder = builder.brotli(enable=False).zstd(enable=False)
    if proxy is not None:
        builder = builder.proxy(ProxyBuilder.all(proxy))
    return PyreqwestTransport(builder.build())
