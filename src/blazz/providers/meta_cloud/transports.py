"""HTTP transports for the Cloud API, and what their failures prove.

A transport is any `httpx.AsyncBaseTransport`. Ours have a direct way for small requests besides
(docs/decisions/0021).

Whether a message may be sent again hangs on one question that httpx's exceptions do not answer
reliably: did the request leave? Both libraries that blazz uses report some connections that broke
*after* the request as failures to connect, so `left_nothing` looks at the exception below
(docs/decisions/0020).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

import httpx

from blazz.errors import ConfigurationError, MissingDependency

TransportChoice: TypeAlias = httpx.AsyncBaseTransport | Literal["default", "fast"]
"""A transport, or the name of one: `default` (aiohttp) or `fast` (pyreqwest)."""

KEPT_ALIVE: Final = 15.0
"""Seconds that an idle connection is kept; shorter than servers keep theirs, because a server that
closes a connection just as a message goes out leaves its fate unknown."""


class Answer(NamedTuple):
    """An answer that was read to its end.

    Attributes:
        status: The HTTP status.
        headers: Their names in any case.
        content: The body as it came, maybe compressed.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes


class AnswerTooLarge(Exception):
    """An answer is larger than its reader accepts."""

    def __init__(self, status: int) -> None:
        super().__init__(f"an answer with status {status} is too large")
        self.status = status


class DirectTransport(httpx.AsyncBaseTransport):
    """A transport with a direct way for requests whose body and answer fit into memory.

    httpx's request and response objects cost as much as sending does; a message needs neither.
    """

    @abstractmethod
    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        largest: int,
    ) -> Answer:
        """Send a request and read its answer to the end; redirects are not followed.

        Args:
            method: Such as `POST`.
            url: Where to.
            headers: All but `Host` and `Content-Length`.
            content: The body.
            largest: The most bytes of an answer.

        Raises:
            AnswerTooLarge: The answer has more.
            Exception: The library's own; `left_nothing` tells what it proves.
        """


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
        timeout: Limits of connecting, each read, and the wait for a connection.
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
        from blazz.providers.meta_cloud.aiohttp_transport import open_aiohttp

        return open_aiohttp(timeout=timeout, connections=connections, proxy=proxy)
    if choice == "fast":
        try:
            from blazz.providers.meta_cloud.pyreqwest_transport import open_pyreqwest
        except ImportError as error:
            raise MissingDependency("pyreqwest", extra="fast") from error

        return open_pyreqwest(timeout=timeout, connections=connections, proxy=proxy)
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
