"""What the failure of a request proves, tried on real sockets with every transport."""

from __future__ import annotations

import asyncio
import gzip
import json

import anyio
import httpx
import pytest

from blazz.errors import (
    AnswerLost,
    BlazzError,
    ConnectionFailed,
    Refused,
    UnreadableAnswer,
)
from blazz.providers.meta_cloud import faults
from blazz.providers.meta_cloud.exchange import LARGEST_ANSWER
from blazz.providers.meta_cloud.transports import make_transport
from tests.unit.providers.meta_cloud.graphs import (
    ACCEPTED,
    OK,
    REFUSED,
    answering,
    counting,
    graph_over,
    post,
    refusal,
)


class TestNothingLeft:
    async def test_refused(self, transport, closed_port) -> None:
        with pytest.raises(ConnectionFailed):
            await post(graph_over(transport, f"http://127.0.0.1:{closed_port}"))

    async def test_unknown_host(self, transport) -> None:
        with pytest.raises(ConnectionFailed):
            await post(graph_over(transport, "http://nowhere.invalid"))

    async def test_tls_with_a_server_that_speaks_none(self, transport, loopback) -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"SSH-2.0-OpenSSH\r\n")
            await writer.drain()
            writer.close()

        loopback.replies = [speak]
        with pytest.raises(ConnectionFailed):
            await post(graph_over(transport, f"https://127.0.0.1:{loopback.port}"))

    async def test_a_wait_for_a_connection_that_never_comes_free(self, loopback) -> None:
        loopback.replies = [loopback.write(b"", then_hang=True)]
        timeout = httpx.Timeout(30, pool=0.2)
        for choice in ("default", "fast"):
            made = make_transport(choice, timeout=timeout, connections=1)
            graph = graph_over(made, loopback.url, timeout=timeout)
            loopback.requested.clear()
            hanging = asyncio.create_task(post(graph))
            await loopback.requested.wait()
            with pytest.raises(ConnectionFailed):
                await post(graph)
            hanging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hanging
            await made.aclose()


