"""What a store does beyond the promises of the seam: failures, rotation, retention, repair."""

from __future__ import annotations

import logging
import random
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from blazz.auth_stores import Kind, Lease, Retention, Settings, Snapshot, SnapshotFile
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.record import Record
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import (
    AuthStoreError,
    LeaseTaken,
    OwnershipLost,
    SnapshotDamaged,
    SnapshotNotFound,
    StoreUnavailable,
    WrongKey,
)
from blazz.security.keyring import KeyRing
from tests.faulty import FaultyBackend
from tests.sessions import CHUNK, RING, SESSION, noise, read, web

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SMALL = Settings(chunk_bytes=16, pack_bytes=200)


def _store(
    backend: MemoryBackend, *, ring: KeyRing = RING, settings: Settings = SMALL
) -> SnapshotStore:
    return SnapshotStore(backend, keyring=ring, settings=settings)


async def _owned(backend: FaultyBackend) -> tuple[SnapshotStore, Lease]:
    store = _store(backend)
    return store, await store.acquire(SESSION, "one")


def _record(backend: MemoryBackend) -> Record:
    return Record.decode(backend.records[SESSION].content or b"")


# Failures


@pytest.mark.parametrize(
    ("call", "applied"),
    [
        ("read_record", False),
        ("names", False),
        ("put packs", False),
        ("put packs", True),
        ("put manifests", False),
        ("put manifests", True),
        ("swap_record", False),
    ],
)
async def test_a_save_that_fails_leaves_the_one_before_and_can_be_tried_again(
    call: str, applied: bool
) -> None:
    backend = FaultyBackend()
    store, lease = await _owned(backend)
    await store.save(web({"log": b"before"}), lease)
    store, lease = await _owned(backend)  # a new owner lists the blobs, too

    backend.fail(call, applied=applied, times=2)
    with pytest.raises(StoreUnavailable):
        await store.save(web({"log": noise(500)}), lease)
    backend.faults.clear()
    assert await read(await store.load(SESSION)) == {"log": b"before"}

    await store.save(web({"log": noise(500)}), lease)
    await store.save(web({"log": noise(500) + b"more"}), lease)
    assert await read(await store.load(SESSION)) == {"log": noise(500) + b"more"}
    verification = await store.verify(SESSION)
    assert (verification.ok, verification.unreferenced) == (True, 0)


async def test_a_commit_whose_answer_was_lost_is_recognised() -> None:
    backend = FaultyBackend()
    store, lease = await _owned(backend)

    backend.fail("swap_record", applied=True)
    saved = await store.save(web({"log": b"content"}), lease)

    assert saved.revision == (await store.history(SESSION))[0]
    assert len(await store.history(SESSION)) == 1


async def test_a_lease_whose_answer_was_lost_is_recognised() -> None:
    backend = FaultyBackend()
    backend.fail("swap_record", applied=True)
    store, lease = await _owned(backend)

    assert lease.epoch == _record(backend).epoch == 1
    backend.fail("swap_record", applied=True)
    await store.renew(lease)
    await store.save(web({"log": b"content"}), lease)


async def test_a_save_goes_on_where_the_last_one_stopped() -> None:
    backend = FaultyBackend()
    store, lease = await _owned(backend)
    content = noise(5000)

    backend.fail("put manifests")
    with pytest.raises(StoreUnavailable):
        await store.save(web({"log": content}), lease)
    sent = backend.calls.count("put packs")
    await store.save(web({"log": content}), lease)

    assert sent > 10
    assert backend.calls.count("put packs") == sent


async def test_what_a_failed_save_left_is_not_built_upon_once_it_was_cleaned_up() -> None:
    backend = FaultyBackend()
    store, lease = await _owned(backend)
    await store.save(web({"log": b"first"}), lease)
    backend.fail("put manifests")
    with pytest.raises(StoreUnavailable):
        await store.save(web({"log": noise(300)}), lease)

    unchanged = await store.save(web({"log": b"first"}), lease)
    await store.save(web({"log": noise(300)}), lease)

    assert unchanged.unchanged
    assert (await store.verify(SESSION)).ok


async def test_a_clean_up_that_fails_does_not_fail_the_save_and_is_made_up_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    backend = FaultyBackend()
    settings = replace(SMALL, retention=Retention(newest=1, hourly=0, daily=0))
    store = _store(backend, settings=settings)
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"first"}), lease)

    backend.fail("delete")
    with caplog.at_level(logging.WARNING):
        await store.save(web({"log": b"second"}), lease)
    assert "nothing is cleaned up" in caplog.text
    assert (await store.verify(SESSION)).unreferenced == 2
    await store.save(web({"log": b"third"}), lease)

    assert (await store.verify(SESSION)).unreferenced == 0


