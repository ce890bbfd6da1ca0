"""Keeping a session: owned, restored where it is newer, backed up, and told of."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores import Kind, LocalAuth, MemoryAuth, RedisAuth, Revision, SessionKey, Snapshot
from blazz.auth_stores.base import AuthStore
from blazz.auth_stores.keeping import Keeping, StoreKeeper
from blazz.auth_stores.local_state import Keep, Replace, decide, lacks_documents
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.restoring import LocalState, Phase, read_state
from blazz.errors import (
    IncompatibleBrowser,
    LeaseTaken,
    OwnershipLost,
    SnapshotDamaged,
    StaleSnapshot,
    StoreUnavailable,
)
from blazz.events.base import UNDATED
from blazz.events.sessions import (
    BackupFailed,
    BackupSaved,
    OwnershipEnded,
    SessionEvent,
    SessionRestored,
    SnapshotSkipped,
)
from tests.faulty import FaultyBackend
from tests.sessions import CHROMIUM, OTHER, RING, SESSION, SMALL, record_in, web

QUICK = Keeping(ttl=20, interval=0, last_pauses=(0, 0))


class Machine:
    """A machine with a folder, and a provider on it whose whole state is one number."""

    def __init__(self, store: AuthStore, disk: Path) -> None:
        self.store = store
        self.folder = disk / "profile"
        self.events: list[SessionEvent] = []
        self.news = anyio.Event()
        self.stopped = anyio.Event()
        self.keeper: StoreKeeper

    async def hear(self, event: SessionEvent) -> None:
        self.events.append(event)
        self.news.set()
        self.news = anyio.Event()

    async def heard(self, kind: type[SessionEvent], count: int = 1) -> SessionEvent:
        with anyio.fail_after(30):
            while len(found := [it for it in self.events if type(it) is kind]) < count:
                await self.news.wait()
        return found[-1]

    @asynccontextmanager
    async def owning(self, **options) -> AsyncIterator[StoreKeeper]:
        keeping = options.pop("keeping", QUICK)
        self.keeper = keeper = await StoreKeeper.acquire(
            self.store, SESSION, report=self.hear, keeping=keeping, **options
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keeper.run)
            try:
                yield keeper
            finally:
                await keeper.release()

    @property
    def state(self) -> int | None:
        file = self.folder / "Default" / "log"
        return int(file.read_bytes()) if file.exists() else None

    def go_on(self, state: int) -> None:
        (self.folder / "Default").mkdir(parents=True, exist_ok=True)
        (self.folder / "Default" / "log").write_bytes(str(state).encode())

    async def capture(self) -> Snapshot:
        content = str(self.state).encode()
        return web({"Default/log": content}, documents={"local_storage.json": content})

    async def stop(self) -> None:
        self.stopped.set()


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
    one, two = (
        Machine(MemoryAuth(backend, keyring=RING), tmp_path / name) for name in ("one", "two")
    )
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


@pytest.mark.parametrize(("seconds", "lacks"), [(-1, True), (1, False)])
def test_documents_are_given_where_they_are_newer_than_the_files(
    tmp_path: Path, seconds: int, lacks: bool
) -> None:
    """Chromium writes localStorage late: what it has written then is newer than what was read."""
    captured_at = datetime(2026, 1, 2, tzinfo=UTC)
    log = tmp_path / "Default/Local Storage/leveldb/000003.log"
    log.parent.mkdir(parents=True)
    log.touch()
    os.utime(log, (captured_at.timestamp() + seconds,) * 2)

    assert lacks_documents(tmp_path, Phase.RUNNING, captured_at) is lacks
    assert lacks_documents(tmp_path, Phase.RESTORED, captured_at)
    assert not lacks_documents(tmp_path, Phase.CLOSED, captured_at)


async def test_a_login_that_has_ended_is_not_restored_and_not_lost(tmp_path: Path) -> None:
    backend = MemoryBackend()
    one, two = (
        Machine(MemoryAuth(backend, keyring=RING), tmp_path / name) for name in ("one", "two")
    )
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
    one, two = (
        Machine(MemoryAuth(backend, keyring=RING), tmp_path / name) for name in ("one", "two")
    )
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


async def _stored_twice(machine: Machine) -> None:
    async with machine.owning() as keeper:
        await keeper.restore(machine.folder)
        for state in (1, 2):
            machine.go_on(state)
            await keeper.save(await machine.capture())


def _damage_newest(backend: MemoryBackend) -> None:
    del backend.blobs[SESSION][record_in(backend).entries[-1].manifest]


async def test_a_damaged_state_is_passed_over_told_and_followed_by_whole_ones(
    tmp_path: Path,
) -> None:
    backend = MemoryBackend()
    one, two = (
        Machine(MemoryAuth(backend, keyring=RING), tmp_path / name) for name in ("one", "two")
    )
    await _stored_twice(one)
    _damage_newest(backend)

    async with two.owning() as keeper:
        await keeper.restore(two.folder)
        assert two.state == 1
        two.go_on(3)
        keeper.start(two.capture)
        await two.heard(BackupSaved)
        skipped = await two.heard(SnapshotSkipped)

    assert isinstance(skipped, SnapshotSkipped)
    assert skipped.revision == 2
    assert "manifest" in skipped.reason
    stored = await two.store.load(SESSION)
    assert (stored.revision.number, await stored.document("local_storage.json")) == (3, b"3")


async def test_a_folder_is_kept_where_only_damage_is_newer(tmp_path: Path) -> None:
    backend = MemoryBackend()
    one, two = (
        Machine(MemoryAuth(backend, keyring=RING), tmp_path / name) for name in ("one", "two")
    )
    async with one.owning() as keeper:
        await keeper.restore(one.folder)
        one.go_on(1)
        await keeper.save(await one.capture())
    async with two.owning() as keeper:
        await keeper.restore(two.folder)
        two.go_on(2)
        await keeper.save(await two.capture())
    _damage_newest(backend)

    async with one.owning() as keeper:
        assert await keeper.restore(one.folder) is None
        skipped = await one.heard(SnapshotSkipped)
        one.go_on(5)
        await keeper.save(await one.capture())

    assert isinstance(skipped, SnapshotSkipped)
    assert skipped.revision == 2
    assert (await (await one.store.load(SESSION)).document("local_storage.json")) == b"5"


async def test_nothing_whole_is_an_error_and_the_folder_stays_as_it_was(tmp_path: Path) -> None:
    backend = MemoryBackend()
    one, two = (
        Machine(MemoryAuth(backend, keyring=RING), tmp_path / name) for name in ("one", "two")
    )
    await _stored_twice(one)
    backend.blobs[SESSION].clear()

    async with two.owning() as keeper:
        with pytest.raises(SnapshotDamaged):
            await keeper.restore(two.folder)
        assert not two.folder.exists()


async def test_an_unsuitable_browser_is_refused(tmp_path: Path) -> None:
    backend = MemoryBackend()
    one = Machine(MemoryAuth(backend, keyring=RING), tmp_path / "one")
    two = Machine(MemoryAuth(backend, keyring=RING), tmp_path / "two")
    await _stored_twice(one)
    older = type(CHROMIUM)(version="120.0", engine=CHROMIUM.engine)

    async with two.owning() as keeper:
        with pytest.raises(IncompatibleBrowser):
            await keeper.restore(two.folder, browser=older)


async def test_what_uses_a_session_is_stopped_at_once_when_it_is_lost(tmp_path: Path) -> None:
    backend = MemoryBackend()
    one, two = (
        Machine(MemoryAuth(backend, keyring=RING), tmp_path / name) for name in ("one", "two")
    )

    async def fail() -> None:
        raise ZeroDivisionError

    async with one.owning(keeping=Keeping(ttl=0.3), owner="one") as keeper:
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
    assert failed.retry_in == 0


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


# What becomes of a folder

REVISIONS = st.integers(1, 9)


def _history(numbers: list[int]) -> list[Revision]:
    return [
        Revision(number=each, kind=Kind.WEB, epoch=1, at=UNDATED, size=0, uploaded=0)
        for each in sorted(numbers, reverse=True)
    ]


@given(
    stored=st.lists(REVISIONS, unique=True),
    local=st.none() | st.builds(LocalState, st.sampled_from([SESSION, OTHER]), REVISIONS),
)
def test_a_newer_state_is_never_replaced_and_an_older_one_never_kept(
    stored: list[int], local: LocalState | None
) -> None:
    newest = max(stored, default=0)
    try:
        found = decide(SESSION, _history(stored), local=local, empty=False)
    except StaleSnapshot:
        # Only where it cannot be told which one is newer.
        assert local is None or local.session != SESSION
        assert local is not None or stored
        return
    if isinstance(found, Keep):
        assert found.revision >= newest
    else:
        assert isinstance(found, Replace)
        assert local is not None
        assert local.revision < newest


@given(stored=st.lists(REVISIONS, unique=True))
def test_an_empty_folder_gets_what_is_stored(stored: list[int]) -> None:
    found = decide(SESSION, _history(stored), local=None, empty=True)

    assert found == (Replace() if stored else Keep(0))


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
