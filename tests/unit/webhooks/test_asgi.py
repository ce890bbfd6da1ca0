"""The ASGI application: streamed bodies, lies about their size, clients that go away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.webhooks import Receiver, WebhookApp, sign
from blazz.webhooks.inbox.sqlite import SqliteInbox
from tests.unit.webhooks.scenery import SECRET, profile

LIMIT = 1000
GONE = {"type": "http.disconnect"}


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    async with SqliteInbox(tmp_path / "inbox.db") as inbox:
        made = Receiver(inbox, body_limit=LIMIT, verify_tokens=["verify me"])
        await made.add("acme/sales", profile())
        yield made


class Call:
    """One request: what the server gives, how much of it was asked for, what was answered."""

    def __init__(self, messages: Sequence[dict[str, Any]]) -> None:
        self.messages = list(messages)
        self.received = 0
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        self.received += 1
        return self.messages.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status


def chunks(*parts: bytes) -> list[dict[str, Any]]:
    last = len(parts) - 1
    return [
        {"type": "http.request", "body": part, "more_body": place < last}
        for place, part in enumerate(parts)
    ]


async def call(
    receiver: Receiver,
    messages: Sequence[dict[str, Any]],
    *,
    body: bytes = b"",
    method: str = "POST",
    query: bytes = b"",
    length: bytes | None = None,
) -> Call:
    made = Call(messages)
    headers = [(b"x-hub-signature-256", sign(body, SECRET).encode())]
    if length is not None:
        headers.append((b"content-length", length))
    scope = {"type": "http", "method": method, "query_string": query, "headers": headers}
    await WebhookApp(receiver)(scope, made.receive, made.send)
    return made


@pytest.mark.parametrize(
    "parts", [[b"whole"], [b"who", b"le"], [b"", b"whole", b""], [bytes([c]) for c in b"whole"]]
)
async def test_a_body_may_come_in_parts(receiver: Receiver, parts: list[bytes]) -> None:
    made = await call(receiver, chunks(*parts), body=b"whole")

    assert made.status == 200
    assert made.sent[0]["headers"] == (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"0"),
    )
    assert made.sent[1:] == [{"type": "http.response.body", "body": b""}]


@settings(max_examples=25)
@given(st.lists(st.binary(max_size=400), min_size=1, max_size=8))
async def test_the_limit_counts_what_comes(tmp_path_factory: Any, parts: list[bytes]) -> None:
    body = b"".join(parts)
    async with SqliteInbox(tmp_path_factory.mktemp("limit") / "inbox.db") as inbox:
        receiver = Receiver(inbox, body_limit=LIMIT)
        await receiver.add("acme/sales", profile())

        made = await call(receiver, chunks(*parts), body=body)

    assert made.status == (200 if len(body) <= LIMIT else 413)


async def test_an_announced_giant_is_not_read(receiver: Receiver) -> None:
    made = await call(receiver, [], length=str(LIMIT + 1).encode())

    assert (made.status, made.received) == (413, 0)


async def test_a_body_larger_than_announced_is_cut_off(receiver: Receiver) -> None:
    endless = chunks(*[b"x" * 600] * 50)

    made = await call(receiver, endless, length=b"5")

    assert (made.status, made.received) == (413, 2)


@pytest.mark.parametrize("length", [b"", b"-5", b"many", b"9" * 500, b"5"])
async def test_nonsense_in_content_length_harms_nobody(receiver: Receiver, length: bytes) -> None:
    made = await call(receiver, chunks(b"fine"), body=b"fine", length=length)

    assert made.status == 200


async def test_a_client_that_goes_away_gets_no_answer(receiver: Receiver) -> None:
    assert (await call(receiver, [GONE])).sent == []
    assert (await call(receiver, [*chunks(b"ha", b"lf")[:1], GONE], body=b"half")).sent == []


async def test_the_handshake(receiver: Receiver) -> None:
    query = b"hub.mode=subscribe&hub.verify_token=verify%20me&hub.challenge=42"

    made = await call(receiver, [], method="GET", query=query)

    assert (made.status, made.received) == (200, 0)
    assert made.sent[1]["body"] == b"42"
    assert (b"content-length", b"2") in made.sent[0]["headers"]


async def test_other_methods(receiver: Receiver) -> None:
    made = await call(receiver, [], method="PUT")

    assert made.status == 405
    assert (b"allow", b"GET, POST") in made.sent[0]["headers"]


async def test_as_the_only_application_it_starts_and_stops(receiver: Receiver) -> None:
    made = Call([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    await WebhookApp(receiver)({"type": "lifespan"}, made.receive, made.send)

    kinds = [message["type"] for message in made.sent]
    assert kinds == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_websocket_is_closed(receiver: Receiver) -> None:
    made = Call([{"type": "websocket.connect"}])

    await WebhookApp(receiver)({"type": "websocket"}, made.receive, made.send)

    assert made.sent == [{"type": "websocket.close", "code": 1000}]
