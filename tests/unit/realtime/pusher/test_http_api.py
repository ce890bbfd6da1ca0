"""What servers ask the HTTP API."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import aclosing
from typing import Any
from urllib.parse import urlencode

import pytest

from blazz.errors import BusUnavailable
from blazz.realtime.bus.base import Notice
from blazz.realtime.bus.memory import MemoryBus
from blazz.realtime.pusher.http_api import MAX_BATCH, Answer, HttpApi
from blazz.realtime.pusher.hub import TERMINATE
from blazz.realtime.pusher.publishing import Publisher
from blazz.realtime.pusher.signing import App, request_text
from blazz.realtime.rooms.base import Seat
from blazz.realtime.rooms.memory import MemoryRooms
from blazz.security.secret import Secret

APP = App("1", "key", Secret("secret"))
NOW = 1_800_000_000


class Server:
    """An API, and what reaches the bus."""

    def __init__(self) -> None:
        self.bus, self.rooms = MemoryBus(), MemoryRooms()
        publisher = Publisher(self.bus, self.rooms)
        self.api = HttpApi(APP, self.bus, self.rooms, publisher, clock=lambda: NOW)

    async def ask(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        raw = b"" if body is None else json.dumps(body).encode()
        signed = {**query, "auth_key": "key", "auth_timestamp": str(NOW), "auth_version": "1.0"}
        if raw:
            signed["body_md5"] = hashlib.md5(raw).hexdigest()
        text = request_text(method, path, signed).encode()
        signed["auth_signature"] = hmac.digest(b"secret", text, "sha256").hex()
        return await self.api.handle(method, path, urlencode(signed), raw)

    async def published(self, count: int) -> list[Notice]:
        life, _, _ = (await self.bus.newest()).partition(":")
        async with aclosing(self.bus.follow(after=f"{life}:0")) as notices:
            return [await anext(notices) for _ in range(count)]


@pytest.fixture
def server() -> Server:
    return Server()


async def test_publishing(server: Server) -> None:
    event = {"name": "said", "channels": ["news", "cache-a"], "data": '{"n":1}', "socket_id": "1.2"}
    assert await server.ask("POST", "/apps/1/events", event) == Answer(200, b"{}")
    notices = await server.published(2)
    assert [(it.channel, it.name, it.data, it.origin) for it in notices] == [
        ("news", "said", '{"n":1}', "1.2"),
        ("cache-a", "said", '{"n":1}', "1.2"),
    ]
    assert await server.rooms.last("cache-a") == ("said", '{"n":1}')
    assert await server.rooms.last("news") is None


async def test_publishing_several_events(server: Server) -> None:
    batch = [{"name": f"e{n}", "channel": "news", "data": {"n": n}} for n in range(3)]
    assert (await server.ask("POST", "/apps/1/batch_events", {"batch": batch})).status == 200
    assert [it.data for it in await server.published(3)] == ['{"n":0}', '{"n":1}', '{"n":2}']


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("events", {"name": "n", "channels": [], "data": ""}, 400),
        ("events", {"name": "n", "channels": ["c"] * 101, "data": ""}, 400),
        ("events", {"name": "n", "channels": "c", "data": ""}, 400),
        ("events", {"name": "n", "data": ""}, 400),
        ("events", {"name": "", "channel": "c", "data": ""}, 400),
        ("events", {"name": "n" * 201, "channel": "c", "data": ""}, 400),
        ("events", {"channel": "c", "data": ""}, 400),
        ("events", {"name": "pusher:error", "channel": "c", "data": ""}, 400),
        ("events", {"name": "pusher_internal:member_added", "channel": "c", "data": ""}, 400),
        ("events", {"name": "client-x", "channel": "c", "data": ""}, 400),
        ("events", {"name": "n", "channel": TERMINATE, "data": ""}, 400),
        ("events", {"name": "n", "channel": "c", "data": "x" * 10_241}, 413),
        ("events", {"name": "n", "channel": "c", "data": "\ud800"}, 400),
        ("events", [], 400),
        ("batch_events", {"batch": []}, 400),
        ("batch_events", {"batch": [{"name": "n", "channel": "c"}] * (MAX_BATCH + 1)}, 400),
        ("batch_events", {"batch": [1]}, 400),
        ("batch_events", {"batch": [{"name": "n", "channel": "c"}, {"name": "n"}]}, 400),
        ("nothing", {}, 404),
    ],
)
async def test_what_makes_no_sense(server: Server, path: str, body: Any, status: int) -> None:
    answer = await server.ask("POST", f"/apps/1/{path}", body)
    assert (answer.status, bool(answer.body)) == (status, True)
    assert (await server.bus.newest()).endswith(":0"), "nothing was published"


async def test_another_application_or_signature(server: Server) -> None:
    assert (await server.ask("POST", "/apps/2/events", {})).status == 404
    assert (await server.ask("GET", "/other")).status == 404
    assert (await server.api.handle("GET", "/apps/1/channels", "", b"")).status == 401


async def test_asking_about_channels(server: Server) -> None:
    for seat in (
        Seat("news", "1.1"),
        Seat("presence-a", "2.2", "7", "{}"),
        Seat("presence-a", "3.3", "7", "{}"),
        Seat("presence-a", "4.4", "8", "{}"),
    ):
        await server.rooms.enter(seat)

    async def get(path: str, **query: str) -> Any:
        answer = await server.ask("GET", f"/apps/1/{path}", **query)
        return json.loads(answer.body) if answer.status == 200 else answer.status

    assert await get("channels") == {"channels": {"news": {}, "presence-a": {}}}
    assert await get("channels", filter_by_prefix="presence-", info="user_count") == {
        "channels": {"presence-a": {"user_count": 2}}
    }
    assert await get("channels", info="user_count") == 400
    assert await get("channels/presence-a") == {
        "occupied": True, "subscription_count": 3, "user_count": 2,
    }  # fmt: skip
    assert await get("channels/empty") == {"occupied": False, "subscription_count": 0}
    assert await get("channels/presence-a/users") == {"users": [{"id": "7"}, {"id": "8"}]}
    assert await get("channels/news/users") == 400
    assert await get("channels/not%20a%20name") == 400


async def test_ending_a_users_connections(server: Server) -> None:
    assert (await server.ask("POST", "/apps/1/users/7/terminate_connections", {})).status == 200
    assert [(it.channel, it.name) for it in await server.published(1)] == [(TERMINATE, "7")]


async def test_a_bus_that_is_away(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise BusUnavailable("redis://… does not answer")

    monkeypatch.setattr(server.bus, "publish", fail)
    answer = await server.ask("POST", "/apps/1/events", {"name": "n", "channel": "c", "data": ""})
    assert answer.status == 503
