"""Instances take over, hand over and move sessions; no session runs twice."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection

import anyio
import pytest

from blazz.cluster.placement import Instance
from blazz.cluster.registry.base import Change
from blazz.cluster.registry.memory import MemoryRegistry
from blazz.cluster.steward import Steward
from blazz.errors import ConfigurationError, LeaseTaken, RegistryUnavailable


class Leases:
    """The auth store of a cluster: who holds which session."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.epochs: dict[str, int] = {}


class Machine:
    """An instance with its steward."""

    def __init__(self, name: str, cluster: Cluster, **settings: object) -> None:
        self.name = name
        self._cluster = cluster
        me = Instance(name=name, address=f"http://{name}", **settings)  # type: ignore[arg-type]
        self.steward = Steward(
            cluster.registry,
            me,
            self,
            cluster.list_wanted,
            every=3.0,
            balance=cluster.balance,
            clock=lambda: cluster.now,
        )
        self.open: set[str] = set()
        self.broken: dict[str, Exception] = {}
        self.starts: Counter[str] = Counter()

    async def start(self, session: str) -> int:
        leases = self._cluster.leases
        self.starts[session] += 1
        if session in self.broken:
            raise self.broken[session]
        if session in leases.held:
            raise LeaseTaken(f"{session} is held", owner=leases.held[session], retry_after=1.0)
        leases.held[session] = self.name
        leases.epochs[session] = leases.epochs.get(session, 0) + 1
        self.open.add(session)
        return leases.epochs[session]

    async def stop(self, session: str) -> None:
        self.open.discard(session)
        if session in self.broken:
            raise self.broken[session]
        if self._cluster.leases.held.get(session) == self.name:
            del self._cluster.leases.held[session]

    async def look(self) -> None:
        """Look once, and carry it out without pauses."""
        for move in await self.steward.look():
            await self.steward._start(move)

    def die(self) -> None:
        """Stop at once; its leases end by themselves."""
        for session in self.open:
            del self._cluster.leases.held[session]
        self._cluster.machines.remove(self)


class Cluster:
    def __init__(self, *, balance: int = 0) -> None:
        self.now = 1000.0
        self.balance = balance
        self.registry = MemoryRegistry(ttl=15, clock=lambda: self.now)
        self.leases = Leases()
        self.wanted: set[str] = set()
        self.wishes: dict[str, str | None] = {}
        self.machines: list[Machine] = []

    async def list_wanted(self) -> Collection[str]:
        return {session: self.wishes.get(session) for session in self.wanted}

    def add(self, name: str, **settings: object) -> Machine:
        machine = Machine(name, self, **settings)
        self.machines.append(machine)
        return machine

    async def settle(self, looks: int = 4) -> None:
        for _ in range(looks):
            self.now += 3
            for machine in self.machines:
                await machine.steward._announce()
            for machine in self.machines:
                await machine.look()
            running = [session for machine in self.machines for session in machine.open]
            assert len(running) == len(set(running)), "no session runs twice"

    def places(self) -> dict[str, str]:
        return {session: machine.name for machine in self.machines for session in machine.open}


async def test_every_session_runs_once() -> None:
    cluster = Cluster()
    cluster.wanted = {f"w{number}/s" for number in range(30)}
    for name in ("a", "b", "c"):
        cluster.add(name)
    await cluster.settle()
    assert set(cluster.places()) == cluster.wanted
    assert len(set(cluster.places().values())) == 3
    known = await cluster.registry.assignments()
    assert {key: it.instance for key, it in known.items()} == cluster.places()


async def test_a_dead_instance_is_replaced_and_nothing_else_moves() -> None:
    cluster = Cluster()
    cluster.wanted = {f"w{number}/s" for number in range(30)}
    dead, *_ = [cluster.add(name) for name in ("a", "b", "c")]
    await cluster.settle()
    before = cluster.places()
    dead.die()
    await cluster.settle(8)
    after = cluster.places()
    assert set(after) == cluster.wanted
    assert all(after[key] == name for key, name in before.items() if name != "a")
    moved = [key for key, name in before.items() if name == "a"]
    assert moved
    found = await cluster.registry.find(moved[0])
    assert found is not None
    assert found.migrations == 1
    assert (await cluster.registry.history(moved[0]))[0].reason == "owner_gone"


