"""Files that are those of the save before are not read again, and come back whole all the same."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores import Kind, Snapshot, SnapshotFile
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.snapshot.unread import SETTLED, identity
from blazz.errors import StoreUnavailable
from blazz.testing.auth_stores import read_files
from tests.faulty import FaultyBackend
from tests.sessions import CHROMIUM, RING, SESSION, noise, store_on


@dataclass
class Read:
    """Bytes that tell how often they were read."""

    data: bytes
    times: int = field(default=0, compare=False)

    @property
    def size(self) -> int:
        return len(self.data)

    async def read(self, offset: int, length: int) -> bytes:
        self.times += 1
        return self.data[offset : offset + length]


def snapshot(files: dict[str, tuple[Read, str | None]]) -> Snapshot:
    return Snapshot(
        kind=Kind.WEB,
        files=tuple(SnapshotFile(name, source, known) for name, (source, known) in files.items()),
        documents={"local.json": b"{}"},
        browser=CHROMIUM,
    )


async def test_what_is_known_is_not_read_and_what_is_not_is() -> None:
    store = store_on(MemoryBackend())
    lease = await store.acquire(SESSION, "one")
    table, log = Read(noise(500)), Read(noise(100, seed=1))
    first = await store.save(snapshot({"table": (table, "a"), "log": (log, None)}), lease)
    assert (table.times > 0, log.times > 0) == (True, True)

    table, log = Read(noise(500)), Read(noise(120, seed=2))
    second = await store.save(snapshot({"table": (table, "a"), "log": (log, None)}), lease)
    assert (table.times, log.times > 0) == (0, True)
    assert 0 < second.uploaded < first.uploaded
    assert await read_files(await store.load(SESSION)) == {"table": table.data, "log": log.data}

    table = Read(noise(500, seed=3))
    await store.save(snapshot({"table": (table, "b")}), lease)
    assert table.times > 0
    assert await read_files(await store.load(SESSION)) == {"table": table.data}


async def test_nothing_is_uploaded_when_nothing_is_read() -> None:
    store = store_on(MemoryBackend())
    lease = await store.acquire(SESSION, "one")
    await store.save(snapshot({"table": (Read(noise(500)), "a")}), lease)
    again = await store.save(snapshot({"table": (Read(noise(500)), "a")}), lease)
    assert (again.unchanged, again.uploaded) == (True, 0)


async def test_another_owner_reads_everything() -> None:
    backend = MemoryBackend()
    store = store_on(backend)
    lease = await store.acquire(SESSION, "one")
    await store.save(snapshot({"table": (Read(noise(500)), "a")}), lease)
    await store.release(lease)

    other = store_on(backend)
    lease = await other.acquire(SESSION, "two")
    table = Read(noise(500))
    await other.save(snapshot({"table": (table, "a")}), lease)
    assert table.times > 0


async def test_a_rotated_key_and_a_damaged_pack_have_it_read_again() -> None:
    backend = MemoryBackend()
    store = store_on(backend)
    lease = await store.acquire(SESSION, "one")
    await store.save(snapshot({"table": (Read(noise(100)), "a")}), lease)
    for name in [it for it in backend.blobs[SESSION] if "/packs/" in it]:
        backend.blobs[SESSION][name] = b"damaged"
    assert not (await store.verify(SESSION)).ok
    table = Read(noise(100))
    await store.save(snapshot({"table": (table, "a")}), lease)
    assert table.times > 0
    assert await read_files(await store.load(SESSION)) == {"table": table.data}

    await store.release(lease)

    rotated = store_on(backend, ring=RING.rotated("two"))
    lease = await rotated.acquire(SESSION, "one")
    for _ in range(2):  # the first tells the owner what is there, the second could keep it
        table = Read(noise(100))
        await rotated.save(snapshot({"table": (table, "a")}), lease)
    assert await read_files(await rotated.load(SESSION)) == {"table": table.data}


CONTENTS = st.tuples(st.integers(0, 3), st.booleans())
STEPS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), CONTENTS, max_size=4),
        st.sampled_from(["save", "save", "fails", "committed but fails"]),
    ),
    min_size=1,
    max_size=8,
)


@given(STEPS)
async def test_whatever_is_known_the_newest_save_comes_back_whole(
    steps: list[tuple[dict[str, tuple[int, bool]], str]],
) -> None:
    backend = FaultyBackend()
    store = store_on(backend)
    lease = await store.acquire(SESSION, "one")
    for files, how in steps:
        made = {name: noise(40 * (n + 1), seed=n) for name, (n, _) in files.items()}
        told = {name: hashlib.sha256(made[name]).hexdigest() for name in made if files[name][1]}
        taken = snapshot({name: (Read(made[name]), told.get(name)) for name in made})
        if how != "save":
            backend.fail("swap_record", applied=how == "committed but fails", times=4)
            backend.fail("put packs", times=1 if how == "fails" else 0)
            with contextlib.suppress(StoreUnavailable):
                await store.save(taken, lease)
            backend.faults.clear()
        else:
            await store.save(taken, lease)
            assert await read_files(await store.load(SESSION)) == made
            assert (await store.verify(SESSION)).ok


@pytest.mark.parametrize(("age", "is_known"), [(0.0, False), (SETTLED - 0.5, False), (10.0, True)])
def test_only_a_file_left_alone_has_an_identity(tmp_path: Path, age: float, is_known: bool) -> None:
    path = tmp_path / "table"
    path.write_bytes(b"content")
    state = path.stat()
    assert (identity(state, 7, at=state.st_mtime + age) is not None) == is_known


def test_a_change_a_size_and_another_file_are_told(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes(b"content")
    os.utime(path, ns=(0, 1_000_000_000))
    known = identity(path.stat(), 7, at=100.0)
    assert known == identity(path.stat(), 7, at=200.0)
    link = tmp_path / "link"
    link.hardlink_to(path)
    assert identity(link.stat(), 7, at=200.0) == known, "a link is the file"
    assert identity(path.stat(), 6, at=200.0) != known
    os.utime(path, ns=(0, 1_000_000_001))
    assert identity(path.stat(), 7, at=200.0) != known
    other = tmp_path / "other"
    other.write_bytes(b"content")
    os.utime(other, ns=(0, 1_000_000_000))
    assert identity(other.stat(), 7, at=200.0) != known
