"""Keeping: keys change, revisions retire, a lost record is made anew."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from blazz.auth_stores import Retention, Settings, Snapshot
from blazz.auth_stores.memory import MemoryBackend
from blazz.errors import (
    AuthStoreError,
    OwnershipLost,
    SnapshotDamaged,
    SnapshotNotFound,
    WrongKey,
)
from blazz.security.keyring import KeyRing
from blazz.testing.auth_stores import read_files
from tests.sessions import RING, SESSION, SMALL, noise, record_in, store_on, web

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


async def test_rotation_finishes_bit_by_bit_while_a_session_runs() -> None:
    backend = MemoryBackend()
    content = noise(16 * 10)
    settings = replace(SMALL, refresh=4)
    store = store_on(backend, settings=settings)
    await store.save(web({"log": content}), await store.acquire(SESSION, "one"))
    rotated = RING.rotated("two")
    store = store_on(backend, ring=rotated, settings=settings)
    lease = await store.acquire(SESSION, "one")

    moved = [(await store.save(web({"log": content}), lease)).new_chunks for _ in range(4)]

    assert moved == [4, 4, 2, 0]
    assert set((await store.verify(SESSION)).keys) == {"one", "two"}
    await store.prune(lease)
    assert (await store.verify(SESSION)).keys == ("two",)
    alone = store_on(backend, ring=rotated.without("one"))
    assert await read_files(await alone.load(SESSION)) == {"log": content}


async def test_another_key_ring_neither_reads_nor_replaces() -> None:
    backend = MemoryBackend()
    store = store_on(backend)
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"secret"}), lease)
    stranger = store_on(backend, ring=KeyRing.generate("other"))

    with pytest.raises(WrongKey):
        await stranger.load(SESSION)
    with pytest.raises(WrongKey):
        await stranger.save(web({"log": b"else"}), await stranger.acquire(SESSION, "one"))
    assert (await stranger.verify(SESSION)).damage[0].reason.startswith("the key")
    assert await read_files(await store.load(SESSION)) == {"log": b"secret"}


async def test_nothing_of_the_content_is_in_the_store() -> None:
    backend = MemoryBackend()
    store = store_on(backend)
    await store.save(
        web({"Default/hidden-name": b"hidden content"}, documents={"hidden.json": b"hidden text"}),
        await store.acquire(SESSION, "one"),
    )

    kept = b"".join(backend.blobs[SESSION].values()) + (backend.records[SESSION].content or b"")
    assert b"hidden" not in kept


async def test_revisions_are_retired_and_their_blobs_go_with_them() -> None:
    backend = MemoryBackend()
    settings = replace(SMALL, retention=Retention(newest=2, hourly=3, daily=0))
    store = store_on(backend, settings=settings)
    lease = await store.acquire(SESSION, "one")
    for minute in range(0, 300, 20):
        content = noise(160, seed=minute) + b"stays the same!!" * 4
        await store.save(web({"log": content}, captured_at=NOON + timedelta(minutes=minute)), lease)

    history = await store.history(SESSION)
    assert [(each.at - NOON) / timedelta(minutes=1) for each in history] == [280, 260, 220, 160]
    verification = await store.verify(SESSION)
    assert (verification.ok, verification.unreferenced) == (True, 0)
    for revision in history:
        minute = int((revision.at - NOON) / timedelta(minutes=1))
        content = noise(160, seed=minute) + b"stays the same!!" * 4
        loaded = await store.load(SESSION, revision=revision.number)
        assert await read_files(loaded) == {"log": content}


async def _stored_after_many_changes(refresh: int) -> float:
    """How many times its size a session takes whose pages change here and there."""
    backend = MemoryBackend()
    settings = Settings(
        chunk_bytes=512,
        pack_bytes=512 * 10,
        refresh=refresh,
        retention=Retention(newest=1, hourly=0, daily=0),
    )
    store = store_on(backend, settings=settings)
    lease = await store.acquire(SESSION, "one")
    dice = random.Random(1)
    content = bytearray(noise(512 * 100))
    for _ in range(60):
        for page in dice.sample(range(100), 10):
            content[page * 512 : (page + 1) * 512] = dice.randbytes(512)
        await store.save(web({"db": bytes(content)}), lease)
    packs = [blob for name, blob in backend.blobs[SESSION].items() if "/packs/" in name]
    return sum(map(len, packs)) / len(content)


async def test_mostly_dead_packs_are_emptied() -> None:
    assert await _stored_after_many_changes(refresh=0) > 2.5
    assert await _stored_after_many_changes(refresh=10) < 2


async def test_a_reader_is_told_when_its_revision_is_retired_under_its_hands() -> None:
    backend = MemoryBackend()
    settings = replace(SMALL, retention=Retention(newest=1, hourly=0, daily=0))
    store = store_on(backend, settings=settings)
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"first"}), lease)
    opened = await store.load(SESSION)
    await store.save(web({"log": b"second"}), lease)

    with pytest.raises(SnapshotNotFound, match="retired"):
        await read_files(opened)


async def test_a_lost_record_is_made_anew_from_the_manifests() -> None:
    backend = MemoryBackend()
    store = store_on(backend)
    lease = await store.acquire(SESSION, "one")
    for number in range(3):
        await store.save(web({"log": f"state {number}".encode()}), lease)
    await store.save(Snapshot.of_credentials({"token": "EAAG"}), lease)
    history = [(each.number, each.kind, each.at) for each in await store.history(SESSION)]
    with pytest.raises(AuthStoreError, match="is whole"):
        await store.repair(SESSION)

    del backend.records[SESSION]
    with pytest.raises(SnapshotDamaged, match="is lost"):
        await store.acquire(SESSION, "two")
    repaired = await store.repair(SESSION)

    assert [(each.number, each.kind, each.at) for each in repaired] == history
    assert await read_files(await store.load(SESSION)) == {"log": b"state 2"}
    with pytest.raises(OwnershipLost):
        await store.save(web({"log": b"zombie"}), lease)
    later = await store.acquire(SESSION, "two")
    assert later.epoch > lease.epoch + 100
    saved = await store.save(web({"log": b"goes on"}), later)
    assert saved.revision.number == 5
    assert (await store.verify(SESSION)).ok


async def test_a_garbled_record_is_damage_and_can_be_repaired() -> None:
    backend = MemoryBackend()
    store = store_on(backend)
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"state"}), lease)
    backend.records[SESSION] = replace(backend.records[SESSION], content=b"{garbled")

    for work in (store.load(SESSION), store.acquire(SESSION, "two"), store.history(SESSION)):
        with pytest.raises(SnapshotDamaged, match="the record"):
            await work
    assert len(await store.repair(SESSION)) == 1


async def test_repair_leaves_out_what_cannot_be_opened_and_says_if_that_is_all() -> None:
    backend = MemoryBackend()
    store = store_on(backend)
    lease = await store.acquire(SESSION, "one")
    first = await store.save(web({"log": b"first"}), lease)
    await store.save(web({"log": b"second"}), lease)
    entry = record_in(backend).entries[1]
    backend.blobs[SESSION][entry.manifest] = b"garbled"
    del backend.records[SESSION]

    with pytest.raises(WrongKey):
        await store_on(backend, ring=KeyRing.generate("other")).repair(SESSION)
    assert [each.number for each in await store.repair(SESSION)] == [first.revision.number]
    with pytest.raises(SnapshotNotFound, match="nothing of it"):
        await store_on(MemoryBackend()).repair(SESSION)
