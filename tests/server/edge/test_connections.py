"""Connections whose other end says nothing, or is gone, are closed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from blazz_server.edge.bodies import LimitedBodies
from blazz_server.edge.connections import ImpatientProtocol, listen

SECONDS = 0.3


class _VeryImpatient(ImpatientProtocol):
    headers_within = SECONDS


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(body or b"hello")(scope, receive, send)


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, int]]:
    """Where a server listens that waits for nobody."""
    listening = listen("127.0.0.1", 0)
    app = LimitedBodies(_echo, limit=lambda _: 1000, patience=SECONDS)
    config = uvicorn.Config(app, http=_VeryImpatient, lifespan="off", log_config=None)
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    yield listening.getsockname()
    server.should_exit = True
    await serving


async def _say(address: tuple[str, int], *parts: bytes) -> bytes:
    """Say something, then nothing; gives what was answered when the server closed."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(60):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("said", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_call_that_never_comes_is_not_waited_for(
    address: tuple[str, int], said: bytes
) -> None:
    assert await _say(address, said) == b""


async def test_a_later_call_of_a_connection_that_never_comes_is_not_waited_for(
    address: tuple[str, int],
) -> None:
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    answer = await _say(address, whole, b"GET / HTTP/1.1\r\nX-Slow: ")

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"hello")


async def test_a_body_that_never_comes_is_not_waited_for(address: tuple[str, int]) -> None:
    answer = await _say(address, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"body_too_slow" in answer


async def test_what_comes_in_pieces_is_answered(address: tuple[str, int]) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"

    answer = await _say(address, head[:20], head[20:], b"ec", b"ho")

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"echo")


async def test_no_http_at_all_is_refused(address: tuple[str, int]) -> None:
    assert (await _say(address, b"\x16\x03\x01 hello\r\n\r\n")).startswith(b"HTTP/1.1 400")


def test_the_kernel_looks_whether_the_other_end_is_there() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            set_to: dict[str, Any] = {
                name: accepted.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
                for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
                if hasattr(socket, name)
            }
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert all(set_to.values()), set_to


def test_an_address_that_is_taken_is_told() -> None:
    with listen("127.0.0.1", 0) as listening, pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", listening.getsockname()[1])
