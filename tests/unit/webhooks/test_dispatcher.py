"""The dispatcher: every update handled, in order, again after failures, never after success."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from blazz.errors import ConfigurationError, InvalidValue
from blazz.webhooks import Backoff, Delivery, Dispatcher, Routes
from blazz.webhooks.inbox.base import State
from blazz.webhooks.inbox.sqlite import SqliteInbox
from blazz.webhooks.observations import (
    BodiesSplit,
    UpdateDied,
)
from tests.unit.webhooks.scenery import Said, Shouted, profile, said, stage, states


async def test_every_update_is_handled_once_and_in_order(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        scene.dispatcher.on(Said)(scene.see)
        names = [f"{lane}{n:02}" for n in range(40) for lane in "abcd"]
        for start in range(0, len(names), 16):
            body = said(*names[start : start + 16])
            for _ in range(3):
                assert (await scene.post(body)).status == 200

        seen = await scene.handled()

        assert sorted(seen) == sorted(names)
        for lane in "abcd":
            of_lane = [name for name in seen if name[0] == lane]
            assert of_lane == sorted(of_lane)
        assert await states(scene.inbox) == {State.DONE: len(names)}
        split = [each for each in scene.observed if isinstance(each, BodiesSplit)]
        assert sum(each.new for each in split) == len(names)
        assert sum(each.duplicates for each in split) == 2 * len(names)


async def test_what_comes_while_it_runs_is_handled_at_once(tmp_path: Path) -> None:
    async with stage(tmp_path, poll=3600) as scene:
        arrived = anyio.Event()

        @scene.dispatcher.on(Said)
        async def handle(event: Said) -> None:
            scene.seen.append(event.key)
            arrived.set()

        async with scene.running():
            for _ in range(3):  # looks once, finds nothing, and waits for the bell
                await anyio.lowlevel.checkpoint()
            await scene.post(said("a1"))
            with anyio.fail_after(60):
                await arrived.wait()
        assert scene.seen == ["a1"]


async def test_a_failing_handler_gets_its_update_again(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        calls: Counter[str] = Counter()

        @scene.dispatcher.on(Said)
        async def fragile(event: Said) -> None:
            calls[event.key] += 1
            if calls[event.key] < 3 and event.key.startswith("a"):
                raise RuntimeError("not now")
            scene.seen.append(event.key)

        await scene.post(said("a1", "a2", "b1", "a3"))
        seen = await scene.handled()

        assert [name for name in seen if name[0] == "a"] == ["a1", "a2", "a3"]
        assert seen[0] == "b1", "another conversation waited"
        assert calls == {"a1": 3, "a2": 3, "a3": 3, "b1": 1}


async def test_no_handler_runs_again_after_its_success(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        calls: Counter[tuple[str, str]] = Counter()

        def handler(name: str, failures: int) -> None:
            @scene.dispatcher.on(Said, name=name)
            async def handle(event: Said) -> None:
                calls[name, event.key] += 1
                if calls[name, event.key] <= failures:
                    raise RuntimeError("not now")

        handler("first", 0)
        handler("second", 2)
        handler("third", 0)
        handler("fourth", 1)
        await scene.post(said("a1", "a2"))
        await scene.handled()

        for key in ("a1", "a2"):
            assert [calls[name, key] for name in ("first", "second", "third", "fourth")] == [
                1,
                3,
                1,
                2,
            ]


async def test_after_the_last_attempt_it_is_dead_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with stage(tmp_path, backoff=Backoff(attempts=3, first=0, longest=0)) as scene:
        broken = True

        @scene.dispatcher.on(Said)
        async def handle(event: Said) -> None:
            if event.key == "a1" and broken:
                raise ValueError("poison")
            scene.seen.append(event.key)

        await scene.post(said("a1", "a2"))
        assert await scene.handled() == ["a2"]
        [dead] = await scene.inbox.entries(states=[State.DEAD])
        assert dead.attempts == 3
        assert dead.error is not None
        assert dead.error.endswith("handle: ValueError: poison")
        [died] = [each for each in scene.observed if isinstance(each, UpdateDied)]
        assert (died.session, died.seq) == ("acme/sales", dead.seq)

        broken = False
        assert await scene.inbox.replay([dead.seq]) == 1
        assert await scene.handled() == ["a2", "a1"]
        assert await states(scene.inbox) == {State.DONE: 2}


async def test_concurrency_is_bounded_and_used(tmp_path: Path) -> None:
    async with stage(tmp_path, concurrency=3) as scene:
        running = 0
        most = 0
        three = anyio.Event()

        @scene.dispatcher.on(Said)
        async def handle(event: Said) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            if running == 3:
                three.set()
            with anyio.fail_after(60):
                await three.wait()
            running -= 1

        await scene.post(said(*(f"{lane}1" for lane in "abcdefghij")))
        await scene.handled()
        assert most == 3


async def test_stopping_gives_back_what_is_not_finished(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        started = anyio.Event()
        first_calls: list[str] = []

        async def first(delivery: Delivery) -> None:
            first_calls.append(delivery.event.key)

        async def second(delivery: Delivery) -> None:
            if not started.is_set():
                started.set()
                await anyio.sleep_forever()
            scene.seen.append(delivery.event.key)

        scene.dispatcher.add_handler(first, Said, name="first")
        scene.dispatcher.add_handler(second, Said, name="second")
        await scene.post(said("a1", "a2"))
        async with scene.running():
            with anyio.fail_after(60):
                await started.wait()

        assert await states(scene.inbox) == {State.READY: 2}
        assert await scene.handled() == ["a1", "a2"]
        assert first_calls == ["a1", "a2"], "a success was forgotten"


async def test_sinks_get_batches_before_handlers(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        batches: list[list[str]] = []
        order: list[str] = []

        async def sink(deliveries: Sequence[Delivery]) -> None:
            batches.append([delivery.event.key for delivery in deliveries])
            order.extend(f"sink {delivery.event.key}" for delivery in deliveries)

        async def loud(deliveries: Sequence[Delivery]) -> None:
            assert all(isinstance(delivery.event, Shouted) for delivery in deliveries)
            order.extend(f"loud {delivery.event.key}" for delivery in deliveries)

        @scene.dispatcher.on(Said)
        async def handle(event: Said) -> None:
            order.append(f"handler {event.key}")

        scene.dispatcher.add_sink(sink, Said)
        scene.dispatcher.add_sink(loud, Shouted)
        await scene.post(said("a1", "b1", "c1"))
        await scene.post(said("d1", text="LOUD"))
        await scene.handled()

        assert sum(map(len, batches)) == 4
        assert max(map(len, batches)) > 1
        for key in ("a1", "b1", "c1", "d1"):
            assert order.index(f"sink {key}") < order.index(f"handler {key}")
        assert [entry for entry in order if entry.startswith("loud")] == ["loud d1"]


async def test_a_failed_sink_is_repeated_as_a_batch_then_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        sizes: list[int] = []
        calm: list[str] = []

        async def picky(deliveries: Sequence[Delivery]) -> None:
            keys = [delivery.event.key for delivery in deliveries]
            sizes.append(len(keys))
            if "b1" in keys:
                raise RuntimeError("this one cannot be stored")

        async def easy(deliveries: Sequence[Delivery]) -> None:
            calm.extend(delivery.event.key for delivery in deliveries)

        scene.dispatcher.add_sink(easy, Said, name="easy")
        scene.dispatcher.add_sink(picky, Said, name="picky")
        scene.dispatcher.on(Said)(scene.see)
        await scene.post(said("a1", "b1", "c1", "b2"))
        seen = await scene.handled()

        assert sorted(seen) == ["a1", "b2", "c1"], "one bad update took its batch along"
        [dead] = await scene.inbox.entries(states=[State.DEAD])
        assert dead.error == "picky: RuntimeError: this one cannot be stored"
        assert max(sizes) >= 3
        assert 1 in sizes
        assert sorted(calm) == ["a1", "b1", "b2", "c1"], "a sink ran again after its success"


async def test_filters_kinds_and_sessions_choose_handlers(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        await scene.receiver.add("acme/support", profile("2"))
        calls: list[str] = []

        def note(name: str) -> Any:
            async def handle(event: Said) -> None:
                calls.append(f"{name} {event.key}")

            return handle

        scene.dispatcher.on(name="all")(note("all"))
        scene.dispatcher.on(Shouted, name="loud")(note("loud"))
        scene.dispatcher.on(Said, where=lambda e: e.text == "pick me", name="picked")(
            note("picked")
        )
        scene.dispatcher.on(Said, session="acme/support", name="support")(note("support"))
        await scene.post(said("a1"))
        await scene.post(said("b1", text="LOUD"))
        await scene.post(said("c1", text="pick me"))
        await scene.post(said("d1", account="2"))
        await scene.handled()

        assert sorted(calls) == [
            "all a1",
            "all b1",
            "all c1",
            "all d1",
            "loud b1",
            "picked c1",
            "support d1",
        ]
        calls.clear()
        scene.dispatcher.handlers.remove("all")
        await scene.post(said("e1"))
        await scene.handled()
        assert calls == []


async def test_without_handlers_everything_is_done_at_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        await scene.post(said("a1", "a2"))
        await scene.handled()
        assert await states(scene.inbox) == {State.DONE: 2}


@pytest.mark.parametrize("setting", ["concurrency", "lease", "poll"])
def test_settings_are_positive(tmp_path: Path, setting: str) -> None:
    with pytest.raises(InvalidValue, match=setting):
        Dispatcher(SqliteInbox(tmp_path / "inbox.db"), Routes(), **{setting: 0})


def test_names_of_handlers_are_unique(tmp_path: Path) -> None:
    dispatcher = Dispatcher(SqliteInbox(tmp_path / "inbox.db"), Routes())

    async def handle(event: Said) -> None: ...

    dispatcher.on(Said)(handle)
    dispatcher.on(Said)(handle)
    dispatcher.on(Said, name="mine")(handle)
    with pytest.raises(ConfigurationError, match="there is a handler named 'mine' already"):
        dispatcher.on(Said, name="mine")(handle)
    with pytest.raises(ConfigurationError, match="one line"):
        dispatcher.on(Said, name="two\nlines")(handle)