async def test_a_drained_instance_hands_everything_over() -> None:
    cluster = Cluster()
    cluster.wanted = {f"w{number}/s" for number in range(20)}
    leaving = cluster.add("a")
    cluster.add("b")
    await cluster.settle()
    assert leaving.open
    await leaving.steward.drain()
    await cluster.settle()
    assert not leaving.open
    assert set(cluster.places().values()) == {"b"}


async def test_a_newcomer_gets_its_share() -> None:
    cluster = Cluster(balance=2)
    cluster.wanted = {f"w{number}/s" for number in range(30)}
    cluster.add("a")
    cluster.add("b")
    await cluster.settle()
    newcomer = cluster.add("c")
    await cluster.settle(20)
    assert set(cluster.places()) == cluster.wanted
    assert 4 <= len(newcomer.open) <= 16


async def test_what_is_not_wanted_any_more_is_closed() -> None:
    cluster = Cluster()
    cluster.wanted = {"acme/s"}
    machine = cluster.add("a")
    await cluster.settle()
    cluster.wanted = set()
    await cluster.settle()
    assert not machine.open
    assert await cluster.registry.find("acme/s") is None


async def test_there_is_no_more_than_room() -> None:
    cluster = Cluster()
    cluster.wanted = {f"w{number}/s" for number in range(5)}
    cluster.add("a", capacity=2)
    await cluster.settle()
    assert len(cluster.places()) == 2
    cluster.add("b", capacity=10)
    await cluster.settle()
    assert set(cluster.places()) == cluster.wanted


async def test_a_registry_that_lost_its_data_is_told_again() -> None:
    cluster = Cluster()
    cluster.wanted = {f"w{number}/s" for number in range(10)}
    for name in ("a", "b"):
        cluster.add(name)
    await cluster.settle()
    before = cluster.places()
    fresh = MemoryRegistry(ttl=15, clock=lambda: cluster.now)
    for machine in cluster.machines:
        machine.steward._registry = fresh
    cluster.registry = fresh
    await cluster.settle()
    assert cluster.places() == before
    known = await fresh.assignments()
    assert {key: it.instance for key, it in known.items()} == before


async def test_an_instance_that_slept_gives_way() -> None:
    cluster = Cluster()
    cluster.wanted = {"acme/s"}
    slept = cluster.add("a")
    await cluster.settle()
    del cluster.leases.held["acme/s"]  # its lease has ended
    cluster.machines.remove(slept)
    other = cluster.add("b")
    await cluster.settle(8)
    assert other.open == {"acme/s"}
    cluster.machines.append(slept)
    await slept.look()
    assert not slept.open
    assert other.open == {"acme/s"}


async def test_a_session_that_ended_by_itself_is_noted() -> None:
    cluster = Cluster()
    cluster.wanted = {"acme/s"}
    machine = cluster.add("a")
    await cluster.settle()
    await machine.steward.lost("acme/s", "logged_out_by_phone")
    record = (await cluster.registry.history("acme/s"))[0]
    assert (record.change, record.reason) == (Change.DISCONNECTED, "logged_out_by_phone")
    assert not machine.steward.running


async def test_it_runs_until_it_is_stopped_and_hands_over() -> None:
    cluster = Cluster()
    cluster.wanted = {"acme/s", "acme/t"}
    machine = cluster.add("a")
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(machine.steward.run)
            while len(machine.steward.running) < 2:  # noqa: ASYNC110  # it tells nobody
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
    assert not machine.open
    assert not cluster.leases.held
    assert await cluster.registry.instances() == []


async def test_a_registry_that_is_away_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster()
    cluster.wanted = {"acme/s"}
    machine = cluster.add("a")
    machine.steward._every = 0.01
    calls: list[int] = []
    announce = cluster.registry.announce

    async def fail_twice(instance: Instance) -> None:
        calls.append(1)
        if len(calls) <= 2:
            raise RegistryUnavailable("away")
        await announce(instance)

    monkeypatch.setattr(cluster.registry, "announce", fail_twice)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(machine.steward.run)
            while not machine.steward.running:  # noqa: ASYNC110  # it tells nobody
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
    assert len(calls) > 2