MISBEHAVIOURS = {
    "closes before reading": lambda server: server.close_before_reading(),
    "closes after reading": lambda server: server.write(b""),
    "resets after reading": lambda server: server.reset_after_reading(),
    "hangs": lambda server: server.write(b"", then_hang=True),
    "half a status line": lambda server: server.write(b"HTTP/1.1 200 O"),
    "half a header": lambda server: server.write(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "hangs in the header": lambda server: server.write(b"HTTP/1.1 200 OK\r\nCo", then_hang=True),
    "half a body": lambda server: server.write(
        b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"messages"'
    ),
    "hangs in the body": lambda server: server.write(
        b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"messages"', then_hang=True
    ),
    "no HTTP": lambda server: server.write(b"SSH-2.0-OpenSSH\r\n\r\n"),
}


class TestTheRequestMayHaveLeft:
    @pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
    async def test_the_answer_is_lost(self, transport, loopback, misbehaviour) -> None:
        loopback.replies = [MISBEHAVIOURS[misbehaviour](loopback)]
        pauses: list[float] = []
        graph = graph_over(transport, loopback.url, retries=counting(pauses))
        with pytest.raises(AnswerLost) as caught:
            await post(graph)
        assert caught.value.__cause__ is not None
        assert len(loopback.bodies) <= 1
        assert pauses == []

    async def test_a_kept_connection_that_the_server_resets(self, transport, loopback) -> None:
        loopback.replies = [loopback.answer(ACCEPTED), loopback.reset_after_reading()]
        graph = graph_over(transport, loopback.url, retries=counting([]))
        assert await post(graph) == json.loads(ACCEPTED)
        with pytest.raises(AnswerLost):
            await post(graph)
        assert len(loopback.bodies) == 2

    async def test_a_server_that_drips_is_not_waited_for_for_ever(self, loopback) -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await loopback.read(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)

        loopback.replies = [drip]
        timeout = httpx.Timeout(0.15)
        made = make_transport("default", timeout=timeout)
        with pytest.raises(AnswerLost):
            await post(graph_over(made, loopback.url, timeout=timeout))
        await made.aclose()

    @pytest.mark.parametrize(
        ("status", "content", "kind"),
        [
            ("502 Bad Gateway", b"<html>Bad gateway</html>", "text/html"),
            ("503 Service Unavailable", b"", "text/plain"),
            ("504 Gateway Timeout", b'{"error":{"message":"no code"}}', "application/json"),
            ("408 Request Timeout", b"", "text/plain"),
            ("200 OK", b"<html>Log in to the Wi-Fi</html>", "text/html"),
            ("200 OK", b"", "application/json"),
            ("200 OK", b'["no object"]', "application/json"),
            ("200 OK", b'{"error":{"message":"no code"}}', "application/json"),
            ("200 OK", b"\xff\xfe", "application/json"),
        ],
    )
    async def test_the_answer_is_not_the_apis(
        self, transport, loopback, status, content, kind
    ) -> None:
        loopback.replies = [
            loopback.answer(content, status=status, headers=f"Content-Type: {kind}\r\n")
        ]
        graph = graph_over(transport, loopback.url, retries=counting([]))
        with pytest.raises(UnreadableAnswer) as caught:
            await post(graph)
        assert caught.value.status == int(status[:3])
        assert caught.value.body == content.decode("utf-8", "replace")
        assert status[:3] in str(caught.value)
        assert kind in str(caught.value)
        assert len(loopback.bodies) == 1

    async def test_an_answer_too_large_is_not_read_on(self, transport, loopback) -> None:
        loopback.replies = [loopback.answer(b" " * (LARGEST_ANSWER + 1))]
        with pytest.raises(UnreadableAnswer, match="more than"):
            await post(graph_over(transport, loopback.url))

    @pytest.mark.parametrize(
        "content", [b"no gzip", gzip.compress(b" " * (LARGEST_ANSWER + 1))], ids=len
    )
    async def test_an_answer_that_cannot_be_decompressed(
        self, transport, loopback, content
    ) -> None:
        headers = "Content-Encoding: gzip\r\n"
        loopback.replies = [loopback.answer(content, headers=headers)]
        graph = graph_over(transport, loopback.url, retries=counting([]))
        with pytest.raises(UnreadableAnswer, match="decompressed"):
            await post(graph)
        assert len(loopback.bodies) == 1

    async def test_an_answer_of_unknown_length_is_read(self, transport, loopback) -> None:
        chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
        loopback.replies = [loopback.write(chunks % (len(ACCEPTED), ACCEPTED))]
        assert await post(graph_over(transport, loopback.url)) == json.loads(ACCEPTED)

    async def test_an_answer_of_unknown_length_is_limited_too(self, transport, loopback) -> None:
        endless = b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (LARGEST_ANSWER + 100_000)
        loopback.replies = [loopback.write(endless)]
        with pytest.raises(UnreadableAnswer, match="more than"):
            await post(graph_over(transport, loopback.url, timeout=httpx.Timeout(5)))


class TestAnswers:
    async def test_an_object(self, transport, loopback) -> None:
        loopback.replies = [loopback.answer(ACCEPTED)]
        assert await post(graph_over(transport, loopback.url)) == json.loads(ACCEPTED)
        head = loopback.heads[0].lower()
        assert head.startswith(b"post /v26.0/1/messages http/1.1\r\n")
        assert b"authorization: bearer t0ken\r\n" in head
        assert b"content-type: application/json\r\n" in head
        assert head.count(b"content-length:") == 1
        assert head.count(b"host:") == 1
        assert loopback.bodies == [b'{"to":"62812"}']

    async def test_gzip(self, transport, loopback) -> None:
        headers = "Content-Encoding: gzip\r\n"
        loopback.replies = [loopback.answer(gzip.compress(ACCEPTED), headers=headers)]
        assert await post(graph_over(transport, loopback.url)) == json.loads(ACCEPTED)

    async def test_connections_are_kept(self, transport, loopback) -> None:
        loopback.replies = [loopback.answer(ACCEPTED)]
        graph = graph_over(transport, loopback.url)
        for _ in range(5):
            await post(graph)
        assert len(loopback.bodies) == 5
        assert not loopback.closed.is_set()

    async def test_an_error_of_the_api(self, transport, loopback) -> None:
        error = {"error": {"code": 131026, "message": "no", "fbtrace_id": "A1"}}
        loopback.replies = [loopback.answer(json.dumps(error).encode(), status="400 Bad Request")]
        with pytest.raises(faults.NotReachable) as caught:
            await post(graph_over(transport, loopback.url))
        assert caught.value.trace_id == "A1"

    async def test_an_error_of_the_api_with_a_5xx_still_says_no(self, transport, loopback) -> None:
        error = json.dumps({"error": {"code": 131016, "message": "down"}}).encode()
        loopback.replies = [loopback.answer(error, status="500 Internal Server Error")]
        with pytest.raises(faults.ServiceDown):
            await post(graph_over(transport, loopback.url))

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("302 Found", faults.Redirected),
            ("400 Bad Request", faults.UnlistedError),
            ("401 Unauthorized", faults.Unauthenticated),
            ("403 Forbidden", faults.Forbidden),
            ("404 Not Found", faults.NotFound),
            ("429 Too Many Requests", faults.TooManyRequests),
        ],
    )
    async def test_a_refusal_by_something_before_the_api(
        self, transport, loopback, status, kind
    ) -> None:
        headers = "Content-Type: text/html\r\nRetry-After: 9\r\nLocation: http://127.0.0.1:1/\r\n"
        loopback.replies = [loopback.answer(b"<html>no</html>", status=status, headers=headers)]
        with pytest.raises(Refused) as caught:
            await post(graph_over(transport, loopback.url))
        assert type(caught.value) is kind
        assert caught.value.retry_after == 9
        assert "<html>no</html>" in str(caught.value)
        assert isinstance(caught.value.__cause__, UnreadableAnswer)
        assert len(loopback.bodies) == 1


