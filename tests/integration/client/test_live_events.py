"""A client tells a bus what happens in its workspace."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import pytest

import blazz
from blazz.campaigns.ledger.records import Counts
from blazz.campaigns.progress import Phase, Progress
from blazz.client.broadcasts import ClientBroadcasts
from blazz.errors import BusUnavailable
from blazz.realtime.broadcasts import Broadcast, chat_channel, workspace_channel
from blazz.realtime.bus.base import Notice
from blazz.realtime.bus.memory import MemoryBus

pytestmark = pytest.mark.usefixtures("quick_starts")

BUDI = "+6281234567890"


class Listener:
    """Reads a bus from its beginning."""

    def __init__(self, bus: MemoryBus, start: str) -> None:
        self._notices = bus.follow(after=start)
        self.seen: list[Notice] = []

    async def until(self, name: str, **wanted: Any) -> dict[str, Any]:
        with anyio.fail_after(60):
            async for notice in self._notices:
                self.seen.append(notice)
                data: dict[str, Any] = json.loads(notice.data)
                if notice.name == name and wanted.items() <= data.items():
                    return data
        raise AssertionError("the bus was closed")


async def test_messages_and_statuses_are_told(tmp_path: Path) -> None:
    bus = MemoryBus()
    listener = Listener(bus, await bus.newest())
    async with blazz.Client(workspace="acme", folder=tmp_path, bus=bus) as client:
        assert client.bus is bus
        sandbox = blazz.Sandbox()
        session = await client.open("shop", sandbox)
        await session.send(BUDI, blazz.Text("Halo"))
        delivered = await listener.until("message.delivered")
        assert delivered["session"] == "shop"

        await sandbox.user(BUDI).types("Ada?")
        told = await listener.until("message.received")
        assert (told["body"], told["sender"]["address"]) == ("Ada?", BUDI)
    channels = Counter(it.channel for it in listener.seen if it.name == "message.delivered")
    assert set(channels) <= {workspace_channel("acme"), chat_channel("acme", "shop", BUDI)}


async def test_what_the_application_tells_itself_is_not_told(tmp_path: Path) -> None:
    bus = MemoryBus()
    listener = Listener(bus, await bus.newest())
    async with blazz.Client(folder=tmp_path, bus=bus, unpublished=[blazz.StatusChanged]) as client:
        sandbox = blazz.Sandbox()
        session = await client.open("shop", sandbox)
        await session.send(BUDI, blazz.Text("Halo"))
        await sandbox.user(BUDI).types("Ada?")
        await listener.until("message.received")
        async for _ in session.events(blazz.Delivered, start="oldest"):
            break  # it is handled all the same
        await sandbox.user(BUDI).types("Ada?")
        await listener.until("message.received")
    assert {it.name for it in listener.seen} == {"message.received"}


async def test_campaigns_tell_how_far_they_are(tmp_path: Path) -> None:
    bus = MemoryBus()
    listener = Listener(bus, await bus.newest())
    rows = [{"phone": f"+62812345{number:05}"} for number in range(30)]
    async with blazz.Client(workspace="acme", folder=tmp_path, bus=bus) as client:
        session = await client.open("shop", blazz.Sandbox())
        campaign = await client.campaign(
            "promo", session=session, message=blazz.Text("Halo"), audience=blazz.Audience.rows(rows)
        )
        async for _ in campaign.run(every=0.05):
            pass
        told = await listener.until("campaign.progress", phase="done")
        assert (told["campaign"], told["share"]) == ("promo", 1.0)
        assert sum(told["counts"].values()) >= 30
    progress = [it for it in listener.seen if it.name == "campaign.progress"]
    assert len(progress) <= 8, "about once a second, and where its phase changes"


async def test_a_bus_that_is_away_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = MemoryBus()
    publish, is_away = bus.publish, True

    async def sometimes(*given: Any, **more: Any) -> Notice:
        if is_away:
            raise BusUnavailable("away")
        return await publish(*given, **more)

    monkeypatch.setattr(bus, "publish", sometimes)
    monkeypatch.setattr("blazz.client.broadcasts._RETRY_AFTER", 0.01)
    listener = Listener(bus, await bus.newest())
    handled = anyio.Event()
    async with blazz.Client(workspace="acme", folder=tmp_path, bus=bus) as client:

        @client.on(blazz.TextReceived)
        async def handle(session: blazz.Session, event: blazz.TextReceived) -> None:
            handled.set()

        sandbox = blazz.Sandbox()
        await client.open("shop", sandbox)
        await sandbox.user(BUDI).types("Ada?")
        with anyio.fail_after(60):
            await handled.wait()
        assert not listener.seen
        is_away = False
        assert (await listener.until("message.received"))["body"] == "Ada?"


@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        (blazz.ConfigurationError("the password was changed"), True),
        (blazz.InvalidValue("Notice.channel", "1 to 200 characters", ""), False),
        (RuntimeError("a fault of somebody's own bus"), False),
    ],
)
async def test_a_bus_that_fails_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, is_told: bool
) -> None:
    monkeypatch.setattr("blazz.client.broadcasts._RETRY_AFTER", 0.01)
    bus = MemoryBus()
    publish = bus.publish
    errors = [error]

    async def fails_once(*given: Any, **more: Any) -> Notice:
        if errors:
            raise errors.pop()
        return await publish(*given, **more)

    monkeypatch.setattr(bus, "publish", fails_once)
    listener = Listener(bus, await bus.newest())
    async with blazz.Client(folder=tmp_path, bus=bus) as client:
        assert client._broadcasts is not None
        for name in ("first", "second"):
            client._broadcasts._put(Broadcast("channel", name, "{}"))
        await listener.until("second")
        assert client._background.running
    assert [it.name for it in listener.seen] == (["first", "second"] if is_told else ["second"])


def progress(campaign: str, phase: Phase) -> Progress:
    return Progress(
        campaign=campaign, phase=phase, reason=None, rows_read=0, rejected=0, duplicates=0,
        counts=Counts(), rate=0.0, eta=None, elapsed=0.0,
    )  # fmt: skip


async def test_what_was_told_is_known_of_the_latest_campaigns_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("blazz.client.broadcasts._CAMPAIGNS", 2)
    broadcasts = ClientBroadcasts(MemoryBus(), "acme")
    told = [("one", Phase.SENDING), ("two", Phase.SENDING), ("one", Phase.DONE)]
    for name, phase in [*told, ("three", Phase.SENDING)]:
        broadcasts.take_progress(progress(name, phase))
    assert list(broadcasts._told) == ["one", "three"]


async def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazz.client.broadcasts._WAITING", 3)
    bus = MemoryBus()
    start = await bus.newest()
    broadcasts = ClientBroadcasts(bus, "acme")
    for number in range(5):
        broadcasts._put(Broadcast("c", "n", str(number)))
    assert broadcasts.dropped == 2
    await broadcasts.close()
    async with aclosing(bus.follow(after=start)) as notices:
        assert [notice.data async for notice in notices] == ["2", "3", "4"]


async def test_a_bus_is_named_by_its_url(tmp_path: Path) -> None:
    assert blazz.Client(folder=tmp_path).bus is None
    assert isinstance(blazz.Client(folder=tmp_path, bus="memory://").bus, MemoryBus)
    with pytest.raises(blazz.ConfigurationError, match="bus= takes a URL"):
        blazz.Client(folder=tmp_path, bus="ftp://x")
