"""Sessions in a folder: several processes, dead owners, full disks."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from blazz.auth_stores import LocalAuth, SessionKey, locking
from blazz.auth_stores.backend import RecordMoved, StoredRecord
from blazz.auth_stores.local import LocalBackend
from blazz.errors import InvalidValue, KeyRingError, LeaseTaken, StoreFull, StoreUnavailable
from blazz.security.keyring import KeyRing
from blazz.testing.auth_stores import read_files
from tests.sessions import OTHER, SESSION, names_in, noise, web

# Takes the session, says so, and waits for its end to come.
OWNER = textwrap.dedent("""
    import asyncio, sys
    from blazz.auth_stores import LocalAuth, SessionKey
    async def main():
        store = LocalAuth(sys.argv[1])
        await store.acquire(SessionKey("acme", "support"), "other", ttl=600)
        print("mine", flush=True)
        sys.stdin.read()
    asyncio.run(main())
""")


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    yield process
    process.kill()
    process.communicate()


async def test_an_owner_that_was_killed_is_noticed_at_once(
    tmp_path: Path, other_process: subprocess.Popen[str]
) -> None:
    async with LocalAuth(tmp_path) as store:
        with pytest.raises(LeaseTaken, match="held by other"):
            await store.acquire(SESSION, "me")
        other_process.kill()
        other_process.wait()

        lease = await store.acquire(SESSION, "me")
        assert lease.epoch == 2


async def test_an_owner_on_another_machine_is_waited_for(
    tmp_path: Path, other_process: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other_process.kill()
    other_process.wait()
    monkeypatch.setattr(locking, "machine", lambda: "another machine")

    async with LocalAuth(tmp_path) as store:
        with pytest.raises(LeaseTaken) as taken:
            await store.acquire(SESSION, "me")
    assert taken.value.retry_after > 590


async def test_two_stores_of_one_process_do_not_take_each_other_for_dead(tmp_path: Path) -> None:
    async with LocalAuth(tmp_path) as first, LocalAuth(tmp_path) as second:
        lease = await first.acquire(SESSION, "one")
        with pytest.raises(LeaseTaken):
            await second.acquire(SESSION, "two")
        await first.release(lease)
        await second.acquire(SESSION, "two")


async def test_only_its_user_can_read_what_is_stored(tmp_path: Path) -> None:
    root = tmp_path / "store"
    async with LocalAuth(root) as store:
        await store.save(web({"log": b"1"}), await store.acquire(SESSION, "one"))

    modes = {path.stat().st_mode & 0o077 for path in [root, *root.rglob("*")]}
    assert modes == {0}


async def test_the_key_ring_of_the_folder_is_used_again(tmp_path: Path) -> None:
    async with LocalAuth(tmp_path) as store:
        lease = await store.acquire(SESSION, "one")
        await store.save(web({"log": b"1"}), lease)
        await store.release(lease)
    async with LocalAuth(tmp_path) as store:
        assert await read_files(await store.load(SESSION)) == {"log": b"1"}

    (tmp_path / "keyring").chmod(0o644)
    with pytest.raises(KeyRingError, match="chmod 600"):
        LocalAuth(tmp_path)


# The record


async def test_the_record_is_replaced_by_one_of_many(tmp_path: Path) -> None:
    backends = [LocalBackend(tmp_path) for _ in range(8)]
    swapped: list[bytes] = []

    async def swap(backend: LocalBackend, content: bytes, expected: StoredRecord) -> None:
        try:
            await backend.swap_record(SESSION, content, expected=expected)
        except RecordMoved:
            return
        swapped.append(content)

    for turn in range(10):
        expected = await backends[0].read_record(SESSION)
        async with anyio.create_task_group() as tasks:
            for number, backend in enumerate(backends):
                tasks.start_soon(swap, backend, f"{turn} {number}".encode(), expected)
        assert len(swapped) == turn + 1
        assert (await backends[0].read_record(SESSION)).content == swapped[-1]


async def test_only_a_few_records_are_kept(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path)
    for number in range(20):
        expected = await backend.read_record(SESSION)
        await backend.swap_record(SESSION, str(number).encode(), expected=expected)

    folder = tmp_path / "sessions/acme/support"
    assert len(list((folder / "record").iterdir())) <= 3
    assert list((folder / "drafts").iterdir()) == []


async def test_a_process_that_slept_through_many_records_changes_none(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path)
    long_ago = await backend.read_record(SESSION)
    for number in range(20):
        expected = await backend.read_record(SESSION)
        await backend.swap_record(SESSION, str(number).encode(), expected=expected)

    # Its number was taken once, and is free again.
    assert not (tmp_path / "sessions/acme/support/record/000000000001").exists()
    with pytest.raises(RecordMoved):
        await backend.swap_record(SESSION, b"late", expected=long_ago)

    assert (await backend.read_record(SESSION)).content == b"19"
    assert not (tmp_path / "sessions/acme/support/record/000000000001").exists()


async def test_what_is_not_ours_is_passed_over(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path)
    await backend.open()
    empty = StoredRecord(content=None)
    await backend.swap_record(SESSION, b"1", expected=empty)
    await backend.swap_record(SessionKey("umbrella", "x"), b"1", expected=empty)
    (tmp_path / "sessions/acme/support/record/.DS_Store").touch()
    (tmp_path / "sessions/acme/UPPER/record").mkdir(parents=True)

    assert await backend.sessions("acme") == [SESSION]
    assert set(await backend.sessions(None)) == {SESSION, SessionKey("umbrella", "x")}
    assert (await backend.read_record(SESSION)).content == b"1"
    assert await backend.read_record(OTHER) == empty
    assert await backend.names(OTHER) == {}


@pytest.mark.parametrize("name", ["../keyring", "a//b", "a/./b", ""])
async def test_a_blob_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidValue, match=r"Backend\.name"):
        await LocalBackend(tmp_path).put(SESSION, name, b"")


# Disks


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("step", [(os, "fsync"), (Path, "mkdir"), (Path, "rename")], ids=str)
async def test_a_disk_that_fails_is_named_and_the_one_before_is_intact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: tuple[object, str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    expected = StoreUnavailable if number == errno.EIO else StoreFull
    async with LocalAuth(tmp_path) as store:
        lease = await store.acquire(SESSION, "one")
        await store.save(web({"log": b"before"}), lease)
        with monkeypatch.context() as broken:
            broken.setattr(*step, fail)
            with pytest.raises(expected, match=os.strerror(number)):
                await store.save(web({"log": noise(200_000)}), lease)

        assert await read_files(await LocalAuth(tmp_path).load(SESSION)) == {"log": b"before"}
        await store.save(web({"log": noise(200_000)}), lease)
        assert (await store.verify(SESSION)).ok
    assert names_in(tmp_path / "sessions/acme/support/drafts") == set()


async def test_a_disk_that_is_nearly_full_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)._replace(total=100 * 1024**3, free=4 * 1024**3)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    async with LocalAuth(tmp_path) as store:
        assert store.warnings == ("only 4,096 MB are free on its disk",)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnavailable, match="file"):
        await LocalAuth(tmp_path / "file" / "store", keyring=KeyRing.generate()).open()


async def test_leftovers_of_dead_processes_are_removed_a_day_later(tmp_path: Path) -> None:
    store = LocalAuth(tmp_path)
    folder = tmp_path / "sessions/acme/support"
    for part, old in (("drafts/old", True), ("drafts/new", False), ("owners/old", True)):
        path = folder / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(locking.machine())
        if old:
            os.utime(path, (0, 0))

    await store.acquire(SESSION, "one")
    await store.close()

    assert names_in(folder / "drafts") == {"new"}
    assert not (folder / "owners/old").exists()


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "alive"
    alive = locking.AliveFile(path)

    assert not locking.has_ended(path)
    with pytest.raises(BlockingIOError):
        locking.AliveFile(path)
    alive.close()
    assert not locking.has_ended(path), "a lease that was released says nothing"
    path.write_text(locking.machine())
    assert locking.has_ended(path)
