"""What is tried again, how often and after which pauses, without a clock."""

from __future__ import annotations

import asyncio

import anyio
import httpx
import pytest

from blazz.errors import (
    AnswerLost,
    Refused,
    Throttled,
    UnreadableAnswer,
)
from blazz.providers.meta_cloud import faults
from blazz.providers.meta_cloud.retries import Retries
from tests.unit.providers.meta_cloud.graphs import (
    OK,
    REFUSED,
    answering,
    counting,
    graph_over,
    post,
    refusal,
)


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
