"""Keeping a session: owned, restored where it is newer, backed up, and told of."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores import LocalAuth, MemoryAuth, RedisAuth, SessionKey, Snapshot
from blazz.auth_stores.base import AuthStore
from blazz.auth_stores.keeping import Keeping, StoreKeeper
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.restoring import LocalState, Phase, read_state
from blazz.errors import (
    LeaseTaken,
    OwnershipLost,
    StaleSnapshot,
    StoreUnavailable,
)
from blazz.events.sessions import (
    BackupFailed,
    BackupSaved,
    OwnershipEnded,
    SessionEvent,
    SessionRestored,
)
from tests.faulty import FaultyBackend
from tests.machines import Machine, two_machines
from tests.sessions import CHROMIUM, RING, SESSION, SMALL


@pytest.fixture(params=["memory", "local", "redis"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[AuthStore]]:
    """Two stores on one storage, as two processes have them."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        made = [RedisAuth(url, keyring=RING) for _ in range(2)]
    elif request.param == "local":
        made = [LocalAuth(tmp_path / "store", keyring=RING) for _ in range(2)]
    else:
        shared = MemoryBackend()
        made = [MemoryAuth(shared, keyring=RING) for _ in range(2)]
    for store in made:
        await store.open()
    yield made
    for store in made:
        await store.close()


async def test_a_session_goes_on_where_another_machine_left_it(
    stores: list[AuthStore], tmp_path: Path
) -> None:
    one, two = (Machine(store, tmp_path / name) for store, name in zip(stores, "ab", strict=True))
    async with one.owning() as keeper:
        assert await keeper.restore(one.folder, browser=CHROMIUM) is None
        one.go_on(1)
        keeper.start(one.capture)
        await keeper.save()
        one.go_on(2)
        keeper.changed()
        await one.heard(BackupSaved, 2)
        with pytest.raises(LeaseTaken):
            await two.owning().__aenter__()
        keeper.check()
        one.go_on(3)  # closed in good order
        await keeper.save(await one.capture())

    async with two.owning() as keeper:
        documents = await keeper.restore(two.folder, browser=CHROMIUM)
        restored = await two.heard(SessionRestored)

    assert documents == {"local_storage.json": b"3"}
    assert two.state == 3
    assert isinstance(restored, SessionRestored)
    assert restored.size == 2  # one byte each of log and document
    keys = [event.key for event in one.events + two.events]
    assert len(set(keys)) == len(keys)


async def test_a_folder_that_has_gone_on_is_kept(tmp_path: Path) -> None:
    machine = Machine(MemoryAuth(), tmp_path)
    async with machine.owning() as keeper:
        await keeper.restore(machine.folder)
        machine.go_on(1)
        keeper.start(machine.capture)
        await machine.heard(BackupSaved)
        machine.go_on(2)  # and crashes before the next backup

    async with machine.owning() as keeper:
        # What a crash may have kept from the disk is given to the browser again.
        assert await keeper.restore(machine.folder) == {"local_storage.json": b"1"}
        assert machine.state == 2
        keeper.start(machine.capture)  # stored now, without waiting for a change
        await machine.heard(BackupSaved, 2)

    stored = await machine.store.load(SESSION)
    assert await stored.document("local_storage.json") == b"2"


async def test_a_browser_that_is_started_again_needs_no_store(tmp_path: Path) -> None:
    backend = FaultyBackend()
    machine = Machine(MemoryAuth(backend, keyring=RING), tmp_path)
    async with machine.owning() as keeper:
        await keeper.restore(machine.folder)
        machine.go_on(1)
        keeper.start(machine.capture)
        await machine.heard(BackupSaved)
        machine.go_on(2)  # and the browser crashes
        backend.fail("read_record", times=1000)

        assert await keeper.restore(machine.folder) == {"local_storage.json": b"1"}
        assert machine.state == 2
        backend.faults.clear()


