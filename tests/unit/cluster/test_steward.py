"""Instances take over, hand over and move sessions; no session runs twice."""

from __future__ import annotations

from collections.abc import Collection

import anyio
import pytest

from blazz.cluster.placement import Instance
from blazz.cluster.registry.base import Change
from blazz.cluster.registry.memory import MemoryRegistry
from blazz.cluster.steward import Steward
from blazz.errors import LeaseTaken, RegistryUnavailable


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
            cluster.registry, me, self, cluster.list_wanted, every=3.0, balance=cluster.balance
        )
        self.open: set[str] = set()

    async def start(self, session: str) -> int:
        leases = self._cluster.leases
        if session in leases.held:
            raise LeaseTaken(f"{session} is held", owner=leases.held[session], retry_after=1.0)
        leases.held[session] = self.name
        leases.epochs[session] = leases.epochs.get(session, 0) + 1
        self.open.add(session)
        return leases.epochs[session]

    async def stop(self, session: str) -> None:
        self.open.discard(session)
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
        self.machines: list[Machine] = []

    async def list_wanted(self) -> Collection[str]:
        return set(self.wanted)

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
    with anyio.fail_after(20):
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
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(machine.steward.run)
            while not machine.steward.running:  # noqa: ASYNC110  # it tells nobody
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
    assert len(calls) > 2
