"""Transports: chosen, reached through proxies, and what their own exceptions prove."""

from __future__ import annotations

import asyncio
import base64
import sys

import aiohttp
import httpx
import pytest
from pyreqwest import exceptions as pyreqwest

from blazz.errors import ConfigurationError, ConnectionFailed, MissingDependency
from blazz.providers.meta_cloud import MetaCloud, Retries
from blazz.providers.meta_cloud.transports import left_nothing, make_transport

TIMEOUT = httpx.Timeout(2)
ACCEPTED = b'{"id":"1","display_phone_number":"+62"}'


def below(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


KEY = object()
CERTAIN = [
    httpx.ConnectError("x"),
    httpx.ConnectTimeout("x"),
    httpx.PoolTimeout("x"),
    httpx.ProxyError("x"),
    httpx.UnsupportedProtocol("x"),
    below(httpx.ConnectTimeout("x"), aiohttp.ClientConnectorError(KEY, OSError(111, "refused"))),
    below(httpx.ConnectTimeout("x"), aiohttp.ConnectionTimeoutError("x")),
    aiohttp.ConnectionTimeoutError("x"),
    pyreqwest.PoolTimeoutError("x", {"causes": []}),
    below(
        httpx.ConnectError("x"),
        pyreqwest.ConnectError("x", {"causes": [{"message": "client error (Connect)"}]}),
    ),
]
UNCERTAIN = [
    httpx.ReadTimeout("x"),
    httpx.ReadError("x"),
    httpx.WriteError("x"),
    httpx.WriteTimeout("x"),
    httpx.CloseError("x"),
    httpx.RemoteProtocolError("x"),
    httpx.TimeoutException("x"),
    httpx.NetworkError("x"),
    OSError("x"),
    TimeoutError(),
    RuntimeError("x"),
    # What the libraries report as failures to connect, although the request had left.
    below(httpx.ConnectTimeout("x"), aiohttp.ServerDisconnectedError()),
    below(httpx.ConnectTimeout("x"), aiohttp.ClientOSError(104, "reset")),
    below(httpx.ConnectTimeout("x"), aiohttp.ClientConnectionResetError("x")),
    below(httpx.ReadTimeout("x"), aiohttp.SocketTimeoutError("x")),
    below(
        httpx.ConnectError("x"),
        pyreqwest.ConnectError(
            "x",
            {
                "causes": [
                    {"message": "client error (SendRequest)"},
                    {"message": "connection closed before message completed"},
                ]
            },
        ),
    ),
    below(httpx.ConnectTimeout("x"), pyreqwest.ConnectTimeoutError("x", {"causes": None})),
]


@pytest.mark.parametrize("error", CERTAIN, ids=repr)
def test_what_proves_that_nothing_left(error: Exception) -> None:
    assert left_nothing(error)


@pytest.mark.parametrize("error", UNCERTAIN, ids=repr)
def test_what_proves_nothing(error: Exception) -> None:
    assert not left_nothing(error)


@pytest.fixture(params=["default", "fast"])
def choice(request: pytest.FixtureRequest) -> str:
    return request.param


def cloud_behind(choice: str, proxy: str, base_url: str) -> MetaCloud:
    return MetaCloud(
        "1",
        "T",
        base_url=base_url,
        proxy=proxy,
        transport=choice,  # type: ignore[arg-type]
        timeout=TIMEOUT,
        retries=Retries(attempts=1),
    )


CREDENTIALS = b"proxy-authorization: basic " + base64.b64encode(b"user:pa:ss").lower()


def with_password(proxy: str) -> str:
    return proxy.replace("http://", "http://user:pa%3Ass@")


class TestProxies:
    async def test_requests_go_through_it(self, choice, loopback) -> None:
        loopback.replies = [loopback.answer(ACCEPTED)]
        async with cloud_behind(choice, with_password(loopback.url), "http://127.0.0.1:9") as cloud:
            await cloud.phone_numbers.info()
        head = loopback.heads[0]
        assert head.startswith(b"GET http://127.0.0.1:9/v26.0/1?")
        assert CREDENTIALS in head.lower()
        assert b"\r\nauthorization: bearer t\r\n" in head.lower()

    async def test_one_that_refuses_the_tunnel_passed_nothing_on(self, choice, loopback) -> None:
        loopback.replies = [loopback.answer(b"", status="407 Proxy Authentication Required")]
        proxy = with_password(loopback.url)
        async with cloud_behind(choice, proxy, "https://127.0.0.1:9") as cloud:
            with pytest.raises(ConnectionFailed):
                await cloud.phone_numbers.info()
        assert CREDENTIALS in loopback.heads[0].lower()
        assert loopback.heads[0].startswith(b"CONNECT 127.0.0.1:9 HTTP/1.1\r\n")
        assert b"bearer" not in loopback.heads[0].lower()

    async def test_one_that_is_not_there_passed_nothing_on(self, choice, closed_port) -> None:
        proxy = f"http://127.0.0.1:{closed_port}"
        async with cloud_behind(choice, proxy, "http://127.0.0.1:9") as cloud:
            with pytest.raises(ConnectionFailed):
                await cloud.phone_numbers.info()

    async def test_the_environment_is_not_read(
        self, choice, loopback, closed_port, monkeypatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
        loopback.replies = [loopback.answer(ACCEPTED)]
        async with MetaCloud("1", "T", base_url=loopback.url, transport=choice) as cloud:
            assert (await cloud.phone_numbers.info()).id == "1"

    def test_only_http_proxies_are_taken(self, choice) -> None:
        with pytest.raises(ConfigurationError, match="proxy"):
            make_transport(choice, timeout=TIMEOUT, proxy="socks5://127.0.0.1:1")


async def test_many_sends_at_once_share_the_connections(choice, loopback) -> None:
    loopback.replies = [loopback.answer(ACCEPTED)]
    async with MetaCloud("1", "T", base_url=loopback.url, transport=choice, connections=8) as cloud:
        await asyncio.gather(*(cloud.phone_numbers.info() for _ in range(300)))
        assert len(loopback.connections) <= 8
    assert len(loopback.heads) == 300


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "blazz.providers.meta_cloud.pyreqwest_transport"
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "pyreqwest.client", None)
    with pytest.raises(MissingDependency, match=r"blazz\[fast\]"):
        make_transport("fast", timeout=TIMEOUT)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="quick"):
        make_transport("quick", timeout=TIMEOUT)  # type: ignore[arg-type]
