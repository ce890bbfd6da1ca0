"""Saving: what fails in the middle, what is left behind, and how much memory it takes."""

from __future__ import annotations

import logging
import tracemalloc
from dataclasses import replace

import anyio
import pytest

from blazz.auth_stores import Kind, Lease, Retention, SnapshotFile
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import (
    SnapshotNotFound,
    StoreUnavailable,
)
from blazz.testing.auth_stores import read_files
from tests.faulty import FaultyBackend
from tests.sessions import CHUNK, RING, SESSION, SMALL, noise, record_in, store_on, web


async def _owned(backend: FaultyBackend) -> tuple[SnapshotStore, Lease]:
    store = store_on(backend)
    return store, await store.acquire(SESSION, "one")


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
    assert await read_files(await store.load(SESSION)) == {"log": b"before"}

    await store.save(web({"log": noise(500)}), lease)
    await store.save(web({"log": noise(500) + b"more"}), lease)
    assert await read_files(await store.load(SESSION)) == {"log": noise(500) + b"more"}
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

    assert lease.epoch == record_in(backend).epoch == 1
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
    store = store_on(backend, settings=settings)
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
    assert await read_files(await store.load(SESSION)) == {"log": b"after"}


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
    store = store_on(MemoryBackend())
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"1"}), lease)

    with pytest.raises(SnapshotNotFound, match="of kind credentials"):
        await store.load(SESSION, kind=Kind.CREDENTIALS)
    with pytest.raises(SnapshotNotFound):
        await (await store.load(SESSION)).credentials()
