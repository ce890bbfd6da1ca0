"""Sockets of one or two instances on one bus."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from blazz.realtime.bus.memory import MemoryBus
from blazz.realtime.pusher.asgi import PusherApp
from blazz.realtime.pusher.connection import Close
from blazz.realtime.pusher.frames import Code
from blazz.realtime.pusher.hub import ADMIT, BACKLOG_LOST, TERMINATE, Hub, Socket
from blazz.realtime.pusher.publishing import Publisher
from blazz.realtime.pusher.signing import App
from blazz.realtime.rooms.memory import MemoryRooms
from blazz.security.secret import Secret

APP = App("1", "key", Secret("secret"))
ROOM = "presence-chat.1"


class Browser:
    """One socket, and what it was sent."""

    def __init__(self, hub: Hub) -> None:
        socket = hub.connect()
        assert socket is not None
        self.hub = hub
        self.socket: Socket = socket

    async def say(self, event: str, data: Any = None, **more: Any) -> None:
        text = json.dumps({"event": event, "data": data, **more})
        await self.hub.do(self.socket, self.socket.connection.receive(text, now=0.0))

    async def subscribe(self, channel: str, *, user: str | None = None, **more: Any) -> None:
        data: dict[str, Any] = {"channel": channel, **more}
        about = None
        if user is not None:
            about = data["channel_data"] = json.dumps({"user_id": user})
        data["auth"] = APP.authorize(self.socket.id, channel, about)
        await self.say("pusher:subscribe", data)

    async def sign_in(self, user: str) -> None:
        data = json.dumps({"id": user})
        auth = APP.authenticate(self.socket.id, data)
        await self.say("pusher:signin", {"auth": auth, "user_data": data})

    async def frames(self, count: int) -> list[dict[str, Any]]:
        """The next frames, with their data read."""
        found: list[dict[str, Any]] = []
        with anyio.fail_after(60):
            while len(found) < count:
                found += map(json.loads, await self.socket.outbox.take(timeout=60))
                assert self.socket.outbox.closing is None
        for frame in found:
            if isinstance(frame.get("data"), str):
                frame["data"] = json.loads(frame["data"])
        assert len(found) == count, found
        return found

    async def frame(self) -> dict[str, Any]:
        return (await self.frames(1))[0]

    async def is_silent(self) -> bool:
        """Whether nothing waits, once everything published before has passed."""
        await anyio.wait_all_tasks_blocked()
        return not await self.socket.outbox.take(timeout=0)


@asynccontextmanager
async def hubs(count: int = 1, **settings: Any) -> AsyncIterator[tuple[MemoryBus, list[Hub]]]:
    bus, rooms = MemoryBus(backlog=settings.pop("backlog", 1000)), MemoryRooms()
    made = [Hub(APP, bus, rooms, **settings) for _ in range(count)]
    async with anyio.create_task_group() as tasks:
        for hub in made:
            tasks.start_soon(hub.run)
        await anyio.wait_all_tasks_blocked()
        yield bus, made
        tasks.cancel_scope.cancel()


async def test_what_is_published_reaches_subscribers_on_every_instance() -> None:
    async with hubs(2) as (bus, (one, two)):
        here, there, other = Browser(one), Browser(two), Browser(two)
        for browser in (here, there):
            await browser.subscribe("private-a")
            await browser.frame()
        await other.subscribe("private-b")
        await other.frame()

        notice = await bus.publish("private-a", "said", '{"n":1}')
        expected = {
            "event": "said", "data": {"n": 1}, "channel": "private-a", "cursor": notice.cursor,
        }  # fmt: skip
        assert [await here.frame(), await there.frame()] == [expected, expected]
        assert await other.is_silent()


async def test_a_whisper_is_for_the_others_and_says_who() -> None:
    async with hubs(2) as (_, (one, two)):
        sari, budi = Browser(one), Browser(two)
        await sari.subscribe(ROOM, user="7")
        await sari.frame()
        await budi.subscribe(ROOM, user="8")
        await budi.frame()
        await sari.frame()  # Budi came

        await sari.say("client-typing", {"on": True}, channel=ROOM)
        frame = await budi.frame()
        assert (frame["event"], frame["data"], frame["user_id"]) == (
            "client-typing", {"on": True}, "7",
        )  # fmt: skip
        assert await sari.is_silent()


async def test_members_come_and_go_once() -> None:
    async with hubs(2) as (_, (one, two)):
        watcher, phone, desktop = Browser(one), Browser(one), Browser(two)
        await watcher.subscribe(ROOM, user="1")
        assert (await watcher.frame())["data"]["presence"]["ids"] == ["1"]

        await phone.subscribe(ROOM, user="7")
        assert (await phone.frame())["data"]["presence"]["count"] == 2
        added = await watcher.frame()
        assert (added["event"], added["data"]) == (
            "pusher_internal:member_added", {"user_id": "7"},
        )  # fmt: skip
        await desktop.subscribe(ROOM, user="7")
        await phone.hub.disconnect(phone.socket)
        assert await watcher.is_silent()

        await desktop.say("pusher:unsubscribe", {"channel": ROOM})
        removed = await watcher.frame()
        assert (removed["event"], removed["data"]) == (
            "pusher_internal:member_removed", {"user_id": "7"},
        )  # fmt: skip


async def test_a_browser_goes_on_where_it_left_off() -> None:
    async with hubs() as (bus, (hub,)):
        notices = [await bus.publish("news", "n", str(n)) for n in range(4)]
        await bus.publish("other", "n", "0")
        browser = Browser(hub)
        await browser.subscribe("news", after=notices[1].cursor)
        frames = await browser.frames(3)
        assert [frame["data"] for frame in frames[1:]] == [2, 3]

        await bus.publish("news", "n", "4")
        assert (await browser.frame())["data"] == 4, "and gets nothing twice"


async def test_going_on_while_much_is_published_loses_and_doubles_nothing() -> None:
    async with hubs(backlog=10_000, most_waiting=20) as (bus, (hub,)):
        start = await bus.newest()
        seen: list[int] = []

        async def publish() -> None:
            for number in range(1500):
                await bus.publish("news", "n", str(number))
                await anyio.lowlevel.checkpoint()

        async def read() -> None:
            while len(seen) < 1500:
                texts = await browser.socket.outbox.take(timeout=60)
                seen.extend(int(json.loads(it)["data"]) for it in texts if '"event":"n"' in it)

        browser = Browser(hub)
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(publish)
                tasks.start_soon(read)
                await browser.subscribe("news", after=start)
        assert seen == list(range(1500))


@pytest.mark.parametrize("cursor", ["nonsense", "ffff:1", None])
async def test_what_is_gone_is_told(cursor: str | None) -> None:
    async with hubs(backlog=3) as (bus, (hub,)):
        start = await bus.newest()
        for number in range(5):
            await bus.publish("news", "n", str(number))
            await anyio.wait_all_tasks_blocked()
        browser = Browser(hub)
        await browser.subscribe("news", after=cursor or start)
        _, lost = await browser.frames(2)
        assert (lost["event"], lost["channel"]) == (BACKLOG_LOST, "news")
        await bus.publish("news", "n", "5")
        assert (await browser.frame())["data"] == 5


async def test_a_slow_browser_is_closed_and_the_others_are_not() -> None:
    async with hubs(most_waiting=4) as (bus, (hub,)):
        slow, quick = Browser(hub), Browser(hub)
        for browser in (slow, quick):
            await browser.subscribe("news")
            await browser.frame()
        for number in range(6):
            await bus.publish("news", "n", str(number))
            assert (await quick.frame())["data"] == number
        assert slow.socket.outbox.closing == Close(Code.TOO_SLOW, "more than 4 events waited")
        assert quick.socket.outbox.closing is None


async def test_a_full_instance_takes_no_more() -> None:
    async with hubs(most_sockets=1) as (_, (hub,)):
        first = Browser(hub)
        assert hub.connect() is None
        await hub.disconnect(first.socket)
        assert hub.connect() is not None


async def test_one_address_does_not_take_all_the_room(caplog: pytest.LogCaptureFixture) -> None:
    async with hubs(most_of_one=2) as (_, (hub,)):
        for one, same, other in (
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("2001:db8::1", "2001:db8::2:1", "2001:db8:0:1::1"),
            ("::ffff:192.0.2.9", "192.0.2.9", "::ffff:192.0.2.10"),
        ):
            first = hub.connect(one)
            assert first is not None
            assert hub.connect(same) is not None
            assert hub.connect(one) is None
            assert hub.connect(same) is None
            assert hub.connect(other) is not None
            for _ in range(2):  # once, however often it is let go
                await hub.disconnect(first)
            assert hub.connect(same) is not None
            assert hub.connect(one) is None
        assert hub.sockets == 9
        for _ in range(3):
            assert hub.connect("") is not None, "where it comes from is not known"
    assert "2 sockets from 192.0.2.1, more are refused" in caplog.text


async def test_who_comes_from_a_crowded_address_is_asked_to_come_back_later() -> None:
    scope = {
        "type": "websocket",
        "path": "/app/key",
        "query_string": b"protocol=7",
        "client": ("192.0.2.1", 50_000),
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with hubs(most_of_one=1) as (_, (hub,)):
        assert hub.connect("192.0.2.1") is not None
        await PusherApp(hub)(scope, receive, send)
    assert [it["type"] for it in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert sent[-1]["code"] == Code.OVER_CAPACITY


async def test_a_cache_channel_gives_the_last_event() -> None:
    bus, rooms = MemoryBus(), MemoryRooms()
    hub = Hub(APP, bus, rooms)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hub.run)
        await Publisher(bus, rooms).publish(["cache-status"], "ready", '{"a":1}')
        late = Browser(hub)
        await late.subscribe("cache-status")
        assert (await late.frames(2))[1]["event"] == "ready"
        tasks.cancel_scope.cancel()


async def test_the_sockets_of_a_user_are_ended_everywhere() -> None:
    async with hubs(2) as (bus, (one, two)):
        here, there, other = Browser(one), Browser(two), Browser(two)
        for browser, user in ((here, "7"), (there, "7"), (other, "8")):
            await browser.sign_in(user)
        await bus.publish(TERMINATE, "7", "{}")
        await anyio.wait_all_tasks_blocked()
        closings = [it.socket.outbox.closing for it in (here, there, other)]
        assert [it and it.code for it in closings] == [4009, 4009, None]


async def test_sockets_end_with_the_account_that_they_were_let_in_on() -> None:
    async with hubs(2) as (bus, (one, two)):
        here, there, other = Browser(one), Browser(two), Browser(two)
        for browser, account in ((here, "k1"), (there, "k1"), (there, "k2"), (other, "k2")):
            await bus.publish(ADMIT, browser.socket.id, "{}", author=account)
        await bus.publish(ADMIT, "1.2", "{}", author="k1")  # it has gone
        await bus.publish(TERMINATE, "k1", "{}")
        await anyio.wait_all_tasks_blocked()
        closings = [it.socket.outbox.closing for it in (here, there, other)]
        assert [it and it.code for it in closings] == [4009, 4009, None]


async def test_an_account_that_ends_closes_the_sockets_of_its_hub() -> None:
    async with hubs(2) as (bus, (one, two)):
        here, there = Browser(one), Browser(two)
        for browser, account in ((here, "k1"), (here, "k2"), (there, "k3")):
            await bus.publish(ADMIT, browser.socket.id, "{}", author=account)
        await anyio.wait_all_tasks_blocked()
        assert (one.accounts, two.accounts) == ({"k1", "k2"}, {"k3"})
        one.end("k2")
        one.end("k3")
        closings = [it.socket.outbox.closing for it in (here, there)]
        assert [it and it.code for it in closings] == [4009, None]


async def test_a_bus_that_lost_events_makes_sockets_connect_again() -> None:
    bus, rooms = MemoryBus(backlog=2), MemoryRooms()
    hub = Hub(APP, bus, rooms)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hub.run)
        browser = Browser(hub)
        await browser.subscribe("news")
        await browser.frame()
        for number in range(5):  # without a pause in which the hub could read
            await bus.publish("news", "n", str(number))
        await anyio.wait_all_tasks_blocked()
        closing = browser.socket.outbox.closing
        assert closing is not None
        assert closing.code == Code.RECONNECT
        tasks.cancel_scope.cancel()
