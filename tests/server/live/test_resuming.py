"""Browsers go on where they left off, on another instance if theirs was killed."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
import pusher
import pytest
from websockets.asyncio.client import connect

from blazz.realtime.pusher.signing import App
from blazz.security.secret import Secret
from tests.server.one_process import OneServer, one_server

SECRET = "the-secret-of-live-events"
APP = App("1", "blazz", Secret(SECRET))
CHANNEL = "private-workspace.acme"


class Follower:
    """A browser that knows where it is."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.cursor: str | None = None

    @asynccontextmanager
    async def connected(self, server: OneServer) -> AsyncIterator[Follower]:
        """Follow the channel, behind what was seen before."""
        url = f"ws://127.0.0.1:{server.port}/realtime/app/blazz?protocol=7"
        async with connect(url) as self._socket:
            greeting = json.loads((await self._frame())["data"])
            data = {"channel": CHANNEL, "auth": APP.authorize(greeting["socket_id"], CHANNEL)}
            if self.cursor is not None:
                data["after"] = self.cursor
            await self._socket.send(json.dumps({"event": "pusher:subscribe", "data": data}))
            assert (await self._frame())["event"] == "pusher_internal:subscription_succeeded"
            yield self

    async def read(self, count: int) -> None:
        """Take as many events."""
        for _ in range(count):
            frame = await self._frame()
            assert frame["event"] == "count", frame
            self.seen.append(json.loads(frame["data"])["n"])
            self.cursor = frame["cursor"]

    async def _frame(self) -> dict[str, Any]:
        with anyio.fail_after(60):
            frame: dict[str, Any] = json.loads(await self._socket.recv())
            return frame


async def publish(server: OneServer, *numbers: int) -> None:
    where: dict[str, Any] = {"host": "127.0.0.1", "port": server.port, "ssl": False}
    publisher = pusher.Pusher(app_id=APP.id, key=APP.key, secret=SECRET, **where)
    for number in numbers:
        await anyio.to_thread.run_sync(publisher.trigger, [CHANNEL], "count", {"n": number})


@pytest.mark.long
async def test_another_instance_goes_on(redis_url: str) -> None:
    shared = {"REDIS_URL": redis_url, "LIVE_SECRET": SECRET, "CLUSTER_SECRET": "x" * 32}
    follower = Follower()
    with one_server(INSTANCE="one", **shared) as one, one_server(INSTANCE="two", **shared) as two:
        async with follower.connected(one):
            await publish(two, 1, 2, 3)
            await follower.read(3)
            one.process.stop(signal.SIGKILL)
        await publish(two, 4, 5)
        async with follower.connected(two):
            await publish(two, 6)
            await follower.read(3)
        assert follower.seen == [1, 2, 3, 4, 5, 6]

        # A cursor of a bus that has lost its data since.
        stranger = Follower()
        stranger.cursor = "00ff:3"
        async with stranger.connected(two):
            assert (await stranger._frame())["event"] == "blazz:backlog_lost"
            await publish(two, 7)
            await stranger.read(1)
