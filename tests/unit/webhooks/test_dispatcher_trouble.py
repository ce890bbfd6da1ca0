"""The dispatcher in trouble: handlers that hang, cancel themselves or cannot be called."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from blazz.errors import InboxUnavailable, SessionClosed
from blazz.webhooks import Backoff, Delivery
from blazz.webhooks.inbox.base import Item, State
from blazz.webhooks.inbox.sqlite import SqliteInbox
from blazz.webhooks.observations import HandlerCalled, HandlerOutcome
from blazz.webhooks.work import Task
from tests.unit.webhooks.scenery import Said, Stage, body_of, profile, said, stage, states


async def test_a_slow_handler_is_cancelled_and_holds_nobody_up(tmp_path: Path) -> None:
    async with stage(tmp_path, timeout=0.3) as scene:
        slow = True

        @scene.dispatcher.on(Said)
        async def handle(event: Said) -> None:
            nonlocal slow
            if event.key == "a1" and slow:
                slow = False
                await anyio.sleep_forever()
            scene.seen.append(event.key)

        await scene.post(said("a1", "b1", "c1", "a2"))
        seen = await scene.handled()

        assert sorted(seen[:2]) == ["b1", "c1"]
        assert seen[2:] == ["a1", "a2"]
        outcomes = Counter(e.outcome for e in scene.observed if isinstance(e, HandlerCalled))
        assert outcomes == {HandlerOutcome.TIMED_OUT: 1, HandlerOutcome.SUCCEEDED: 4}


async def cancels_itself_and_waits() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def cancels_itself_and_returns() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


async def waits_for_what_was_cancelled() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def raises_a_cancellation() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("misbehave", "calls"),
    [
        (cancels_itself_and_waits, 2),
        (waits_for_what_was_cancelled, 2),
        (raises_a_cancellation, 2),
        (cancels_itself_and_returns, 1),
    ],
)
async def test_a_handler_that_is_cancelled_harms_only_itself(
    tmp_path: Path, misbehave: Any, calls: int
) -> None:
    async with stage(tmp_path, concurrency=1) as scene:
        attempts: list[int] = []

        async def handle(delivery: Delivery) -> None:
            event = delivery.event
            assert isinstance(event, Said)
            if event.key == "a1":
                attempts.append(delivery.attempt)
                if delivery.attempt == 1:
                    await misbehave()
            await anyio.lowlevel.checkpoint()
            scene.seen.append(event.key)

        scene.dispatcher.add_handler(handle, Said)
        await scene.post(said("a1", "b1", "c1", "a2"))

        with anyio.fail_after(60):
            seen = await scene.handled()
        assert sorted(seen) == ["a1", "a2", "b1", "c1"]
        assert seen.index("a1") < seen.index("a2")
        assert len(attempts) <= 2


async def test_a_handler_that_takes_no_for_an_answer_is_asked_again(tmp_path: Path) -> None:
    """Many a loop catches whatever happens and goes on."""
    async with stage(tmp_path, timeout=0.05, concurrency=1) as scene:
        cancelled: list[str] = []

        @scene.dispatcher.on(Said)
        async def handle(event: Said) -> None:
            while event.key == "a1" and len(cancelled) < 3:
                try:
                    await asyncio.get_running_loop().create_future()
                except asyncio.CancelledError:
                    cancelled.append(event.key)
            scene.seen.append(event.key)

        await scene.post(said("a1", "b1", "a2"))

        with anyio.fail_after(60):
            assert sorted(await scene.handled()) == ["a1", "a2", "b1"]
        assert len(cancelled) == 3


async def test_a_failing_filter_harms_only_its_own_handler(tmp_path: Path) -> None:
    async with stage(tmp_path, backoff=Backoff(attempts=2, first=0, longest=0)) as scene:

        def where(event: Said) -> bool:
            if event.key == "a1":
                raise KeyError("no such field")
            return True

        scene.dispatcher.on(Said, where=where, name="picky")(scene.see)
        scene.dispatcher.on(Said)(scene.see)
        await scene.post(said("a1", "b1"))

        assert sorted(await scene.handled()) == ["a1", "b1", "b1"]
        [dead] = await scene.inbox.entries(states=[State.DEAD])
        assert dead.error == "picky: its filter: KeyError: 'no such field'"


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


class Final(BaseException):
    """Not an `Exception`, as what some libraries stop their own loops with."""


RAISED = {
    "NUL": (ValueError("what is \0?"), r"ValueError: what is \x00?"),
    "half a pair": (ValueError("\ud83d"), r"ValueError: \ud83d"),
    "colours": (ValueError("\x1b[31mred\nlines"), r"ValueError: \x1b[31mred lines"),
    "a novel": (ValueError("x" * 9_999), "ValueError: " + "x" * 400),
    "no text": (Unspeakable(), "Unspeakable, which cannot be shown"),
    "a group": (
        ExceptionGroup("two", [KeyError("a"), Unspeakable()]),
        "ExceptionGroup: two (KeyError: 'a'; Unspeakable, which cannot be shown)",
    ),
    "not an Exception": (Final("over"), "Final: over"),
    "a group of such": (
        BaseExceptionGroup("one", [Final("over")]),
        "BaseExceptionGroup: one (Final: over)",
    ),
}


@pytest.mark.parametrize("in_sink", [False, True])
@pytest.mark.parametrize("what", RAISED)
async def test_whatever_is_raised_is_recorded(tmp_path: Path, what: str, in_sink: bool) -> None:
    """And the outcome of all others, which is recorded together with it."""
    error, told = RAISED[what]
    async with stage(tmp_path, backoff=Backoff(attempts=1)) as scene:

        async def sink(deliveries: Sequence[Delivery]) -> None:
            if any(delivery.event.key == "a1" for delivery in deliveries):
                raise error

        @scene.dispatcher.on(Said, name="handle")
        async def handle(event: Said) -> None:
            if event.key == "a1":
                raise error
            scene.seen.append(event.key)

        if in_sink:
            scene.dispatcher.add_sink(sink, Said, name="sink")
        await scene.post(said("a1"))
        await scene.handled()
        await scene.post(said("a2", "b1"))

        with anyio.fail_after(60):
            assert sorted(await scene.handled()) == ["a2", "b1"]
        [dead] = await scene.inbox.entries(states=[State.DEAD])
        assert dead.error is not None
        assert dead.error.startswith(f"{'sink' if in_sink else 'handle'}: {told}")
        assert len(dead.error) <= 500


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
async def test_what_ends_the_process_is_not_a_failure(tmp_path: Path, error: BaseException) -> None:
    async with stage(tmp_path) as scene:

        async def leave(_: Delivery) -> None:
            raise error

        handler = scene.dispatcher.add_handler(leave, Said)
        caller, worker = scene.dispatcher._caller, scene.dispatcher._caller.hire()
        await scene.post(said("a1"))
        await scene.dispatcher.splitter.split()
        [item] = await scene.inbox.take("me", sessions=["acme/sales"], limit=1, lease=60)
        [delivery] = await scene.dispatcher.deliveries.find([item])
        assert delivery is not None
        with pytest.raises(type(error)):
            await caller._call(handler, Task(item, delivery), worker)


async def test_who_stops_the_loop_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("blazz.webhooks.calling._STANDSTILL_SECONDS", 0.01)
    async with stage(tmp_path, timeout=0.08) as scene:

        @scene.dispatcher.on(Said)
        async def handle(event: Said) -> None:
            time.sleep(0.1)  # noqa: ASYNC251  # it is what the test is about
            scene.seen.append(event.key)

        await scene.post(said("a1"))
        async with scene.running():
            await scene.dispatcher.drained()
            with anyio.fail_after(60):
                while "asyncio.to_thread" not in caplog.text:  # noqa: ASYNC110  # nothing rings
                    await anyio.sleep(0.01)
        assert scene.seen == ["a1"]


@pytest.mark.parametrize("with_sink", [False, True])
async def test_an_event_that_cannot_be_built_is_dead_in_the_end(
    tmp_path: Path, with_sink: bool
) -> None:
    async with stage(tmp_path, backoff=Backoff(attempts=2, first=0, longest=0)) as scene:

        async def sink(deliveries: Sequence[Delivery]) -> None: ...

        scene.dispatcher.on(Said)(scene.see)
        if with_sink:
            scene.dispatcher.add_sink(sink, Said)
        await scene.post(said("a1", text="unbuildable"))
        await scene.post(said("a2", "b1"))

        assert sorted(await scene.handled()) == ["a2", "b1"]
        [dead] = await scene.inbox.entries(states=[State.DEAD])
        assert dead.error is not None
        assert "this event cannot be built" in dead.error


@pytest.mark.parametrize("others_wait", [False, True])
@pytest.mark.parametrize("place", range(28, 36))
async def test_a_stray_cancellation_strikes_nobody_else(
    tmp_path: Path, place: int, others_wait: bool
) -> None:
    """Wherever the worker waits next: for its turn in the loop, for work, or in a handler."""
    async with stage(tmp_path, concurrency=1) as scene:

        @scene.dispatcher.on(Said, name="first")
        async def first(event: Said) -> None:
            scene.seen.append(event.key)
            if len(scene.seen) == place:
                await cancels_itself_and_returns()

        @scene.dispatcher.on(Said, name="second")
        async def second(event: Said) -> None:
            if others_wait:
                await anyio.lowlevel.checkpoint()

        names = [f"{lane}{n:02}" for n in range(4) for lane in "abcdefghijkl"]
        await scene.post(said(*names))

        with anyio.fail_after(60):
            assert sorted(await scene.handled()) == sorted(names)
        calls = Counter(e.outcome for e in scene.observed if isinstance(e, HandlerCalled))
        assert calls == {HandlerOutcome.SUCCEEDED: 2 * len(names)}


async def test_a_stray_cancellation_that_comes_late_loses_nothing(tmp_path: Path) -> None:
    """It finds the worker between two updates of a conversation, where it lets others go on."""
    async with stage(tmp_path, concurrency=1) as scene:

        @scene.dispatcher.on(Said)
        async def handle(event: Said) -> None:
            task = asyncio.current_task()
            assert task is not None
            scene.seen.append(event.key)
            if len(scene.seen) == 32:
                asyncio.get_running_loop().call_soon(task.cancel)

        names = [f"{lane}{n:02}" for lane, most in (("a", 10), ("b", 30)) for n in range(most)]
        await scene.post(said(*names))

        with anyio.fail_after(60):
            assert await scene.handled() == names


class Moody(SqliteInbox):
    """An inbox whose database fails now and then."""

    failing = 0

    async def take(self, *args: Any, **kwargs: Any) -> Sequence[Item]:
        return await self._perhaps(super().take(*args, **kwargs))

    async def bodies(self, body_ids: Any) -> Any:
        return await self._perhaps(super().bodies(body_ids))

    async def settle(self, *args: Any, **kwargs: Any) -> None:
        await self._perhaps(super().settle(*args, **kwargs))

    async def _perhaps(self, result: Any) -> Any:
        found = await result
        self.failing += 1
        if self.failing % 2:
            raise InboxUnavailable("the connection broke after the commit")
        return found


async def test_a_failing_database_stops_nothing_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blazz.webhooks.dispatcher._REST_SECONDS", 0.001)
    async with Moody(tmp_path / "inbox.db") as inbox:
        scene = Stage(inbox, lease=0.3)
        await scene.receiver.add("acme/sales", profile())
        scene.dispatcher.on(Said)(scene.see)
        names = [f"{lane}{n}" for n in range(5) for lane in "abcdef"]
        for name in names:
            await scene.post(said(name))

        with anyio.fail_after(30):
            seen = await scene.handled()

        assert sorted(set(seen)) == sorted(names)
        assert await states(inbox) == {State.DONE: len(names)}


class Leaving(SqliteInbox):
    """An inbox during whose work a session is closed."""

    stage: Stage | None = None

    async def take(self, *args: Any, **kwargs: Any) -> Sequence[Item]:
        items = await super().take(*args, **kwargs)
        if items and self.stage is not None:
            self.stage.receiver.remove("acme/sales")
            self.stage = None
        return items


async def test_a_session_that_is_closed_meanwhile_keeps_its_updates(tmp_path: Path) -> None:
    async with Leaving(tmp_path / "inbox.db") as inbox:
        scene = Stage(inbox)
        await scene.receiver.add("acme/sales", profile())
        scene.dispatcher.on(Said)(scene.see)
        await scene.post(said("a1", "a2"))
        inbox.stage = scene
        async with scene.running():
            with scene.dispatcher.settled.listening() as bell, anyio.fail_after(60):
                await bell.wait()
        assert scene.seen == []
        assert await states(inbox) == {State.READY: 2}

        await scene.receiver.add("acme/sales", profile())
        assert await scene.handled() == ["a1", "a2"]


async def test_a_sink_that_fails_for_a_closed_session_costs_no_attempt(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        await scene.receiver.add("acme/other", profile("2"))
        batches: list[list[str]] = []

        async def record(deliveries: Sequence[Delivery]) -> None:
            # Sessions are taken in any order.
            batches.append(sorted(each.event.key for each in deliveries))
            if len(batches) == 1:
                scene.receiver.remove("acme/other")
                raise SessionClosed("it was closed just now")

        scene.dispatcher.add_sink(record, Said, name="record")
        await scene.post(body_of(*({"key": f"{n}", "account": f"{n}"} for n in (1, 2))))
        await scene.handled()

        assert batches == [["1", "2"], ["1"]]
        sales, other = await scene.inbox.entries(limit=10)
        assert (sales.session, sales.state, sales.attempts) == ("acme/sales", State.DONE, 1)
        assert (other.session, other.state, other.attempts) == ("acme/other", State.READY, 0)
