"""What the failure of a request proves, tried on real sockets with every transport."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable

import anyio
import httpx
import pytest

from blazz.errors import (
    AnswerLost,
    BlazzError,
    ConnectionFailed,
    Refused,
    Throttled,
    UnreadableAnswer,
)
from blazz.providers.meta_cloud import faults
from blazz.providers.meta_cloud.exchange import LARGEST_ANSWER
from blazz.providers.meta_cloud.graph import Graph
from blazz.providers.meta_cloud.retries import Retries
from blazz.providers.meta_cloud.transports import make_transport
from blazz.security.secret import Secret

TIMEOUT = httpx.Timeout(0.4, connect=2)
ACCEPTED = json.dumps({"messages": [{"id": "wamid.1"}]}).encode()
TRANSPORTS: dict[str, Callable[[], httpx.AsyncBaseTransport]] = {
    "default": lambda: make_transport("default", timeout=TIMEOUT),
    "fast": lambda: make_transport("fast", timeout=TIMEOUT),
    "httpx": httpx.AsyncHTTPTransport,
}


@pytest.fixture(params=TRANSPORTS)
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncBaseTransport]:
    made = TRANSPORTS[request.param]()
    yield made
    await made.aclose()


def graph_over(
    transport: httpx.AsyncBaseTransport,
    base_url: str,
    *,
    retries: Retries | None = None,
    timeout: httpx.Timeout = TIMEOUT,
) -> Graph:
    return Graph(
        transport,
        base_url=base_url,
        version="v26.0",
        token=Secret("T0KEN"),
        timeout=timeout,
        retries=retries or Retries(attempts=1),
    )


async def post(graph: Graph) -> dict[str, object]:
    return await graph.post(graph.url("1", "messages"), b'{"to":"62812"}')


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


def counting(pauses: list[float], *, attempts: int = 4, deadline: float = 60) -> Retries:
    """Retries that note their pauses and take no time."""
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        pauses.append(seconds)
        now += seconds

    return Retries(
        attempts=attempts, deadline=deadline, sleep=sleep, clock=lambda: now, jitter=lambda: 1.0
    )


def answering(*answers: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[bytes]]:
    """A transport that gives these answers in turn, and the bodies that it received."""
    left = list(answers)
    received: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        received.append(request.content)
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.MockTransport(handle), received


def refusal(code: int, status: int = 400, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code}}, headers=headers)


OK = httpx.Response(200, json={"messages": [{"id": "wamid.1"}]})
REFUSED = httpx.ConnectError("refused")


class TestRetries:
    @pytest.mark.parametrize(
        ("failures", "pauses"),
        [
            ([REFUSED, REFUSED], [0.5, 1.0]),
            ([refusal(131056)] * 3, [1.0, 4.0, 16.0]),
            ([refusal(130429)] * 3, [1.0, 2.0, 4.0]),
            ([refusal(130429, 429, **{"retry-after": "7"})], [7.0]),
            ([refusal(131053)], [0.0]),
            ([REFUSED, refusal(130429)], [0.5, 2.0]),
        ],
    )
    async def test_what_left_nothing_behind_is_repeated(self, failures, pauses) -> None:
        transport, received = answering(*failures, OK)
        waited: list[float] = []
        graph = graph_over(transport, "http://127.0.0.1", retries=counting(waited))
        assert await post(graph) == {"messages": [{"id": "wamid.1"}]}
        assert waited == pauses
        assert received == [b'{"to":"62812"}'] * (len(failures) + 1)

    @pytest.mark.parametrize("code", [190, 131026, 131047, 131048, 131049, 131042, 100, 999_999])
    async def test_what_would_fail_again_is_not(self, code: int) -> None:
        transport, received = answering(refusal(code))
        with pytest.raises(Refused):
            await post(graph_over(transport, "http://127.0.0.1", retries=counting([])))
        assert len(received) == 1

    @pytest.mark.parametrize(
        "failure",
        [
            httpx.ReadTimeout("x"),
            httpx.ReadError("x"),
            httpx.WriteError("x"),
            httpx.WriteTimeout("x"),
            httpx.RemoteProtocolError("x"),
            httpx.TimeoutException("x"),
            httpx.TransportError("x"),
            OSError("x"),
            TimeoutError(),
            RuntimeError("a bug in a transport"),
            httpx.Response(500),
            httpx.Response(502, html="<html>"),
        ],
    )
    async def test_a_message_whose_fate_is_unknown_is_never_repeated(self, failure) -> None:
        transport, received = answering(failure)
        with pytest.raises((AnswerLost, UnreadableAnswer)):
            await post(graph_over(transport, "http://127.0.0.1", retries=counting([])))
        assert len(received) == 1

    async def test_once_means_once(self) -> None:
        transport, received = answering(refusal(131053))
        with pytest.raises(faults.MediaNotUploaded):
            await post(graph_over(transport, "http://127.0.0.1", retries=counting([])))
        assert len(received) == 2

    async def test_the_last_failure_is_raised_when_the_attempts_are_used_up(self) -> None:
        transport, received = answering(REFUSED, REFUSED, refusal(130429))
        with pytest.raises(Throttled):
            await post(graph_over(transport, "http://127.0.0.1", retries=counting([], attempts=3)))
        assert len(received) == 3

    async def test_a_pause_beyond_the_deadline_is_not_waited_for(self) -> None:
        transport, received = answering(refusal(130429, 429, **{"retry-after": "31"}))
        waited: list[float] = []
        graph = graph_over(transport, "http://127.0.0.1", retries=counting(waited, deadline=30))
        with pytest.raises(faults.ThroughputExceeded) as caught:
            await post(graph)
        assert caught.value.retry_after == 31
        assert (waited, len(received)) == ([], 1)

    async def test_all_pauses_together_stay_within_the_deadline(self) -> None:
        transport, _ = answering(refusal(131056))
        waited: list[float] = []
        retries = counting(waited, attempts=99, deadline=10)
        with pytest.raises(faults.PairLimit):
            await post(graph_over(transport, "http://127.0.0.1", retries=retries))
        assert waited == [1.0, 4.0]

    @pytest.mark.parametrize("failure", [httpx.ReadTimeout("x"), httpx.Response(503), REFUSED])
    async def test_what_does_no_harm_twice_is_repeated(self, failure) -> None:
        for send in (
            lambda graph: graph.get(graph.url("1")),
            lambda graph: graph.delete(graph.url("1")),
            lambda graph: graph.post(graph.url("1"), {}, repeatable=True),
        ):
            transport, received = answering(failure, httpx.Response(200, json={"id": "1"}))
            graph = graph_over(transport, "http://127.0.0.1", retries=counting([]))
            assert await send(graph) == {"id": "1"}
            assert len(received) == 2

    async def test_a_read_that_keeps_failing_says_why(self) -> None:
        transport, received = answering(httpx.Response(503, text="later"))
        graph = graph_over(transport, "http://127.0.0.1", retries=counting([]))
        with pytest.raises(UnreadableAnswer, match="HTTP 503"):
            await graph.get(graph.url("1"))
        assert len(received) == 4

    async def test_cancelling_a_pause_ends_it(self) -> None:
        pausing = asyncio.Event()

        async def sleep(seconds: float) -> None:
            pausing.set()
            await anyio.sleep_forever()

        transport, received = answering(REFUSED)
        graph = graph_over(transport, "http://127.0.0.1", retries=Retries(sleep=sleep))
        sending = asyncio.create_task(post(graph))
        await pausing.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert len(received) == 1


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
