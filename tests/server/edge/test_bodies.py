"""Bodies: their limit, however they are sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from blazz_server.edge.bodies import LimitedBodies
from blazz_server.settings import Settings
from tests.server.conftest import MakeTenant


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_body": 2048})


async def _chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 512):
        yield b" " * 512


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_above_the_limit_is_refused(
    anonymous: httpx.AsyncClient, *, chunked: bool
) -> None:
    body = _chunks(10_240) if chunked else b" " * 10_240

    refused = await anonymous.post(
        "/v1/login", content=body, headers={"Content-Type": "application/json"}
    )

    assert refused.status_code == 413
    assert refused.json()["code"] == "body_too_large"
    assert refused.json()["limit"] == 2048
    assert refused.headers["Connection"] == "close"


async def test_a_lie_about_the_length_helps_nobody(anonymous: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": "12"}

    refused = await anonymous.post("/v1/login", content=_chunks(10_240), headers=headers)

    assert refused.status_code == 413


async def test_bodies_that_are_no_json_are_the_clients_fault(tenant: MakeTenant) -> None:
    acme = await tenant("acme")
    json = {"Content-Type": "application/json"}

    for body in (b"", b"{", b"[]", b"null", b'{"label": 1e999}', b"\xff\xfe", b"[" * 2000, b"NaN"):
        refused = await acme.api.post(f"{acme.path}/keys", content=body, headers=json)
        assert refused.status_code in {400, 422}, body
        assert refused.headers["Content-Type"] == "application/problem+json"


async def test_a_value_is_not_sent_back(anonymous: httpx.AsyncClient) -> None:
    secret = "s3cret" * 50

    refused = await anonymous.post("/v1/login", json={"key": secret})

    assert refused.status_code == 422
    assert "s3cret" not in refused.text


async def test_a_client_that_stops_within_its_body_is_not_waited_for() -> None:
    parts: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}]
    answers: list[Message] = []

    async def receive() -> Message:
        if parts:
            return parts.pop(0)
        raise TimeoutError  # as the limit of time does

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        await PlainTextResponse(body)(scope, receive, send)

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    await LimitedBodies(read, limit=lambda _: 100)(scope, receive, send)

    assert answers[0]["status"] == 408
    assert b"body_too_slow" in answers[1]["body"]
