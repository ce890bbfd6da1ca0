"""Keeping a session whose stored states are damaged, or not for the browser that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazz.auth_stores.memory import MemoryBackend
from blazz.errors import IncompatibleBrowser, SnapshotDamaged
from blazz.events.sessions import BackupSaved, SnapshotSkipped
from tests.machines import Machine, two_machines
from tests.sessions import CHROMIUM, SESSION, record_in


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
    one, two = two_machines(backend, tmp_path)
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
    one, two = two_machines(backend, tmp_path)
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
    one, two = two_machines(backend, tmp_path)
    await _stored_twice(one)
    backend.blobs[SESSION].clear()

    async with two.owning() as keeper:
        with pytest.raises(SnapshotDamaged):
            await keeper.restore(two.folder)
        assert not two.folder.exists()


async def test_an_unsuitable_browser_is_refused(tmp_path: Path) -> None:
    backend = MemoryBackend()
    one, two = two_machines(backend, tmp_path)
    await _stored_twice(one)
    older = type(CHROMIUM)(version="120.0", engine=CHROMIUM.engine)

    async with two.owning() as keeper:
        with pytest.raises(IncompatibleBrowser):
            await keeper.restore(two.folder, browser=older)