async def test_documents_that_may_not_have_reached_a_browser_are_given_again(
    tmp_path: Path,
) -> None:
    backend = MemoryBackend()
    one, two = two_machines(backend, tmp_path)
    async with one.owning() as keeper:
        await keeper.restore(one.folder)
        one.go_on(1)
        keeper.start(one.capture)
        await keeper.save()

    for _ in range(3):
        async with two.owning() as keeper:
            for _ in range(2):
                assert await keeper.restore(two.folder) == {"local_storage.json": b"1"}


async def test_after_a_clean_close_the_folder_has_everything(tmp_path: Path) -> None:
    machine = Machine(MemoryAuth(), tmp_path)
    async with machine.owning() as keeper:
        await keeper.restore(machine.folder)
        machine.go_on(1)
        await keeper.save(await machine.capture())

    async with machine.owning() as keeper:
        assert await keeper.restore(machine.folder) is None
    # It was opened, so a browser may have gone on in it.
    assert read_state(machine.folder) == LocalState(SESSION, 1, Phase.RUNNING)


async def test_a_login_that_has_ended_is_not_restored_and_not_lost(tmp_path: Path) -> None:
    backend = MemoryBackend()
    one, two = two_machines(backend, tmp_path)
    async with one.owning() as keeper:
        await keeper.restore(one.folder)
        one.go_on(1)
        keeper.start(one.capture)
        await keeper.save()
        shutil.rmtree(one.folder)
        await keeper.forget()
        assert await keeper.restore(one.folder) is None
        assert one.state is None
    async with two.owning() as keeper:
        assert await keeper.restore(two.folder) is None
        assert two.state is None
        two.go_on(5)  # linked again
        keeper.start(two.capture)
        await keeper.save()

    assert [each.number for each in await two.store.history(SESSION)] == [3, 2]
    assert await (await two.store.load(SESSION)).document("local_storage.json") == b"5"


async def test_a_folder_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    backend = MemoryBackend()
    one, two = two_machines(backend, tmp_path)
    async with one.owning() as keeper:
        await keeper.restore(one.folder)  # not paired here: nothing is stored
        one.go_on(-1)
    async with two.owning() as keeper:
        await keeper.restore(two.folder)
        two.go_on(7)
        keeper.start(two.capture)
        await keeper.save()

    async with one.owning() as keeper:
        await keeper.restore(one.folder)

    assert one.state == 7


async def test_what_uses_a_session_is_stopped_at_once_when_it_is_lost(tmp_path: Path) -> None:
    backend = MemoryBackend()
    one, two = two_machines(backend, tmp_path)

    async def fail() -> None:
        raise ZeroDivisionError

    async with one.owning(keeping=Keeping(ttl=2.0), owner="one") as keeper:
        keeper.on_lost(one.stop)
        keeper.on_lost(fail)
        await keeper.restore(one.folder)
        one.go_on(1)
        keeper.start(one.capture)
        await one.heard(BackupSaved)
        await two.store.acquire(SESSION, "one")  # the same name takes over at any time
        with anyio.fail_after(30):
            await one.stopped.wait()
        ended = await one.heard(OwnershipEnded)
        with pytest.raises(OwnershipLost):
            keeper.check()
        with pytest.raises(OwnershipLost):
            await keeper.save()
        assert not keeper.held

    assert isinstance(ended, OwnershipEnded)
    assert ended.epoch == 1
    holder = await two.store.holder(SESSION)
    assert holder is not None, "releasing what was lost released another one's"


async def test_a_failed_backup_is_told_and_tried_again(tmp_path: Path) -> None:
    backend = FaultyBackend()
    machine = Machine(MemoryAuth(backend, keyring=RING, settings=SMALL), tmp_path)
    async with machine.owning() as keeper:
        await keeper.restore(machine.folder)
        machine.go_on(1)
        backend.fail("put packs")
        keeper.start(machine.capture)
        failed = await machine.heard(BackupFailed)
        await machine.heard(BackupSaved)
        keeper.check()

    assert isinstance(failed, BackupFailed)
    assert failed.error == "StoreUnavailable: put packs failed"
    assert failed.retry_in == 1


