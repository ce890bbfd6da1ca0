"""Stock clients speak with our server: pusher-js and Laravel Echo from npm, pusher from PyPI."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
import pusher
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from blazz.realtime.bus.memory import MemoryBus
from blazz.realtime.pusher.asgi import PusherApp
from blazz.realtime.pusher.connection import Close
from blazz.realtime.pusher.frames import Code
from blazz.realtime.pusher.http_api import HttpApi
from blazz.realtime.pusher.hub import Hub
from blazz.realtime.pusher.publishing import Publisher
from blazz.realtime.pusher.signing import App
from blazz.realtime.rooms.memory import MemoryRooms
from blazz.security.secret import Secret
from tests.integration.realtime.stock import Browser, browser, clients_folder, connect, subscribe

__all__ = ["clients_folder"]

APP = App("1", "app-key", Secret("app-secret"))


class Server:
    """Our server, and the application that signs subscriptions."""

    def __init__(self) -> None:
        self.bus, self.rooms = MemoryBus(), MemoryRooms()
        self.hub = Hub(APP, self.bus, self.rooms)
        api = HttpApi(APP, self.bus, self.rooms, Publisher(self.bus, self.rooms))
        routes = [
            Route("/pusher/auth", self.authorize, methods=["POST"]),
            Route("/pusher/user-auth", self.authenticate, methods=["POST"]),
            Mount("/", PusherApp(self.hub, api)),
        ]
        self.asgi = Starlette(routes=routes)
        self.port = 0

    async def authorize(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        socket_id, channel = form["socket_id"][0], form["channel_name"][0]
        user = request.headers.get("x-user", "7")
        if "forbidden" in channel:
            return JSONResponse({}, status_code=403)
        if not channel.startswith("presence-"):
            return JSONResponse({"auth": APP.authorize(socket_id, channel)})
        about = json.dumps({"user_id": user, "user_info": {"name": f"user {user}"}})
        signed = APP.authorize(socket_id, channel, about)
        return JSONResponse({"auth": signed, "channel_data": about})

    async def authenticate(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        user = json.dumps({"id": "7"})
        signed = APP.authenticate(form["socket_id"][0], user)
        return JSONResponse({"auth": signed, "user_data": user})

    def publisher(self, secret: str = "app-secret") -> pusher.Pusher:
        return pusher.Pusher(
            app_id="1", key="app-key", secret=secret, host="127.0.0.1", port=self.port, ssl=False
        )


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]
    config = uvicorn.Config(
        server.asgi, ws="websockets-sansio", log_level="error", lifespan="off",
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    web = uvicorn.Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.hub.run)
        serving = asyncio.create_task(web.serve([listener]))
        try:
            yield
        finally:
            server.hub.close_all(Close(Code.OVER_CAPACITY, "stopping"))
            web.should_exit = True
            await serving
            listener.close()
            tasks.cancel_scope.cancel()


async def test_stock_clients(clients_folder: Path) -> None:
    server = Server()
    async with running(server), browser(server.port, clients_folder) as clients:
        await check_pusher_js(server, clients)
        await check_presence_and_whispers(server, clients)
        await check_users(server, clients)
        await check_recovery(server, clients)
        await check_echo(server, clients)
        await check_refusals(server, clients)


async def check_pusher_js(server: Server, clients: Browser) -> None:
    """Connect, subscribe, and get what the PyPI client publishes."""
    socket_id = await connect(clients, "sari")
    await connect(clients, "budi", headers={"X-User": "8"})
    for name in ("sari", "budi"):
        await subscribe(clients, name, "private-workspace.acme")
    publisher = server.publisher()
    channels = ["private-workspace.acme"]
    await call(publisher.trigger, channels, "message.received", {"text": "h\u00e9"})
    for name in ("sari", "budi"):
        told = await clients.told(what="event", name=name, event="message.received")
        assert told["data"] == {"text": "h\u00e9"}
    await call(publisher.trigger, channels, "not.for.sari", {}, socket_id)
    await call(publisher.trigger, channels, "last", {})
    await clients.told(what="event", name="budi", event="not.for.sari")
    await clients.told(what="event", name="sari", event="last")
    heard = [it["name"] for it in clients._told if it.get("event") == "not.for.sari"]
    assert "sari" not in heard


async def check_presence_and_whispers(server: Server, clients: Browser) -> None:
    await subscribe(clients, "sari", "presence-chat.1")
    told = await subscribe(clients, "budi", "presence-chat.1")
    assert told["data"]["count"] == 2
    added = await clients.told(what="event", name="sari", event="pusher:member_added")
    assert added["data"]["info"] == {"name": "user 8"}
    whisper = {"channel": "presence-chat.1", "event": "client-typing", "data": {"on": True}}
    clients.do("whisper", name="budi", **whisper)
    heard = await clients.told(what="typing", name="sari")
    assert (heard["data"], heard["user"]) == ({"on": True}, "8")
    users = await call(server.publisher().users_info, "presence-chat.1")
    assert sorted(user["id"] for user in users["users"]) == ["7", "8"]


async def check_users(server: Server, clients: Browser) -> None:
    """Sign in, get what is for one user, be thrown out."""
    clients.do("signin", name="sari")
    channel = "#server-to-user-7"
    while not (await server.rooms.occupied(channel)):  # noqa: ASYNC110  # it has no event
        await anyio.sleep(0.01)
    await call(server.publisher().send_to_user, "7", "greeting", {"text": "hi"})
    assert (await clients.told(what="user", name="sari"))["data"] == {"text": "hi"}


async def check_recovery(server: Server, clients: Browser) -> None:
    """A client whose socket broke comes back, with all its channels."""
    clients.do("drop", name="budi")
    await clients.told(what="state", name="budi", state="connecting")
    await clients.told(what="state", name="budi", state="connected")
    event = "pusher:subscription_succeeded"
    await clients.told(what="event", name="budi", channel="presence-chat.1", event=event)
    channels = ["private-workspace.acme"]
    await clients.told(what="event", name="budi", channel=channels[0], event=event)
    await call(server.publisher().trigger, channels, "after", {"n": 1})
    await clients.told(what="event", name="budi", event="after")


async def check_echo(server: Server, clients: Browser) -> None:
    clients.do("echo", name="echo", channel="room.1")
    assert (await clients.told(what="here", name="echo"))["members"] == [{"name": "user 7"}]
    assert (await clients.told(what="refused", name="echo"))["status"] == 403
    await connect(clients, "late", headers={"X-User": "9"})
    await subscribe(clients, "late", "presence-room.1")
    assert (await clients.told(what="joining", name="echo"))["member"] == {"name": "user 9"}
    await call(server.publisher().trigger, ["presence-room.1"], "session.ready", {"id": "s"})
    assert (await clients.told(what="heard", name="echo"))["data"] == {"id": "s"}
    clients.do("echo_whisper", name="echo", channel="room.1", data={"on": 1})
    heard = await clients.told(what="typing", name="late")
    assert (heard["data"], heard["user"]) == ({"on": 1}, "7")
    clients.do("disconnect", name="late")
    assert (await clients.told(what="leaving", name="echo"))["member"] == {"name": "user 9"}


async def check_refusals(server: Server, clients: Browser) -> None:
    clients.do("connect", name="stranger", key="other-key")
    assert (await clients.told(what="error", name="stranger"))["code"] == 4001
    await clients.told(what="state", name="stranger", state="disconnected")
    clients.do("subscribe", name="sari", channel="private-forbidden")
    refused = await clients.told(what="event", channel="private-forbidden")
    assert refused["event"] == "pusher:subscription_error"
    assert refused["data"]["status"] == 403
    with pytest.raises(pusher.errors.PusherBadAuth):
        await call(server.publisher("wrong-secret").trigger, ["news"], "n", {})


async def call(function: Any, *arguments: Any) -> Any:
    """Call the blocking PyPI client."""
    return await anyio.to_thread.run_sync(function, *arguments)
