"""What the page reports reaches the inbox, in order, whatever the inbox does meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blazz.errors import InboxFull, InboxUnavailable
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.providers.base import ProviderContext
from blazz.providers.web import intake as intakes
from blazz.providers.web.inbound import parse
from blazz.providers.web.intake import Intake
from blazz.providers.web.outbox import Outbox
from blazz.providers.web.overflow import Body, Overflow


class Place:
    """Where updates go; refuses some of them at first, or all while it is shut."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.tries = 0
        self.kept: list[bytes | SessionStateChanged] = []
        self._open = asyncio.Event()
        self._open.set()
        self._tried = asyncio.Event()

    def shut(self, *, hanging: bool = False) -> None:
        if hanging:
            self._open.clear()
        else:
            self.refusals = 10**9

    def come_back(self) -> None:
        self.refusals = 0
        self._open.set()

    async def tried(self, times: int) -> None:
        with anyio.fail_after(60):
            while self.tries < times:
                self._tried.clear()
                await self._tried.wait()

    async def receive(self, body: bytes) -> None:
        await self._check()
        self.kept.append(body)

    async def report(self, event: Any) -> None:
        await self._check()
        self.kept.append(event)

    async def _check(self) -> None:
        self.tries += 1
        self._tried.set()
        await self._open.wait()
        if self.refusals:
            self.refusals -= 1
            raise (InboxFull if self.refusals % 2 else InboxUnavailable)("later")

    @property
    def bodies(self) -> list[str]:
        """What messages said, in the order in which they were kept."""
        found = (parse(it) for it in self.kept if isinstance(it, bytes))
        return [update.report.value["body"] for updates in found for update in updates]


async def _deliver(headers: Mapping[str, str], body: bytes) -> int:
    return 200


class Scene:
    """An intake, its outbox, and where it hands over."""

    def __init__(self, folder: Path, place: Place, *, most_held: int) -> None:
        self.place = place
        self.counts: list[int] = []
        self.changes = 0
        context = ProviderContext(
            workspace="acme",
            session="shop",
            deliver_webhook=_deliver,
            folder=folder,
            receive=place.receive,
            report=place.report,
            on_waiting=self.counts.append,
        )
        self.outbox = Outbox(folder / "outbox.db")
        self.intake = Intake(context, self.outbox, self._changed, most_held=most_held)
        self.intake.owner = "6281100000001"

    def _changed(self) -> None:
        self.changes += 1

    def say(self, *bodies: object) -> None:
        for body in bodies:
            value = {"id": f"false_6281@c.us_{body}", "fromMe": False, "body": str(body)}
            self.intake.put("message", value)

    async def drained(self) -> None:
        with anyio.fail_after(60):
            await self.intake.drained()

    async def until(self, is_so: Callable[[], bool]) -> None:
        with anyio.fail_after(60):
            while not is_so():  # noqa: ASYNC110  # the disk tells nobody
                await anyio.sleep(0.001)


@contextlib.asynccontextmanager
async def running(folder: Path, place: Place, *, most_held: int = 10) -> AsyncIterator[Scene]:
    scene = Scene(folder, place, most_held=most_held)
    await scene.outbox.open()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(scene.intake.run)
            yield scene
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await scene.intake.close()
            await scene.outbox.close()


def change(key: str) -> SessionStateChanged:
    return SessionStateChanged(
        key=key,
        at=datetime.now(UTC),
        state=SessionState.READY,
        previous=SessionState.STARTING,
        reason=StateReason.CONNECTED,
    )


async def test_reports_are_kept_in_order_even_if_the_inbox_is_full_at_first(
    tmp_path: Path,
) -> None:
    place = Place(refusals=2)
    told = change("k")
    async with running(tmp_path, place) as scene:
        ours, _ = await scene.outbox.note("v1.-.a", "6281@c.us")
        intake = scene.intake
        intake.put("message", {"id": f"true_6281@c.us_{ours}", "fromMe": True})
        scene.say("one")
        intake.put("receipt", {"ack": 0, "ids": [f"true_6281@c.us_{ours}"]})
        intake.put("receipt", {"ack": 1, "ids": [f"true_6281@c.us_{ours}", "true_x_3EB0"]})
        intake.put_event(told)
        scene.say("two")
        await scene.drained()

    first, second, last = place.kept
    assert isinstance(first, bytes)
    assert isinstance(last, bytes)
    assert second is told
    updates = parse(first)
    assert [it.report.name for it in updates] == ["message", "receipt", "receipt"]
    assert [it.report.value.get("token") for it in updates[1:]] == ["v1.-.a", None]
    assert [it.report.value["body"] for it in parse(last)] == ["two"]
    assert scene.changes == 5
    assert max(scene.counts) >= 1
    assert scene.counts[-1] == 0
    assert not (tmp_path / "intake.db").exists()


