"""HTTP transports for the Cloud API, and what their failures prove.

A transport is any `httpx.AsyncBaseTransport`. Whether a message may be sent again hangs on one
question that httpx's exceptions do not answer reliably: did the request leave? Both libraries that
blazz uses report some connections that broke *after* the request as failures to connect, so
`left_nothing` looks at the exception below (docs/decisions/0020).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import httpx

from blazz.errors import ConfigurationError, MissingDependency

if TYPE_CHECKING:
    import aiohttp

TransportChoice: TypeAlias = httpx.AsyncBaseTransport | Literal["default", "fast"]
"""A transport, or the name of one: `default` (aiohttp) or `fast` (pyreqwest)."""

KEPT_ALIVE: Final = 15.0
"""Seconds that an idle connection is kept; shorter than servers keep theirs, because a server that
closes a connection just as a message goes out leaves its fate unknown."""


def make_transport(
    choice: Literal["default", "fast"],
    *,
    timeout: httpx.Timeout,
    connections: int = 256,
    proxy: str | None = None,
) -> httpx.AsyncBaseTransport:
    """Make a transport of our own; call it in a running event loop.

    Args:
        choice: `default` for aiohttp, `fast` for pyreqwest.
        timeout: Limits of the phases of a request. `fast` counts connecting and each read.
        connections: The most connections at a time; further requests wait for one.
        proxy: The URL of an HTTP proxy, with user and password if it needs them. Environment
            variables such as `HTTPS_PROXY` are not read.

    Raises:
        MissingDependency: `fast`, and pyreqwest is not installed.
        ConfigurationError: No such transport, or the proxy's URL is wrong.
    """
    if proxy is not None and not proxy.startswith(("http://", "https://")):
        raise ConfigurationError("proxy must be an address that starts with http:// or https://")
    if choice == "default":
        return _aiohttp_transport(connections=connections, proxy=proxy)
    if choice == "fast":
        return _pyreqwest_transport(timeout=timeout, connections=connections, proxy=proxy)
    raise ConfigurationError(
        f"transport must be 'default', 'fast' or an httpx.AsyncBaseTransport, not {choice!r}"
    )


def left_nothing(error: BaseException) -> bool:
    """Whether a failure proves that no byte of the request left; False where that is not certain.

    Example:
        >>> left_nothing(httpx.ConnectError("refused"))
        True
        >>> left_nothing(httpx.ReadTimeout("no answer"))
        False
    """
    for fault in (error, error.__cause__):
        library = type(fault).__module__.partition(".")[0]
        if library == "aiohttp":
            return _left_nothing_aiohttp(fault)
        if library == "pyreqwest":
            return _left_nothing_pyreqwest(fault)
    return isinstance(
        error,
        httpx.ConnectError
        | httpx.ConnectTimeout
        | httpx.PoolTimeout
        | httpx.ProxyError
        | httpx.UnsupportedProtocol,
    )


def _left_nothing_aiohttp(fault: BaseException | None) -> bool:
    """Its errors are precise; httpx-aiohttp makes "server disconnected" a connect timeout."""
    import aiohttp

    return isinstance(
        fault,
        aiohttp.ClientConnectorError
        | aiohttp.ConnectionTimeoutError
        | aiohttp.ClientHttpProxyError
        | aiohttp.InvalidURL
        | aiohttp.NonHttpUrlClientError,
    )


def _left_nothing_pyreqwest(fault: BaseException | None) -> bool:
    """Its errors are chosen by words in the text, such as "connection closed".

    hyper's own verdict is in the causes. Should its wording change, a failure counts as unknown,
    which costs a retry and never sends twice.
    """
    from pyreqwest.exceptions import PoolTimeoutError

    if isinstance(fault, PoolTimeoutError):
        return True
    details = getattr(fault, "details", None) or {}
    return any(
        cause.get("message") == "client error (Connect)" for cause in details.get("causes") or ()
    )


def _aiohttp_transport(*, connections: int, proxy: str | None) -> httpx.AsyncBaseTransport:
    import aiohttp
    from httpx_aiohttp import AiohttpTransport

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=connections, keepalive_timeout=KEPT_ALIVE, ssl=transport.ssl_context
        )
        # The proxy belongs here and not to the transport, whose way to hand its password over is
        # deprecated in aiohttp.
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=proxy
        )

    transport = AiohttpTransport(client=session)
    return transport


def _pyreqwest_transport(
    *, timeout: httpx.Timeout, connections: int, proxy: str | None
) -> httpx.AsyncBaseTransport:
    try:
        from pyreqwest.client import ClientBuilder
        from pyreqwest.compatibility.httpx import HttpxTransport
        from pyreqwest.proxy import ProxyBuilder
    except ImportError as error:
        raise MissingDependency("pyreqwest", extra="fast") from error

    class FastTransport(HttpxTransport):
        """pyreqwest's transport with the client's timeouts instead of one sum of them all."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.extensions = {}
            return await super().handle_async_request(request)

    builder: Any = ClientBuilder().follow_redirects(enable=False).max_connections(connections)
    builder = builder.pool_idle_timeout(timedelta(seconds=KEPT_ALIVE)).no_proxy()
    for name, seconds in (
        ("connect_timeout", timeout.connect),
        ("read_timeout", timeout.read),
        ("pool_timeout", timeout.pool),
    ):
        if seconds is not None:
            builder = getattr(builder, name)(timedelta(seconds=seconds))
    for encoding in ("gzip", "brotli", "zstd", "deflate"):
        builder = getattr(builder, encoding)(enable=False)
    if proxy is not None:
        builder = builder.proxy(ProxyBuilder.all(proxy))
    return FastTransport(builder.build(), close_client=True)