class TestCancellation:
    async def test_a_cancelled_request_closes_its_connection(self, transport, loopback) -> None:
        loopback.replies = [
            loopback.write(b"", then_hang=True),
            loopback.answer(ACCEPTED),
        ]
        timeout = httpx.Timeout(30)
        graph = graph_over(transport, loopback.url, timeout=timeout)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(post, graph)
                await loopback.requested.wait()
                scope.cancel()
        await loopback.closed.wait()
        assert await post(graph) == json.loads(ACCEPTED)

    async def test_a_request_cancelled_in_its_body_closes_its_connection(
        self, transport, loopback
    ) -> None:
        half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
        loopback.replies = [
            loopback.write(half, then_hang=True),
            loopback.answer(ACCEPTED),
        ]
        graph = graph_over(transport, loopback.url, timeout=httpx.Timeout(30))
        sending = asyncio.create_task(post(graph))
        await loopback.requested.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await loopback.closed.wait()
        assert await post(graph) == json.loads(ACCEPTED)


def test_ids_cannot_lead_to_another_address() -> None:
    transport, _ = answering(OK)
    graph = graph_over(transport, "http://127.0.0.1")
    url = graph.url("../../me", "a b?c=d#e", fields="id,name")
    assert str(url) == "http://127.0.0.1/v26.0/..%2F..%2Fme/a%20b%3Fc%3Dd%23e?fields=id%2Cname"


async def test_all_failures_are_errors_of_blazz() -> None:
    for failure in (REFUSED, httpx.ReadTimeout("x"), httpx.Response(500), refusal(1)):
        transport, _ = answering(failure)
        with pytest.raises(BlazzError):
            await post(graph_over(transport, "http://127.0.0.1"))
