"""Several owners save, lose their leases and clean up in any order; no revision is ever broken.

The schedule comes from Hypothesis: which request goes next, whether it fails before or after it had
its effect, and when time passes. After each request every revision in the record must be whole.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import anyio
import anyio.to_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blazz.auth_stores import (
    BytesSource,
    Kind,
    Lease,
    Retention,
    SessionKey,
    Settings,
    Snapshot,
    SnapshotFile,
)
from blazz.auth_stores.backend import RecordMoved, StoredRecord
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.record import Record
from blazz.auth_stores.snapshot.manifest import Manifest
from blazz.auth_stores.snapshot.sealing import Sealer
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import LeaseTaken, OwnershipLost, StaleSnapshot, StoreUnavailable
from blazz.security.keyring import KeyRing

T = TypeVar("T")
SESSION = SessionKey("acme", "support")
RING = KeyRing.generate("test")
TTL = 10.0
TINY = Settings(
    chunk_bytes=4,
    pack_bytes=100,
    refresh=2,
    retention=Retention(newest=2, hourly=0, daily=0),
)


class Gate:
    """Holds every request until the schedule lets it go."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[str]] = []

    async def pass_through(self) -> str:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        try:
            return await future
        finally:
            if future in self.waiting:
                self.waiting.remove(future)


class GatedBackend(MemoryBackend):
    """A store of everybody, each of whose requests goes through the gate."""

    def __init__(self, shared: MemoryBackend, gate: Gate, clock: list[float]) -> None:
        super().__init__()
        self.blobs, self.records = shared.blobs, shared.records
        self._gate = gate
        self._clock = clock

    async def read_record(self, session: SessionKey) -> StoredRecord:
        found = await self._gated(lambda: MemoryBackend.read_record(self, session))
        return replace(found, now=self._clock[0])

    async def swap_record(
        self, session: SessionKey, content: bytes, *, expected: StoredRecord
    ) -> None:
        async def swap() -> None:
            now = self.records.get(session, StoredRecord(content=None))
            if now.version != expected.version:
                raise RecordMoved
            version = str(int(now.version or 0) + 1)
            self.records[session] = StoredRecord(content=content, version=version)

        await self._gated(swap)

    async def put(self, session: SessionKey, name: str, blob: bytes) -> None:
        assert name not in self.blobs[session], "a name is used once"
        await self._gated(lambda: MemoryBackend.put(self, session, name, blob))

    async def get(self, session: SessionKey, name: str) -> bytes | None:
        return await self._gated(lambda: MemoryBackend.get(self, session, name))

    async def delete(self, session: SessionKey, names: Sequence[str]) -> None:
        await self._gated(lambda: MemoryBackend.delete(self, session, names))

    async def names(self, session: SessionKey) -> Mapping[str, int]:
        return await self._gated(lambda: MemoryBackend.names(self, session))

    async def _gated(self, work: Callable[[], Awaitable[T]]) -> T:
        outcome = await self._gate.pass_through()
        if outcome == "fails":
            raise StoreUnavailable("it does not answer")
        answer = await work()
        if outcome == "answer lost":
            raise StoreUnavailable("the answer was lost")
        return answer


@dataclass
class World:
    """The shared store, the clock, and what owners were told."""

    store: MemoryBackend = field(default_factory=MemoryBackend)
    gate: Gate = field(default_factory=Gate)
    clock: list[float] = field(default_factory=lambda: [1_000_000.0])
    told: list[tuple[int, int, bytes]] = field(default_factory=list)
    epoch: int = 0
    revision: int = 0

    def owner(self) -> SnapshotStore:
        backend = GatedBackend(self.store, self.gate, self.clock)
        return SnapshotStore(backend, keyring=RING, settings=TINY)

    def record(self) -> Record:
        stored = self.store.records.get(SESSION)
        return Record() if stored is None else Record.decode(stored.content or b"")

    def check(self) -> None:
        """Every revision is whole, and nothing went backwards."""
        record = self.record()
        assert record.epoch >= self.epoch
        assert record.revision >= self.revision
        self.epoch, self.revision = record.epoch, record.revision
        epochs = [entry.revision.epoch for entry in record.entries]
        assert epochs == sorted(epochs), "an older owner committed after a newer one"
        contents = {e.revision.number: self.content(e.manifest) for e in record.entries}
        for epoch, number, content in self.told:
            assert number <= record.revision, "a revision that was confirmed is gone"
            if number in contents:
                assert contents[number] == content
                assert epoch in epochs

    def manifest(self, name: str) -> Manifest:
        blob = self.store.blobs[SESSION][name]
        return Manifest.decode(SEALER.open_manifest(name, blob, key=RING.newest))

    def content(self, name: str) -> bytes:
        pieces = []
        for index, _, size, chunk in self.manifest(name).places():
            if index == 0:
                pack = self.store.blobs[SESSION][chunk.pack]
                sealed = pack[chunk.offset : chunk.offset + chunk.length]
                pieces.append(SEALER.open_chunk(chunk.id, chunk.key, sealed, size=size))
        return b"".join(pieces)

    def used(self) -> set[str]:
        names = {entry.manifest for entry in self.record().entries}
        return names.union(*(self.manifest(name).packs for name in names))


