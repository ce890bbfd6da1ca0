"""Restoring: whole or not at all, and never over something newer."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from blazz.auth_stores import Browser, MemoryAuth, StorageEngine, restore
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.restoring import STATE_FILE, check_browser, read_state, write_state
from blazz.errors import (
    DiskFailed,
    IncompatibleBrowser,
    SnapshotNotFound,
    StaleSnapshot,
    StoreUnavailable,
)
from tests.faulty import FaultyBackend
from tests.sessions import CHROMIUM, CHUNK, OTHER, RING, SESSION, names_in, noise, web

FILES = {
    "Default/IndexedDB/x.leveldb/000003.log": noise(CHUNK * 3 + 5),
    "Default/IndexedDB/x.leveldb/empty": b"",
    "Default/Cookies": noise(100, seed=1),
}


@pytest.fixture
async def store() -> MemoryAuth:
    store = MemoryAuth(FaultyBackend(), keyring=RING)
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"Default/old": b"old"}), lease)
    await store.save(web(FILES, documents={"local.json": b"{}"}), lease)
    return store


def _content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != STATE_FILE
    }


async def test_a_session_is_restored_into_a_new_folder(store: MemoryAuth, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "profile"

    restored = await restore(store, SESSION, folder, browser=CHROMIUM)

    assert _content(folder) == FILES
    assert restored.revision.number == 2
    assert restored.documents == {"local.json": b"{}"}
    assert (restored.browser, restored.skipped, restored.notes) == (CHROMIUM, (), ())
    assert names_in(folder.parent) == {"profile"}
    modes = {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("Default/**/*")]}
    assert modes == {0}


async def test_an_empty_folder_is_filled(store: MemoryAuth, tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()

    await restore(store, SESSION, tmp_path / "profile")

    assert _content(tmp_path / "profile") == FILES


async def test_an_older_state_is_replaced_whole(store: MemoryAuth, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    await restore(store, SESSION, folder, revision=1, force=True)
    assert _content(folder) == {"Default/old": b"old"}
    (folder / "Default/new").write_bytes(b"written since")

    await restore(store, SESSION, folder)

    assert _content(folder) == FILES
    assert names_in(tmp_path) == {"profile"}


async def test_a_state_that_went_on_is_not_replaced(store: MemoryAuth, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    await restore(store, SESSION, folder)
    (folder / "Default/Cookies").write_bytes(b"later")

    with pytest.raises(StaleSnapshot, match="holds revision 2 or what came after it"):
        await restore(store, SESSION, folder)
    assert (folder / "Default/Cookies").read_bytes() == b"later"
    write_state(folder, SESSION, 7)
    with pytest.raises(StaleSnapshot, match="holds revision 7"):
        await restore(store, SESSION, folder)

    await restore(store, SESSION, folder, force=True)
    assert _content(folder) == FILES
    state = read_state(folder)
    assert state is not None
    assert (state.session, state.revision) == (SESSION, 2)


async def test_what_no_restore_has_made_is_not_replaced(store: MemoryAuth, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    folder.mkdir()
    (folder / "Default").write_bytes(b"a profile of unknown age")

    with pytest.raises(StaleSnapshot, match="no restore has made"):
        await restore(store, SESSION, folder)
    (folder / STATE_FILE).write_bytes(b"garbled")
    with pytest.raises(StaleSnapshot, match="no restore has made"):
        await restore(store, SESSION, folder)
    write_state(folder, OTHER, 1)
    with pytest.raises(StaleSnapshot, match="holds the session acme/sales"):
        await restore(store, SESSION, folder)


async def test_an_older_revision_needs_force(store: MemoryAuth, tmp_path: Path) -> None:
    with pytest.raises(StaleSnapshot, match="revision 1 is older than 2"):
        await restore(store, SESSION, tmp_path / "profile", revision=1)
    with pytest.raises(SnapshotNotFound, match="no revision 9"):
        await restore(store, SESSION, tmp_path / "profile", revision=9)
    with pytest.raises(SnapshotNotFound):
        await restore(store, OTHER, tmp_path / "profile")
    assert names_in(tmp_path) == set()


async def test_falling_back_never_goes_behind_the_local_state(
    store: MemoryAuth, tmp_path: Path
) -> None:
    folder = tmp_path / "profile"
    await restore(store, SESSION, folder, revision=1, force=True)
    backend = store.backend
    assert isinstance(backend, MemoryBackend)
    newest = max(name for name in backend.blobs[SESSION] if "/manifests/" in name)
    backend.blobs[SESSION][newest] = b"damaged"

    with pytest.raises(StaleSnapshot, match="holds revision 1 or what came after it"):
        await restore(store, SESSION, folder)
    assert _content(folder) == {"Default/old": b"old"}


async def test_the_disk_is_full(
    store: MemoryAuth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "profile"
    await restore(store, SESSION, folder, revision=1, force=True)

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(DiskFailed, match="No space left"):
            await restore(store, SESSION, folder)
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    with monkeypatch.context() as broken:
        broken.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(DiskFailed, match="1,000 are free"):
            await restore(store, SESSION, folder)

    assert _content(folder) == {"Default/old": b"old"}
    assert names_in(tmp_path) == {"profile"}


async def test_a_store_that_goes_away_leaves_the_folder_as_it_was(
    store: MemoryAuth, tmp_path: Path
) -> None:
    folder = tmp_path / "profile"
    await restore(store, SESSION, folder, revision=1, force=True)
    backend = store.backend
    assert isinstance(backend, FaultyBackend)
    backend.fail("get", times=100)

    with pytest.raises(StoreUnavailable):
        await restore(store, SESSION, folder)

    assert _content(folder) == {"Default/old": b"old"}
    assert names_in(tmp_path) == {"profile"}


async def test_a_rename_that_fails_puts_the_old_folder_back(
    store: MemoryAuth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "profile"
    await restore(store, SESSION, folder, revision=1, force=True)
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if "restoring" in path.name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(DiskFailed):
        await restore(store, SESSION, folder)

    assert _content(folder) == {"Default/old": b"old"}


async def test_what_an_interrupted_restore_left_is_removed(
    store: MemoryAuth, tmp_path: Path
) -> None:
    for name in (".profile.restoring-12", ".profile.replaced-34", ".other.restoring-56"):
        (tmp_path / name).mkdir()

    await restore(store, SESSION, tmp_path / "profile")

    assert names_in(tmp_path) == {"profile", ".other.restoring-56"}


async def test_a_link_in_the_way_is_not_followed(store: MemoryAuth, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "profile").symlink_to(outside, target_is_directory=True)

    await restore(store, SESSION, tmp_path / "profile")

    assert list(outside.iterdir()) == []
    assert _content(tmp_path / "profile") == FILES


# Browsers

OLDER = replace(CHROMIUM, version="155.0.9999.0")
PATCHED = replace(CHROMIUM, version="156.0.8078.2")
NEWER = replace(CHROMIUM, version="157.0.1.0")
SQLITE = replace(CHROMIUM, engine=StorageEngine.SQLITE)


@pytest.mark.parametrize(
    ("opened_by", "message"), [(OLDER, "Chromium 155"), (SQLITE, "IndexedDB in sqlite")]
)
async def test_a_browser_that_would_not_understand_it_is_refused(
    store: MemoryAuth, tmp_path: Path, opened_by: Browser, message: str
) -> None:
    with pytest.raises(IncompatibleBrowser, match=message):
        await restore(store, SESSION, tmp_path / "profile", browser=opened_by)
    assert names_in(tmp_path) == set()

    restored = await restore(store, SESSION, tmp_path / "profile", browser=opened_by, force=True)
    assert message in restored.notes[0]


@pytest.mark.parametrize(
    ("opened_by", "notes"),
    [
        (CHROMIUM, 0),
        (NEWER, 0),
        (PATCHED, 1),
        (replace(CHROMIUM, flags=("--x",)), 1),
        (None, 0),
    ],
)
def test_what_can_be_lived_with_is_noted(opened_by: Browser | None, notes: int) -> None:
    assert len(check_browser(CHROMIUM, opened_by)) == notes
    assert check_browser(None, opened_by) == ()