async def test_an_upload_that_arrives_after_it_was_given_up_is_removed() -> None:
    backend = FaultyBackend()
    store, lease = await _owned(backend)
    backend.fail("put packs")
    with pytest.raises(StoreUnavailable):
        await store.save(web({"log": noise(100)}), lease)
    await store.save(web({"log": b"small"}), lease)
    own = next(name for name in backend.blobs[SESSION] if "/packs/" in name)
    late = f"{own[:-10]}0000000099"
    backend.blobs[SESSION][late] = b"late"

    await store.prune(lease)

    assert late not in backend.blobs[SESSION]
    assert (await store.verify(SESSION)).unreferenced == 0


async def test_what_a_dead_owner_left_is_removed_by_the_next_one() -> None:
    backend = FaultyBackend()
    store, lease = await _owned(backend)
    backend.fail("put manifests")
    with pytest.raises(StoreUnavailable):
        await store.save(web({"log": noise(5000)}), lease)
    left = len(backend.blobs[SESSION])

    store, lease = await _owned(backend)
    await store.save(web({"log": b"small"}), lease)

    assert left > 10
    assert len(backend.blobs[SESSION]) == 2


async def test_a_cancelled_save_leaves_the_store_usable() -> None:
    backend = FaultyBackend()
    store, lease = await _owned(backend)

    with anyio.CancelScope() as scope:
        scope.cancel()
        await store.save(web({"log": noise(500)}), lease)

    await store.save(web({"log": b"after"}), lease)
    assert await read(await store.load(SESSION)) == {"log": b"after"}


# Leases


async def test_a_lease_that_stands_still_for_its_time_may_be_taken_over() -> None:
    now = [1000.0]
    backend = MemoryBackend()
    first = SnapshotStore(backend, keyring=RING, clock=lambda: now[0])
    second = SnapshotStore(backend, keyring=RING, clock=lambda: now[0])
    lease = await first.acquire(SESSION, "one", ttl=30)

    now[0] += 100  # nobody has looked yet, so nothing is known
    with pytest.raises(LeaseTaken) as taken:
        await second.acquire(SESSION, "two")
    assert (taken.value.owner, taken.value.retry_after) == ("one", 30)
    now[0] += 29
    lease = await first.renew(lease)
    with pytest.raises(LeaseTaken) as taken:
        await second.acquire(SESSION, "two")
    assert taken.value.retry_after == 30
    now[0] += 30

    assert (await second.acquire(SESSION, "two")).epoch == 2
    with pytest.raises(OwnershipLost):
        await first.renew(lease)


class _Clocked(MemoryBackend):
    """A store with a clock of its own."""

    time = 1000.0

    async def read_record(self, session):
        return replace(await super().read_record(session), now=self.time)


async def test_a_store_with_a_clock_knows_at_once_that_a_lease_has_ended() -> None:
    backend = _Clocked()
    await _store(backend).acquire(SESSION, "one", ttl=30)

    backend.time += 29
    with pytest.raises(LeaseTaken) as taken:
        await _store(backend).acquire(SESSION, "two")
    assert taken.value.retry_after == pytest.approx(1)
    backend.time += 1

    assert (await _store(backend).acquire(SESSION, "two")).epoch == 2


async def test_a_clock_that_is_set_back_does_not_keep_a_dead_owner() -> None:
    now = [0.0]
    backend = _Clocked()
    store = SnapshotStore(backend, keyring=RING, clock=lambda: now[0])
    await _store(backend).acquire(SESSION, "one", ttl=30)

    backend.time -= 86_400
    with pytest.raises(LeaseTaken):
        await store.acquire(SESSION, "two")
    now[0] += 30

    assert (await store.acquire(SESSION, "two")).epoch == 2


async def test_waiting_ends_when_the_lease_is_released() -> None:
    backend = MemoryBackend()
    first, second = _store(backend), _store(backend)
    lease = await first.acquire(SESSION, "one", ttl=600)
    got: list[Lease] = []

    async def wait() -> None:
        got.append(await second.acquire(SESSION, "two", wait=60))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        with pytest.raises(LeaseTaken):
            await second.acquire(SESSION, "three", wait=0.05)
        await first.release(lease)

    assert got[0].epoch == 2


# Keys


async def test_rotation_finishes_bit_by_bit_while_a_session_runs() -> None:
    backend = MemoryBackend()
    content = noise(16 * 10)
    settings = replace(SMALL, refresh=4)
    store = _store(backend, settings=settings)
    await store.save(web({"log": content}), await store.acquire(SESSION, "one"))
    rotated = RING.rotated("two")
    store = _store(backend, ring=rotated, settings=settings)
    lease = await store.acquire(SESSION, "one")

    moved = [(await store.save(web({"log": content}), lease)).new_chunks for _ in range(4)]

    assert moved == [4, 4, 2, 0]
    assert set((await store.verify(SESSION)).keys) == {"one", "two"}
    await store.prune(lease)
    assert (await store.verify(SESSION)).keys == ("two",)
    alone = _store(backend, ring=rotated.without("one"))
    assert await read(await alone.load(SESSION)) == {"log": content}