async def test_a_session_that_is_wished_elsewhere_moves_there_and_stays() -> None:
    cluster = Cluster(balance=5)
    cluster.wanted = {"acme/s"}
    for name in ("a", "b"):
        cluster.add(name)
    await cluster.settle()
    (owner,) = set(cluster.places().values())
    other = "b" if owner == "a" else "a"
    cluster.wishes["acme/s"] = other
    await cluster.settle(8)
    assert cluster.places() == {"acme/s": other}
    history = await cluster.registry.history("acme/s")
    assert [it.reason for it in history] == ["request", "request", "new"]


async def test_what_is_let_go_for_an_instance_that_drains_comes_for_that_reason() -> None:
    cluster = Cluster()
    cluster.wanted = {"acme/s"}
    leaving = cluster.add("a")
    await cluster.settle()
    cluster.add("b")
    await leaving.steward.drain()
    await cluster.settle(8)
    history = await cluster.registry.history("acme/s")
    assert [(it.instance, it.reason) for it in history[:2]] == [("b", "drain"), ("a", "drain")]


async def test_a_session_that_cannot_start_is_tried_less_and_less_often() -> None:
    cluster = Cluster()
    cluster.wanted = {"acme/s", "acme/t"}
    machine = cluster.add("a")
    machine.broken["acme/s"] = ConfigurationError("no browser")
    tried: list[float] = []
    for _ in range(100):
        before = machine.starts["acme/s"]
        await cluster.settle(1)
        if machine.starts["acme/s"] > before:
            tried.append(cluster.now)
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 10 < pauses[-1] <= 66
    assert machine.open == {"acme/t"}, "the others go on"

    machine.broken.clear()
    await cluster.settle(30)
    assert machine.open == {"acme/s", "acme/t"}


async def test_what_is_not_foreseen_stops_no_other_session() -> None:
    cluster = Cluster()
    cluster.wanted = {"acme/s", "acme/t"}
    machine = cluster.add("a")
    machine.broken["acme/s"] = RuntimeError("who would have thought")
    await cluster.settle()
    assert machine.open == {"acme/t"}
    machine.broken["acme/t"] = RuntimeError("nor that it cannot be stopped")
    cluster.wanted = set()
    await cluster.settle()
    assert not machine.steward.running


async def test_one_instance_stands_by_for_each_session_of_another() -> None:
    cluster = Cluster()
    cluster.wanted = {f"w{number}/s" for number in range(30)}
    a, b, c = [cluster.add(name) for name in ("a", "b", "c")]
    await cluster.settle()
    watched = [session for machine in (a, b, c) for session in machine.steward.standby]
    assert sorted(watched) == sorted(cluster.wanted)
    assert not set(a.steward.standby) & a.open
    ours = set(a.steward.standby) & b.open
    b.die()
    await cluster.settle(8)
    assert ours <= a.open, "who stood by takes over"


async def test_a_session_that_is_about_to_start_is_stood_by_for() -> None:
    """Its lease may be taken long before the registry is told, and its owner die soon after."""
    cluster = Cluster()
    machines = [cluster.add(name) for name in ("a", "b", "c")]
    await cluster.settle()
    cluster.wanted = {f"w{number}/s" for number in range(30)}
    starting: list[str] = []
    for machine in machines:
        ours = [move.session for move in await machine.steward.look()]
        assert not set(machine.steward.standby) & set(ours)
        starting += ours
    watched = [session for machine in machines for session in machine.steward.standby]
    assert sorted(watched) == sorted(starting) == sorted(cluster.wanted)


async def test_a_restarted_session_has_a_later_epoch() -> None:
    cluster = Cluster()
    cluster.wanted = {"acme/s"}
    machine = cluster.add("a")
    await cluster.settle()
    await machine.steward.restart("acme/s")
    assert not machine.open
    await cluster.settle()
    found = await cluster.registry.find("acme/s")
    assert found is not None
    assert found.epoch == 2


async def test_it_looks_at_once_when_it_is_told_to_hurry() -> None:
    cluster = Cluster()
    machine = cluster.add("a")
    machine.steward._every = 3600
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(machine.steward.run)
            await anyio.wait_all_tasks_blocked()
            cluster.wanted = {"acme/s"}
            machine.steward.hurry()
            while not machine.steward.running:  # noqa: ASYNC110  # it tells nobody
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
