"""Sends one request to an address that was checked at the moment of connecting.

There are no redirects, no proxies of the environment, and no end of patience: an answer is cut off
after a few kilobytes and a few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import anyio
import httpcore

from blazz_server.webhooks.judging import Outcome, retry_after
from blazz_server.webhooks.targets import (
    Resolve,
    TargetRefused,
    checked_addresses,
    parse_target,
    resolve,
)

TIMEOUT: Final = 15.0
"""Seconds for a whole request, from the name to the end of the answer."""
_CONNECT_SECONDS: Final = 5.0
_KEPT: Final = 1024
_READ: Final = 16 * 1024


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to nothing but addresses that it has checked itself.

    The name is resolved here and the connection goes to the result, so a name that points elsewhere
    a moment later changes nothing. The certificate is still checked against the name.

    Args:
        allow_private: Connect to any address.
        resolver: Gives the addresses of a host.
    """

    def __init__(self, *, allow_private: bool, resolver: Resolve = resolve) -> None:
        self._allow_private = allow_private
        self._resolver = resolver
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check, and connect to the first address that answers."""
        addresses = await checked_addresses(
            host, port, allow_private=self._allow_private, resolver=self._resolver
        )
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError("no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: a socket of this machine is nobody's webhook."""
        raise TargetRefused("webhooks are sent to hosts")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await anyio.sleep(seconds)


class GuardedHttp:
    """Posts to subscribers.

    Args:
        allow_private: Send to any address, and without TLS.
        timeout: Seconds for a whole request.
        connections: How many are open at once.
        resolver: Gives the addresses of a host.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout: float = TIMEOUT,
        connections: int = 100,
        resolver: Resolve = resolve,
    ) -> None:
        self._allow_private = allow_private
        self._timeout = timeout
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=connections,
            max_keepalive_connections=connections // 2,
            keepalive_expiry=30.0,
            network_backend=CheckedBackend(allow_private=allow_private, resolver=resolver),
        )

    async def __aenter__(self) -> Self:
        """Get ready."""
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self._pool.__aexit__(kind, error, trace)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Send a request; whatever goes wrong is told in the outcome."""
        began = time.monotonic()
        try:
            with anyio.fail_after(self._timeout):
                parse_target(url, allow_private=self._allow_private)
                found = await self._exchange(url, headers, body)
        except TargetRefused as error:
            found = {"error": str(error)}
        except TimeoutError:
            found = {"error": f"no answer within {self._timeout:g} s"}
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            found = {"error": f"the connection failed ({_named(error)})"}
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            found = {"error": f"the answer cannot be read ({_named(error)})"}
        return Outcome(milliseconds=round((time.monotonic() - began) * 1000), **found)

    async def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        timeouts = {
            "connect": _CONNECT_SECONDS,
            "read": self._timeout,
            "write": self._timeout,
            "pool": self._timeout,
        }
        sent = list(headers.items())
        async with self._pool.stream(
            "POST", url, headers=sent, content=body, extensions={"timeout": timeouts}
        ) as response:
            answer = b""
            async for part in response.aiter_stream():
                answer += part
                if len(answer) >= _READ:  # leaving the block closes the connection
                    break
            given = {name.lower(): value for name, value in response.headers}
            asked = given.get(b"retry-after")
            return {
                "status": response.status,
                "answer": answer[:_KEPT].decode("utf-8", "replace").replace("\0", ""),
                "retry_after": retry_after(
                    asked.decode("latin-1") if asked else None, now=datetime.now(UTC)
                ),
            }


def _named(error: BaseException) -> str:
    """Name an error without what the system says of addresses."""
    return type(error).__name__