async def test_another_key_ring_neither_reads_nor_replaces() -> None:
    backend = MemoryBackend()
    store = _store(backend)
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"secret"}), lease)
    stranger = _store(backend, ring=KeyRing.generate("other"))

    with pytest.raises(WrongKey):
        await stranger.load(SESSION)
    with pytest.raises(WrongKey):
        await stranger.save(web({"log": b"else"}), await stranger.acquire(SESSION, "one"))
    assert (await stranger.verify(SESSION)).damage[0].reason.startswith("the key")
    assert await read(await store.load(SESSION)) == {"log": b"secret"}


async def test_nothing_of_the_content_is_in_the_store() -> None:
    backend = MemoryBackend()
    store = _store(backend)
    await store.save(
        web({"Default/hidden-name": b"hidden content"}, documents={"hidden.json": b"hidden text"}),
        await store.acquire(SESSION, "one"),
    )

    kept = b"".join(backend.blobs[SESSION].values()) + (backend.records[SESSION].content or b"")
    assert b"hidden" not in kept


# Retention and repair


async def test_revisions_are_retired_and_their_blobs_go_with_them() -> None:
    backend = MemoryBackend()
    settings = replace(SMALL, retention=Retention(newest=2, hourly=3, daily=0))
    store = _store(backend, settings=settings)
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
        assert await read(loaded) == {"log": content}


async def _stored_after_many_changes(refresh: int) -> float:
    """How many times its size a session takes whose pages change here and there."""
    backend = MemoryBackend()
    settings = Settings(
        chunk_bytes=512,
        pack_bytes=512 * 10,
        refresh=refresh,
        retention=Retention(newest=1, hourly=0, daily=0),
    )
    store = _store(backend, settings=settings)
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
    store = _store(backend, settings=settings)
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"first"}), lease)
    opened = await store.load(SESSION)
    await store.save(web({"log": b"second"}), lease)

    with pytest.raises(SnapshotNotFound, match="retired"):
        await read(opened)


async def test_a_lost_record_is_made_anew_from_the_manifests() -> None:
    backend = MemoryBackend()
    store = _store(backend)
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
    assert await read(await store.load(SESSION)) == {"log": b"state 2"}
    with pytest.raises(OwnershipLost):
        await store.save(web({"log": b"zombie"}), lease)
    later = await store.acquire(SESSION, "two")
    assert later.epoch > lease.epoch + 100
    saved = await store.save(web({"log": b"goes on"}), later)
    assert saved.revision.number == 5
    assert (await store.verify(SESSION)).ok


async def test_a_garbled_record_is_damage_and_can_be_repaired() -> None:
    backend = MemoryBackend()
    store = _store(backend)
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"state"}), lease)
    backend.records[SESSION] = replace(backend.records[SESSION], content=b"{garbled")

    for work in (store.load(SESSION), store.acquire(SESSION, "two"), store.history(SESSION)):
        with pytest.raises(SnapshotDamaged, match="the record"):
            await work
    assert len(await store.repair(SESSION)) == 1


async def test_repair_leaves_out_what_cannot_be_opened_and_says_if_that_is_all() -> None:
    backend = MemoryBackend()
    store = _store(backend)
    lease = await store.acquire(SESSION, "one")
    first = await store.save(web({"log": b"first"}), lease)
    await store.save(web({"log": b"second"}), lease)
    entry = _record(backend).entries[1]
    backend.blobs[SESSION][entry.manifest] = b"garbled"
    del backend.records[SESSION]

    with pytest.raises(WrongKey):
        await _store(backend, ring=KeyRing.generate("other")).repair(SESSION)
    assert [each.number for each in await store.repair(SESSION)] == [first.revision.number]
    with pytest.raises(SnapshotNotFound, match="nothing of it"):
        await _store(MemoryBackend()).repair(SESSION)


# Size


async def test_a_large_session_goes_through_in_pieces() -> None:
    class Huge:
        """256 MB that are never in memory at once."""

        size = 4096 * CHUNK

        async def read(self, offset: int, length: int) -> bytes:
            start = offset // CHUNK
            count = -(-length // CHUNK)
            return b"".join((start + at).to_bytes(8, "big") * (CHUNK // 8) for at in range(count))

    store = SnapshotStore(MemoryBackend(), keyring=RING)
    lease = await store.acquire(SESSION, "one")
    snapshot = replace(web(), files=(SnapshotFile("db", Huge()),))
    tracemalloc.start()
    await store.save(snapshot, lease)
    _, most_saving = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    read_bytes = 0

    def count(_: str, __: int, data: bytes) -> None:
        nonlocal read_bytes
        read_bytes += len(data)

    await (await store.load(SESSION)).copy_to(count)
    _, most_loading = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert read_bytes == Huge.size
    assert max(most_saving, most_loading) < 64 * 1024**2


async def test_a_kind_that_was_never_stored_is_not_found() -> None:
    store = _store(MemoryBackend())
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"1"}), lease)

    with pytest.raises(SnapshotNotFound, match="of kind credentials"):
        await store.load(SESSION, kind=Kind.CREDENTIALS)
    with pytest.raises(SnapshotNotFound):
        await (await store.load(SESSION)).credentials()
