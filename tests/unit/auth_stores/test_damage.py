"""What is stored gets damaged: it is noticed, named, and the revision before is used."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.auth_stores import Kind, SessionKey, Settings, restore
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.record import Record
from blazz.auth_stores.snapshot.manifest import Manifest
from blazz.auth_stores.snapshot.sealing import Sealer
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import AuthStoreError, SnapshotDamaged
from blazz.testing.auth_stores import read_files
from tests.sessions import OTHER, RING, SESSION, noise, web

OLD = {"Default/log": noise(300), "Default/db": b"the same in both" * 4}
NEW = {"Default/log": noise(350, seed=1), "Default/db": b"the same in both" * 4}


@dataclass
class Stored:
    """Two revisions of a session, and another session beside it."""

    backend: MemoryBackend
    store: SnapshotStore

    @property
    def blobs(self) -> dict[str, bytes]:
        return self.backend.blobs[SESSION]

    def record(self) -> Record:
        return Record.decode(self.backend.records[SESSION].content or b"")

    def manifest_name(self, revision: int) -> str:
        return next(e.manifest for e in self.record().entries if e.revision.number == revision)

    def manifest(self, revision: int) -> Manifest:
        name = self.manifest_name(revision)
        sealer = Sealer(RING, SESSION.workspace, SESSION.name, Kind.WEB)
        return Manifest.decode(sealer.open_manifest(name, self.blobs[name], key=RING.newest))

    def packs_of_newest_only(self) -> list[str]:
        return sorted(set(self.manifest(2).packs) - set(self.manifest(1).packs))

    def fresh(self) -> SnapshotStore:
        """Another process, which remembers nothing."""
        return SnapshotStore(self.backend, keyring=RING, settings=TINY)


TINY = Settings(chunk_bytes=64, pack_bytes=128)


async def stored() -> Stored:
    backend = MemoryBackend()
    store = SnapshotStore(backend, keyring=RING, settings=TINY)
    for session in (SESSION, OTHER):
        lease = await store.acquire(session, "one")
        await store.save(web(OLD, documents={"local.json": b'{"a": 1}'}), lease)
        await store.save(web(NEW, documents={"local.json": b'{"a": 2}'}), lease)
    return Stored(backend, store)


def _flip(blob: bytes) -> bytes:
    return blob[:-3] + bytes([blob[-3] ^ 1]) + blob[-2:]


TAMPERING: dict[str, Callable[[Stored, str, str], bytes | None]] = {
    "missing": lambda _stored, _name, _other: None,
    "empty": lambda _stored, _name, _other: b"",
    "cut short": lambda stored, name, _: stored.blobs[name][:-1],
    "cut to its header": lambda stored, name, _: stored.blobs[name][:24],
    "altered": lambda stored, name, _: _flip(stored.blobs[name]),
    "swapped": lambda stored, _, other: stored.blobs[other],
    "of another session": lambda stored, _name, _other: next(
        iter(stored.backend.blobs[OTHER].values())
    ),
    "garbage": lambda _stored, _name, _other: os.urandom(300),
}


def _tamper(stored: Stored, how: str, name: str, other: str) -> None:
    blob = TAMPERING[how](stored, name, other)
    if blob is None:
        del stored.blobs[name]
    else:
        stored.blobs[name] = blob


@pytest.mark.parametrize("how", TAMPERING)
async def test_a_damaged_pack_is_noticed_and_the_one_before_restored(how: str, tmp_path) -> None:
    world = await stored()
    first, second = world.packs_of_newest_only()[:2]
    _tamper(world, how, first, second)

    with pytest.raises(SnapshotDamaged) as damaged:
        await read_files(await world.fresh().load(SESSION))
    restored = await restore(world.fresh(), SESSION, tmp_path / "profile")

    assert restored.revision.number == 1
    assert restored.documents == {"local.json": b'{"a": 1}'}
    assert {damage.revision for damage in restored.skipped} == {2}
    assert (tmp_path / "profile/Default/log").read_bytes() == OLD["Default/log"]
    (damage,) = damaged.value.damage
    assert (damage.session, damage.kind, damage.revision) == (SESSION, Kind.WEB, 2)
    assert damage.part.startswith("Default/log at ")
    assert await read_files(await world.store.load(OTHER)) == NEW, "another session suffers"


@pytest.mark.parametrize("how", TAMPERING)
async def test_a_damaged_manifest_is_noticed_and_the_one_before_loaded(how: str) -> None:
    world = await stored()
    _tamper(world, how, world.manifest_name(2), world.manifest_name(1))
    store = world.fresh()

    loaded = await store.load(SESSION)
    assert loaded.revision.number == 1
    assert await read_files(loaded) == OLD
    assert [(each.revision, each.part) for each in loaded.skipped] == [(2, "manifest")]
    with pytest.raises(SnapshotDamaged, match="revision 2: manifest"):
        await store.load(SESSION, revision=2)


@pytest.mark.parametrize("how", TAMPERING)
async def test_verifying_finds_it_and_the_next_save_mends_it(how: str) -> None:
    world = await stored()
    first, second = world.packs_of_newest_only()[:2]
    _tamper(world, how, first, second)
    store = world.fresh()

    verification = await store.verify(SESSION)
    assert not verification.ok
    assert {damage.revision for damage in verification.damage} == {2}
    lease = await store.acquire(SESSION, "one")
    saved = await store.save(web(NEW, documents={"local.json": b'{"a": 2}'}), lease)

    assert not saved.unchanged, "what is damaged was taken for stored"
    assert await read_files(await world.fresh().load(SESSION)) == NEW
    after = await world.fresh().verify(SESSION)
    assert {damage.revision for damage in after.damage} == {2}


async def test_a_missing_pack_is_mended_by_the_next_owner_without_verifying() -> None:
    world = await stored()
    del world.blobs[world.packs_of_newest_only()[0]]
    store = world.fresh()

    await store.save(web(NEW), await store.acquire(SESSION, "one"))

    assert await read_files(await world.fresh().load(SESSION)) == NEW


async def test_a_damaged_newest_manifest_does_not_stop_the_next_save() -> None:
    world = await stored()
    needed_before = set(world.manifest(1).packs)
    _tamper(world, "garbage", world.manifest_name(2), "")
    store = world.fresh()
    lease = await store.acquire(SESSION, "one")

    saved = await store.save(web(NEW), lease)

    assert saved.reused_chunks < saved.new_chunks
    assert await read_files(await world.fresh().load(SESSION)) == NEW
    assert needed_before <= set(world.blobs), "while damage lasts, nothing is deleted"


async def test_a_pack_that_older_revisions_share_damages_them_all(tmp_path) -> None:
    world = await stored()
    chunk = (set(world.manifest(1).chunks) & set(world.manifest(2).chunks)).pop()
    blob = bytearray(world.blobs[chunk.pack])
    blob[chunk.offset + chunk.length - 1] ^= 1
    world.blobs[chunk.pack] = bytes(blob)

    assert {each.revision for each in (await world.fresh().verify(SESSION)).damage} == {1, 2}
    with pytest.raises(SnapshotDamaged, match="no revision is whole") as damaged:
        await restore(world.fresh(), SESSION, tmp_path / "profile")
    assert {each.revision for each in damaged.value.damage} == {1, 2}
    assert list(tmp_path.iterdir()) == [], "half a restore was left"


async def test_an_older_manifest_in_the_place_of_the_newest_is_refused() -> None:
    world = await stored()
    name = world.manifest_name(1)
    record = world.record()
    newest = record.entries[1]
    replayed = replace(record, entries=(record.entries[0], replace(newest, manifest=name)))
    version = world.backend.records[SESSION]
    world.backend.records[SESSION] = replace(version, content=replayed.encode())

    loaded = await world.fresh().load(SESSION)
    assert loaded.revision.number == 1
    assert "it is that of revision 1" in loaded.skipped[0].reason


async def test_everything_of_another_session_under_our_name_is_refused() -> None:
    world = await stored()
    world.backend.records[SESSION] = world.backend.records[OTHER]
    world.backend.blobs[SESSION] = world.backend.blobs[OTHER]

    with pytest.raises(SnapshotDamaged, match="no whole revision"):
        await world.fresh().load(SESSION)


async def test_an_old_record_that_is_played_back_is_refused_to_the_owner_that_knows_better() -> (
    None
):
    backend = MemoryBackend()
    store = SnapshotStore(backend, keyring=RING, settings=TINY)
    await store.save(web(OLD), await store.acquire(SESSION, "one"))
    old = backend.records[SESSION]
    lease = await store.acquire(SESSION, "one")
    await store.save(web(NEW), lease)

    backend.records[SESSION] = old

    with pytest.raises(AuthStoreError, match="the store has lost it"):
        await store.save(web(NEW), lease)


async def test_a_document_is_proved_too() -> None:
    world = await stored()
    chunk = world.manifest(2).chunks[-1]
    world.blobs[chunk.pack] = _flip(world.blobs[chunk.pack])
    loaded = await world.fresh().load(SESSION)

    with pytest.raises(SnapshotDamaged, match=r"local\.json at 0"):
        await loaded.document("local.json")


@settings(max_examples=150)
@given(
    which=st.integers(0, 1000),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), min_size=1, max_size=3),
)
async def test_whatever_happens_to_the_bytes_nothing_false_is_given(
    which: int, changes: list[tuple[float, int]]
) -> None:
    world = await stored()
    name = sorted(world.blobs)[which % len(world.blobs)]
    blob = bytearray(world.blobs[name])
    for part, change in changes:
        blob[int(part * len(blob))] ^= change
    world.blobs[name] = bytes(blob)

    # No assertion but this: an error, or just what was saved.
    with contextlib.suppress(SnapshotDamaged):
        loaded = await world.fresh().load(SESSION)
        assert await read_files(loaded) == {1: OLD, 2: NEW}[loaded.revision.number]


async def test_a_name_cannot_lead_out_of_its_session() -> None:
    with pytest.raises(ValueError, match="SessionKey"):
        SessionKey("acme", "../other")
    with pytest.raises(ValueError, match="SessionKey"):
        SessionKey.parse("acme/other/more")
