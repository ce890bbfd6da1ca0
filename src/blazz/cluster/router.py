"""Forwards calls to the instance that runs a session."""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import httpx

from blazz.cluster.placement import Instance
from blazz.cluster.registry.base import Registry
from blazz.errors import NoInstance, OwnerUnreachable
from blazz.security.request_signing import Body, RequestSigner

FORWARDED_BY: Final = "X-Blazz-Forwarded-By"
MISDIRECTED: Final = 421
"""The HTTP status by which an instance says that it does not run the session; nothing happened."""
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PIECE: Final = 256 * 1024
_KEPT: Final = frozenset({"content-type", "accept", "idempotency-key", "x-request-id"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What the owner answered.

    Attributes:
        status: The HTTP status.
        headers: The headers, names in lower case.
        body: The raw body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Call:
    """A call as it is passed on."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: Body
    caller: str

    @classmethod
    def of(
        cls, method: str, target: str, headers: Mapping[str, str] | None, body: Body, caller: str
    ) -> _Call:
        kept = {name: it for name, it in (headers or {}).items() if name.lower() in _KEPT}
        return cls(method.upper(), target, kept, body, caller)


class Router:
    """Finds the owner of a session and forwards calls to it, signed.

    A call is sent again only where nothing can have happened: no connection was made, the instance
    said that the session is not there, or the call only reads.

    Args:
        registry: Knows where sessions run.
        name: The name of this instance.
        signer: Signs what is forwarded.
        transport: Carries the calls; by default plain HTTP with a pool of connections.
        timeout: Seconds that a call may take.
        patience: Seconds for which a session that is moving is waited for.
        pause: Seconds between two looks at where it is.
        clock: The time in seconds since 1970; only tests give another one.

    Example:
        ::

            router = Router(registry, "east-1", signer=RequestSigner(secret))
            if await router.is_ours("acme/support"):
                ...  # answer it here
            reply = await router.forward("acme/support", "POST", "/v1/messages", body=body)
    """

    def __init__(
        self,
        registry: Registry,
        name: str,
        *,
        signer: RequestSigner,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = 30.0,
        patience: float = 5.0,
        pause: float = 0.25,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._name = name
        self._signer = signer
        self._http = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 3.0)),
            follow_redirects=False,
            trust_env=False,
            verify=_certificates(),
        )
        self._patience = patience
        self._pause = pause
        self._clock = clock

    async def close(self) -> None:
        """Close the connections to other instances."""
        await self._http.aclose()

    async def is_ours(self, session: str) -> bool:
        """Whether this instance runs a session.

        Raises:
            RegistryUnavailable: The registry does not answer.
        """
        found = await self._registry.find(session)
        return found is not None and found.instance == self._name

    async def forward(
        self,
        session: str,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
        caller: str = "",
    ) -> Reply:
        """Forward a call to the instance that runs a session.

        Args:
            session: Its key, `<workspace>/<name>`.
            method: The HTTP method.
            target: The path, with the query if it has one.
            headers: The headers; only those that say what the body is, what answer is wanted, and
                which call it is are passed on.
            body: The raw body, or the file that it is in: a large one is not read into memory.
            caller: On whose account, which the owner is told.

        Raises:
            NoInstance: The session runs nowhere, and no instance took it over in time.
            OwnerUnreachable: Its owner does not answer; `may_have_happened` tells about the call.
            RegistryUnavailable: The registry does not answer.
        """
        call = _Call.of(method, target, headers, body, caller)
        deadline = anyio.current_time() + self._patience
        while True:
            reply, problem = await self._try(session, call)
            if reply is not None:
                return reply
            if anyio.current_time() >= deadline:
                raise problem
            await anyio.sleep(self._pause)

    async def call(
        self,
        instance: Instance,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
        caller: str = "",
    ) -> Reply:
        """Call an instance about itself, once; the arguments are those of `forward`.

        Raises:
            OwnerUnreachable: It does not answer; `may_have_happened` tells about the call.
        """
        try:
            return await self._send(instance, _Call.of(method, target, headers, body, caller))
        except httpx.TransportError as error:
            happened = not isinstance(error, _NOT_SENT)
            raise _unreachable(None, instance, happened=happened) from error

    async def _send(self, instance: Instance, call: _Call) -> Reply:
        body = call.body
        sign = functools.partial(
            self._signer.sign,
            call.method,
            call.target,
            body,
            receiver=instance.name,
            now=self._clock(),
            caller=call.caller,
        )
        sent = {**call.headers, FORWARDED_BY: self._name}
        content: bytes | AsyncGenerator[bytes]
        if isinstance(body, bytes):
            sent |= sign()
            content = body
        else:
            sent |= await anyio.to_thread.run_sync(sign)
            # The owner is told how much it is: it may refuse it before it comes.
            sent["Content-Length"] = str((await anyio.Path(body).stat()).st_size)
            content = _pieces(body)
        address = instance.address.rstrip("/") + call.target
        response = await self._http.request(call.method, address, headers=sent, content=content)
        found = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, found, response.content)

    async def _try(
        self, session: str, call: _Call
    ) -> tuple[Reply | None, NoInstance | OwnerUnreachable]:
        """Forward a call once; without a reply it may be tried again, or the problem be raised.

        Raises:
            OwnerUnreachable: It must not be tried again.
        """
        owner = await self._owner(session)
        if owner is None:
            return None, NoInstance(f"{session} runs on no instance at the moment")
        try:
            reply = await self._send(owner, call)
        except _NOT_SENT:
            return None, _unreachable(session, owner, happened=False)
        except httpx.TransportError as error:
            problem = _unreachable(session, owner, happened=call.method not in _SAFE)
            if call.method in _SAFE:
                return None, problem
            raise problem from error
        if reply.status == MISDIRECTED:
            return None, NoInstance(f"{session} is moving to another instance")
        return reply, NoInstance()

    async def _owner(self, session: str) -> Instance | None:
        found = await self._registry.find(session)
        if found is None:
            return None
        alive = {instance.name: instance for instance in await self._registry.instances()}
        return alive.get(found.instance)


async def _pieces(file: Path) -> AsyncGenerator[bytes]:
    async with await anyio.open_file(file, "rb") as opened:
        while piece := await opened.read(_PIECE):
            yield piece


def _unreachable(session: str | None, owner: Instance, *, happened: bool) -> OwnerUnreachable:
    doubt = "; the call may have been carried out" if happened else "; nothing happened"
    runs = "" if session is None else f", which runs {session},"
    return OwnerUnreachable(
        f"{owner.name}{runs} does not answer{doubt}",
        instance=owner.name,
        may_have_happened=happened,
    )


# To read all certificate authorities takes longer than all else that opening a platform does.
@functools.cache
def _certificates() -> ssl.SSLContext:
    """Whom the routers of this process trust."""
    return httpx.create_ssl_context(trust_env=False)
