"""Who is to take a session over knows when its lease ends, also without a clock in common."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores.base import Holder
from blazz.auth_stores.watching import LeaseWatch, Look, next_look, seen
from blazz.errors import StoreUnavailable
from tests.sessions import OTHER, SESSION

TTL = 30.0


class ClocklessStore:
    """A store that counts a lease from when it has seen it first; its owner renews in time."""

    def __init__(self, *, by_clock: bool = False) -> None:
        self.now = 0.0
        self.died_at: float | None = None
        self.looks: list[float] = []
        self.fails = False
        self._by_clock = by_clock
        self._seen: tuple[int, float] = (-1, 0.0)

    async def holder(self, _session: object) -> Holder | None:
        self.looks.append(self.now)
        if self.fails:
            raise StoreUnavailable("away")
        alive_until = self.now if self.died_at is None else min(self.now, self.died_at)
        beat = int(alive_until // (TTL / 3))
        if beat != self._seen[0]:
            self._seen = (beat, self.now)
        free_in = max(0.0, self._seen[1] + TTL - self.now)
        return Holder(owner="a", epoch=1, free_in=free_in, by_clock=self._by_clock)


def watch_of(store: ClocklessStore, *sessions: object) -> LeaseWatch:
    return LeaseWatch(store, lambda: sessions, ttl=TTL, clock=lambda: store.now)  # type: ignore[arg-type,return-value]


async def pass_time(store: ClocklessStore, watch: LeaseWatch, until: float) -> None:
    while store.now < until:
        await watch.look()
        store.now += watch.grain


@pytest.mark.parametrize("died_at", [60.0, 61.3, 67.7, 69.99])
async def test_the_end_of_a_lease_is_known_within_a_grain(died_at: float) -> None:
    store = ClocklessStore()
    watch = watch_of(store, SESSION)
    store.died_at = died_at
    renewed_last = died_at // (TTL / 3) * (TTL / 3)
    await pass_time(store, watch, died_at + 1)
    found = await store.holder(SESSION)
    assert found is not None
    assert store.now + found.free_in <= renewed_last + TTL + watch.grain


async def test_it_looks_about_twice_between_two_renewals() -> None:
    store = ClocklessStore()
    await pass_time(store, watch_of(store, SESSION), 300.0)
    assert 30 <= len(store.looks) <= 75


async def test_a_lease_that_somebody_is_about_to_take_is_seen_soon() -> None:
    store = ClocklessStore()
    nobody = seen(None, None, store.now)
    assert next_look(nobody, TTL, 0.5) - store.now <= TTL / 10


async def test_a_store_with_a_clock_is_hardly_asked() -> None:
    store = ClocklessStore(by_clock=True)
    await pass_time(store, watch_of(store, SESSION), 300.0)
    assert len(store.looks) <= 31


async def test_a_store_that_is_away_is_asked_again() -> None:
    store = ClocklessStore()
    store.fails = True
    watch = watch_of(store, SESSION, OTHER)
    await pass_time(store, watch, 3.0)
    store.fails = False
    store.looks.clear()
    await watch.look()
    assert len(store.looks) == 2


async def test_one_that_is_slow_to_answer_holds_up_no_other() -> None:
    looked: dict[object, int] = {}
    twice = anyio.Event()

    class Slow(ClocklessStore):
        async def holder(self, session: object) -> Holder | None:
            looked[session] = looked.get(session, 0) + 1
            if session == SESSION:
                await anyio.sleep_forever()
            if looked[session] == 2:
                twice.set()
            return None

    watch = LeaseWatch(Slow(), lambda: [SESSION, OTHER], ttl=0.2)  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch.run)
        with anyio.fail_after(30):
            await twice.wait()
        tasks.cancel_scope.cancel()
    assert looked[SESSION] == 1, "it is asked once at a time"


async def test_it_watches_only_what_it_is_told_and_until_it_is_cancelled() -> None:
    store = ClocklessStore()
    wanted = [SESSION]
    watch = LeaseWatch(store, lambda: wanted, ttl=0.2, clock=lambda: store.now)  # type: ignore[arg-type]
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.run)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert store.looks == [0.0]
    wanted.clear()
    store.now = 100.0
    await watch.look()
    assert store.looks == [0.0]


HOLDERS = st.none() | st.builds(
    Holder,
    owner=st.sampled_from("ab"),
    epoch=st.integers(1, 3),
    free_in=st.floats(0, TTL),
    by_clock=st.booleans(),
)


@given(HOLDERS, HOLDERS, st.floats(0, 100))
def test_the_next_look_is_later_and_not_too_late(
    first: Holder | None, second: Holder | None, pause: float
) -> None:
    look = seen(Look(0.0, first, 0.0), second, pause)
    assert look.renewed_at in {0.0, pause}
    following = next_look(look, TTL, 1.0)
    assert look.at + 1.0 <= following or following == look.at + TTL / 3
    assert following <= look.at + TTL / 3
