"""One request to a subscriber, whatever the subscriber does."""

from __future__ import annotations

import pytest

from blazz_server.webhooks.guarded_http import GuardedHttp
from tests.server.webhooks_out.receiving import subscriber


async def outcome_of(answer: bytes, *, timeout: float = 5.0):
    http = GuardedHttp(allow_private=True, timeout=timeout)
    async with subscriber(answer=lambda _: answer) as there, http:
        return await http.post(there.url, {"X-Test": "1"}, b"{}"), there


async def test_an_answer_is_told_with_its_beginning() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfine\0"
    outcome, there = await outcome_of(answer)

    assert (outcome.status, outcome.answer) == (200, "fine")
    headers, body = there.got[0]
    assert (headers["x-test"], body) == ("1", b"{}")


async def test_redirects_are_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    outcome, there = await outcome_of(answer)

    assert outcome.status == 302
    assert "redirects are not followed" in (outcome.problem or "")
    assert len(there.got) == 1


async def test_an_endless_answer_is_cut_off() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 200_000
    outcome, _ = await outcome_of(answer)

    assert outcome.status == 200
    assert len(outcome.answer) == 1024


async def test_who_does_not_answer_is_given_up() -> None:
    outcome, _ = await outcome_of(b"", timeout=0.3)

    assert outcome.status is None
    assert "no answer within 0.3 s" in (outcome.problem or "")


@pytest.mark.parametrize(
    "answer",
    [b"nonsense\r\n\r\n", b"HTTP/1.1 999999 Odd\r\n\r\n", b"HTTP/1.1 200 OK\r\nX" * 20_000],
)
async def test_nonsense_is_a_failure(answer: bytes) -> None:
    outcome, _ = await outcome_of(answer, timeout=2.0)

    assert not outcome.delivered


async def test_a_closed_door_is_a_failure() -> None:
    async with subscriber() as there:
        url = there.url
    async with GuardedHttp(allow_private=True) as http:
        outcome = await http.post(url, {}, b"{}")

    assert outcome.problem == "the connection failed (ConnectError)"


async def test_what_the_subscriber_asks_for_is_told() -> None:
    answer = b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    outcome, _ = await outcome_of(answer)

    assert (outcome.status, outcome.retry_after) == (429, 7.0)


async def test_private_addresses_are_not_connected_to() -> None:
    async with subscriber() as there, GuardedHttp() as http:
        for url in (there.url, there.url.replace("http:", "https:")):
            outcome = await http.post(url, {}, b"{}")
            assert outcome.status is None

    assert there.got == []