SEALER = Sealer(RING, SESSION.workspace, SESSION.name, Kind.WEB)


def snapshot(content: bytes) -> Snapshot:
    return Snapshot(kind=Kind.WEB, files=(SnapshotFile("log", BytesSource(content)),))


async def owner(world: World, name: str, rounds: Sequence[Sequence[bytes]]) -> None:
    store, second = world.owner(), world.owner()
    for contents in rounds:
        try:
            lease = await store.acquire(SESSION, name, ttl=TTL)
        except (LeaseTaken, StoreUnavailable):
            continue
        # Nobody should use a lease from two stores at once, but nothing breaks if somebody does.
        await asyncio.gather(
            save(world, store, contents[::2], lease), save(world, second, contents[1::2], lease)
        )
        with contextlib.suppress(StoreUnavailable):
            await store.release(lease)


async def save(world: World, store: SnapshotStore, contents: Sequence[bytes], lease: Lease) -> None:
    for content in contents:
        try:
            saved = await store.save(snapshot(content), lease)
        except StoreUnavailable:
            continue
        except (OwnershipLost, StaleSnapshot):
            return
        world.told.append((saved.revision.epoch, saved.revision.number, content))


async def play(rounds: Sequence[Sequence[Sequence[bytes]]], schedule: Iterator[int]) -> World:
    """Let owners work, one request at a time, in the order of the schedule."""
    world = World()
    tasks = [
        asyncio.ensure_future(owner(world, f"owner-{number}", each))
        for number, each in enumerate(rounds)
    ]
    while await settled(world.gate, tasks):
        turn = next(schedule, 0)
        kind, which = turn % 16, turn // 16
        if kind >= 14:
            world.clock[0] += TTL + 1
            continue
        future = world.gate.waiting[which % len(world.gate.waiting)]
        future.set_result({13: "fails", 12: "answer lost"}.get(kind, "goes through"))
        await asyncio.sleep(0)
        world.check()
    for task in tasks:
        task.result()
    return world


async def settled(gate: Gate, tasks: Sequence[asyncio.Future[None]]) -> bool:
    """Wait until everybody waits at the gate; false: everybody has finished."""
    while True:
        for _ in range(20):
            await asyncio.sleep(0)
        if gate.waiting:
            return True
        if all(task.done() for task in tasks):
            return False


async def sweep(world: World) -> None:
    """A last owner saves twice, with nobody in its way."""
    world.clock[0] += TTL + 1
    last = asyncio.ensure_future(owner(world, "last", [[b"last"], [b"very last"]]))
    while await settled(world.gate, [last]):
        world.gate.waiting[0].set_result("goes through")
        await asyncio.sleep(0)
        world.check()
    last.result()


async def inline(work: Callable[..., T], *args: object, **_: object) -> T:
    return work(*args)


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


# Few contents that share chunks: what was stored once often comes back.
CONTENTS = st.sampled_from([b"aaaa", b"aaaabbbb", b"bbbbcccc", b"ccccddddaaaa", b""])
ROUNDS = st.lists(st.lists(CONTENTS, min_size=2, max_size=7), min_size=1, max_size=4)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    rounds=st.lists(ROUNDS, min_size=2, max_size=3),
    schedule=st.binary(min_size=100, max_size=250),
)
def test_every_revision_stays_whole(rounds: list[list[list[bytes]]], schedule: list[int]) -> None:
    async def main() -> None:
        world = await play(rounds, iter(schedule))
        await sweep(world)
        assert set(world.store.blobs[SESSION]) == world.used(), (
            "garbage is left, or too much is gone"
        )
        assert world.content(world.record().entries[-1].manifest) == b"very last"

    with pytest.MonkeyPatch.context() as patch:
        # Threads and pauses would make a schedule mean something else each time.
        patch.setattr(anyio.to_thread, "run_sync", inline)
        patch.setattr(anyio, "sleep", at_once)
        asyncio.run(main())
