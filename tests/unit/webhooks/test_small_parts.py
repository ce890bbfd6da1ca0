"""The small parts of receiving: bells, backoff, admission, names of handlers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InboxFull, InboxUnavailable, InvalidValue
from blazz.events.base import Event
from blazz.webhooks.admission import Admission
from blazz.webhooks.backoff import Backoff
from blazz.webhooks.bell import Bell, Bells, NamedBells
from blazz.webhooks.delivery import Delivery
from blazz.webhooks.handlers import Handler, Handlers
from blazz.webhooks.inbox.base import Retention
from blazz.webhooks.observations import BacklogMeasured, Observation
from tests.unit.webhooks.scenery import Said, Shouted, SpokenUpdate


async def test_a_bell_wakes_whoever_waits_and_whoever_comes_next() -> None:
    bell = Bell()
    woken: list[int] = []

    async def wait() -> None:
        await bell.wait()
        woken.append(1)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert woken == []
        bell.ring()
    bell.ring()
    bell.ring()
    with anyio.fail_after(60):
        assert await bell.wait()
        assert not await bell.wait(0)
    assert woken == [1]


async def test_bells_ring_for_all_who_listen() -> None:
    bells = Bells()
    with bells.listening() as first, bells.listening() as second:
        bells.ring()
        with anyio.fail_after(60):
            await first.wait()
            await second.wait()
    bells.ring()


async def test_named_bells_ring_for_those_who_listen_for_the_name() -> None:
    bells = NamedBells()
    with bells.listening("a") as first, bells.listening("a") as second, bells.listening("b") as b:
        bells.ring(["a", "nobody"])
        assert [await bell.wait(0) for bell in (first, second, b)] == [True, True, False]
    with bells.listening("a") as again:
        bells.ring(["a"])
        assert await again.wait(0)


@given(
    st.integers(1, 50), st.floats(0, 100), st.floats(1, 10), st.floats(0, 1000), st.floats(0, 0.999)
)
def test_pauses_grow_and_end(
    attempts: int, first: float, factor: float, more: float, chance: float
) -> None:
    backoff = Backoff(attempts=attempts, first=first, factor=factor, longest=first + more)
    pauses = [backoff.pause(n, chance=lambda: chance) for n in range(1, attempts + 1)]

    assert pauses[-1] is None
    rest = [pause for pause in pauses[:-1] if pause is not None]
    assert len(rest) == attempts - 1
    assert rest == sorted(rest)
    assert all(0 <= pause <= backoff.longest for pause in rest)
    if rest:
        assert rest[0] >= first / 2


def test_a_thousand_failures_do_not_overflow() -> None:
    assert Backoff(attempts=10_000).pause(9_999, chance=lambda: 0.0) == 300.0


@pytest.mark.parametrize(
    "settings",
    [
        {"attempts": 0},
        {"first": -1.0},
        {"first": 9.0, "longest": 1.0},
        {"longest": 86_401.0},
        {"factor": 0.5},
    ],
)
def test_a_backoff_makes_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match=f"Backoff.{next(iter(settings))}"):
        Backoff(**settings)


@pytest.mark.parametrize("name", ["handled", "kept"])
def test_retention_outlasts_metas_repetitions(name: str) -> None:
    from datetime import timedelta

    with pytest.raises(InvalidValue, match=rf"Retention\.{name}: more than 7 days"):
        Retention(**{name: timedelta(days=7)})


class Measured:
    """An inbox that is only measured."""

    def __init__(self) -> None:
        self.waiting = 0
        self.measurements = 0
        self.error: Exception | None = None

    async def backlog(self, sessions: Collection[str]) -> int:
        assert sessions == ["acme/sales"]
        self.measurements += 1
        if self.error is not None:
            raise self.error
        return self.waiting


async def test_admission_counts_what_it_lets_in_and_measures_now_and_then() -> None:
    inbox, now = Measured(), [0.0]
    observed: list[Observation] = []
    admission = Admission(
        inbox,  # type: ignore[arg-type]  # it only needs the backlog
        lambda: ["acme/sales"],
        limit=10,
        observe=observed.append,
        clock=lambda: now[0],
    )
    await admission.admit(b"x" * 5_000)
    await admission.admit(b"x" * 5_000)
    with pytest.raises(InboxFull, match="10 updates wait in the inbox, the limit is 10"):
        await admission.admit(b"")
    assert inbox.measurements == 1

    now[0] = 1.0  # they have been handled since
    await admission.admit(b"")
    assert inbox.measurements == 2
    assert observed == [BacklogMeasured(0, 10), BacklogMeasured(0, 10)]


async def test_admission_that_cannot_measure_tries_again_with_the_next() -> None:
    inbox = Measured()
    inbox.error = InboxUnavailable("gone")
    admission = Admission(
        inbox,  # type: ignore[arg-type]  # it only needs the backlog
        lambda: ["acme/sales"],
        limit=10,
    )
    for _ in range(2):
        with pytest.raises(InboxUnavailable):
            await admission.admit(b"")
    inbox.error = None
    await admission.admit(b"")
    assert inbox.measurements == 3


async def call(_: Delivery) -> None: ...


class Greeter:
    async def __call__(self, _: Delivery) -> None: ...

    async def greet(self, _: Delivery) -> None: ...


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (call, "tests.unit.webhooks.test_small_parts.call"),
        (functools.partial(call), "tests.unit.webhooks.test_small_parts.call"),
        (Greeter().greet, "tests.unit.webhooks.test_small_parts.Greeter.greet"),
        (Greeter(), "tests.unit.webhooks.test_small_parts.Greeter"),
    ],
)
def test_handlers_are_named_after_themselves(function: Callable[..., Any], name: str) -> None:
    handlers = Handlers()
    for expected in (name, f"{name}#2", f"{name}#3"):
        assert handlers.free_name(function) == expected
        handlers.add(Handler(name=expected, call=call))


def test_handlers_are_found_by_kind_also_when_added_later() -> None:
    handlers = Handlers()
    shouted = Delivery(SpokenUpdate({"key": "a", "text": "HEY"}), seq=1, session="s", body=b"")
    handlers.add(Handler(name="said", call=call, kinds=(Said,)))
    assert names(handlers, shouted) == ["said"]
    handlers.add(Handler(name="shouted", call=call, kinds=(Shouted,)))
    handlers.add(Handler(name="other", call=call, kinds=(Event,), session="another"))
    assert names(handlers, shouted) == ["said", "shouted"]
    handlers.remove("said")
    handlers.remove("no such handler")
    assert names(handlers, shouted) == ["shouted"]


def names(handlers: Handlers, delivery: Delivery) -> list[str]:
    return [each.name for each in handlers.candidates(delivery) if each.wants(delivery)]


def test_a_delivery_does_not_show_what_people_write() -> None:
    made = Delivery(
        SpokenUpdate({"key": "k", "text": "private"}), seq=7, session="s", body=b"private"
    )

    assert repr(made) == "<Delivery 7 to s, attempt 1>"
    assert made.event is made.event