async def test_what_is_captured_while_a_browser_closes_is_no_failure(tmp_path: Path) -> None:
    machine = Machine(MemoryAuth(), tmp_path)
    capturing, closed = anyio.Event(), anyio.Event()

    async def capture() -> Snapshot:
        capturing.set()
        await closed.wait()
        raise ProcessLookupError

    async with machine.owning() as keeper:
        await keeper.restore(machine.folder)
        machine.go_on(1)
        keeper.start(capture)
        await capturing.wait()
        keeper.stop()
        closed.set()
        await keeper.save(await machine.capture())

    assert [type(event) for event in machine.events] == [BackupSaved]


@pytest.mark.parametrize(("failures", "stored"), [(2, True), (3, False)])
async def test_the_last_state_is_tried_some_times(
    tmp_path: Path, failures: int, stored: bool
) -> None:
    backend = FaultyBackend()
    machine = Machine(MemoryAuth(backend, keyring=RING), tmp_path)
    async with machine.owning(keeping=Keeping(last_pauses=(0, 0))) as keeper:
        await keeper.restore(machine.folder)
        machine.go_on(1)
        await keeper.save(await machine.capture())
        machine.go_on(2)
        backend.fail("put packs", times=failures)
        if stored:
            await keeper.save(await machine.capture())
        else:
            with pytest.raises(StoreUnavailable):
                await keeper.save(await machine.capture())

    content = await (await machine.store.load(SESSION)).document("local_storage.json")
    assert content == (b"2" if stored else b"1")
    assert sum(type(event) is BackupFailed for event in machine.events) == failures


async def test_a_disk_that_is_nearly_full_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(total=100 * 1024**3, free=4 * 1024**3)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    machine = Machine(MemoryAuth(), tmp_path)

    async with machine.owning() as keeper:
        await keeper.restore(machine.folder)

    assert "only 4,096 MB are free" in caplog.text


async def test_an_application_that_cannot_be_told_changes_nothing(tmp_path: Path) -> None:
    class Deaf(Machine):
        async def hear(self, event: SessionEvent) -> None:
            raise ZeroDivisionError

    machine = Deaf(MemoryAuth(), tmp_path)
    async with machine.owning() as keeper:
        await keeper.restore(machine.folder)
        machine.go_on(1)
        await keeper.save(await machine.capture())

    assert len(await machine.store.history(SESSION)) == 1


async def test_a_keeper_that_never_ran_can_be_released() -> None:
    store = MemoryAuth()
    keeper = await StoreKeeper.acquire(store, SESSION)

    await keeper.release()
    await keeper.release()

    assert await store.holder(SESSION) is None


async def test_a_folder_of_another_session_is_refused(tmp_path: Path) -> None:
    machine = Machine(MemoryAuth(), tmp_path)
    async with machine.owning() as keeper:
        await keeper.restore(machine.folder)
    assert read_state(machine.folder) == LocalState(SESSION, 0)

    keeper = await StoreKeeper.acquire(machine.store, SessionKey("acme", "sales"))
    with pytest.raises(StaleSnapshot, match="holds the session acme/support"):
        await keeper.restore(machine.folder)


STEPS = st.lists(
    st.tuples(st.sampled_from(["one", "two", "three"]), st.integers(0, 3), st.booleans()),
    max_size=8,
)


@given(steps=STEPS)
def test_wherever_a_session_goes_it_never_goes_back_behind_a_backup(
    steps: list[tuple[str, int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Machines take turns: each works a while, backs up some of it, and closes or crashes."""
    disks = tmp_path_factory.mktemp("machines")
    backend = MemoryBackend()
    machines = {
        name: Machine(MemoryAuth(backend, keyring=RING, settings=SMALL), disks / name)
        for name in ("one", "two", "three")
    }

    async def run() -> None:
        stored = last = 0
        for name, backups, closes in steps:
            machine = machines[name]
            async with machine.owning() as keeper:
                await keeper.restore(machine.folder)
                assert (machine.state or 0) >= stored
                for _ in range(backups):
                    stored = last = last + 1
                    machine.go_on(last)
                    await keeper.save(await machine.capture())
                last += 1
                machine.go_on(last)
                if closes:
                    await keeper.save(await machine.capture())
                    stored = last

    anyio.run(run)