@pytest.mark.parametrize("hanging", [False, True], ids=["refuses", "hangs"])
async def test_what_is_too_much_for_memory_waits_on_the_disk(tmp_path: Path, hanging: bool) -> None:
    place = Place()
    place.shut(hanging=hanging)
    async with running(tmp_path, place) as scene:
        intake = scene.intake
        scene.say("first")
        await place.tried(1)
        early, late = change("early"), change("late")
        intake.put_event(early)
        scene.say(*range(600))
        await scene.until(lambda: not intake._crowded.is_set() and len(intake._queue) <= 10)
        assert intake._overflow.reports == 600
        assert intake.waiting == 602
        intake.put_event(late)
        scene.say("last")
        place.come_back()
        await scene.drained()
        assert intake.waiting == 0

    assert place.bodies == ["first", *map(str, range(600)), "last"]
    assert [it for it in place.kept if not isinstance(it, bytes)] == [early, late]
    assert max(scene.counts) >= 600
    assert scene.counts[-1] == 0


async def test_the_next_start_hands_over_what_was_left(tmp_path: Path) -> None:
    place = Place()
    place.shut()
    async with running(tmp_path, place) as scene:
        scene.say("first")
        await place.tried(1)
        scene.say(*range(20))
        await scene.until(lambda: scene.intake._overflow.reports == 20)
        scene.say("last")
    assert place.kept == []

    place.come_back()
    async with running(tmp_path, place) as scene:
        scene.intake.owner = None  # it is not known yet whose page it is
        scene.say("new")
        await scene.drained()
    assert place.bodies == ["first", *map(str, range(20)), "last", "new"]
    assert parse(place.kept[0])[0].owner == "6281100000001"  # type: ignore[arg-type]
    assert scene.counts[-1] == 0


async def test_a_disk_that_takes_nothing_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: Overflow, __: list[Body]) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Overflow, "add", fail)
    place = Place()
    place.shut()
    async with running(tmp_path, place) as scene:
        scene.say("first")
        await place.tried(1)
        scene.say(*range(20))
        await scene.until(lambda: "stay in memory" in caplog.text)
        place.come_back()
        await scene.drained()
    assert place.bodies == ["first", *map(str, range(20))]


async def test_a_file_that_is_no_database_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "intake.db").write_bytes(b"no database at all, and long enough to be read" * 100)
    place = Place()
    async with running(tmp_path, place) as scene:
        scene.say("one")
        await scene.drained()
    assert place.bodies == ["one"]


async def test_half_a_character_ends_nothing(tmp_path: Path) -> None:
    place = Place()
    async with running(tmp_path, place) as scene:
        scene.say("cut \ud83d", "whole \U0001f600")
        await scene.drained()
    assert place.bodies == ["cut \ufffd", "whole \U0001f600"]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(["say", "event", "shut", "hang", "back", "stop"]), max_size=12))
async def test_whatever_happens_all_is_kept_in_order(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, steps: list[str]
) -> None:
    monkeypatch.setattr(intakes, "_LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(intakes, "_FIRST_PAUSE", 0.001)
    folder, place, said = tmp_path_factory.mktemp("intake"), Place(), 0
    scene: Scene | None = None
    async with contextlib.AsyncExitStack() as stack:
        for step in steps:
            if scene is None:
                scene = await stack.enter_async_context(running(folder, place, most_held=3))
            match step:
                case "say":
                    scene.say(*(f"{number:04}" for number in range(said, said + 8)))
                    said += 8
                case "event":
                    scene.intake.put_event(change(str(said)))
                case "shut" | "hang":
                    place.shut(hanging=step == "hang")
                case "back":
                    place.come_back()
                case _:
                    await stack.aclose()
                    scene = None
            await anyio.lowlevel.checkpoint()
    place.come_back()
    async with running(folder, place, most_held=3) as last:
        last.say("9999")
        await last.drained()
    # A body may be handed over twice, where it was cut off; the inbox knows it by its keys.
    assert list(dict.fromkeys(place.bodies)) == [*(f"{it:04}" for it in range(said)), "9999"]
