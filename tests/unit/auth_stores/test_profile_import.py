"""Bringing in a browser's profile folder, as another program has left it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from blazz.auth_stores import Kind, MemoryAuth, StorageEngine, import_profile
from blazz.errors import InvalidValue, SourceChanged, StaleSnapshot
from blazz.testing.auth_stores import read_files
from tests.sessions import SESSION, web

INDEXED_DB = "Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """What whatsapp-web.js's LocalAuth leaves of a session, with some of its caches."""
    root = tmp_path / "session-main"
    contents = {
        f"{INDEXED_DB}/CURRENT": "MANIFEST-000001",
        f"{INDEXED_DB}/000003.log": "keys",
        f"{INDEXED_DB}/LOCK": "",
        "Default/Local Storage/leveldb/000004.log": "WAToken1",
        "Default/Cookies": "cookies",
        "Default/Cache/Cache_Data/data_0": "a picture",
        "GrShaderCache/data_1": "shaders",
        "Last Version": "131.0.6778.85",
    }
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


async def test_what_a_session_needs_is_stored_with_the_browser_that_wrote_it(profile: Path) -> None:
    store = MemoryAuth()

    saved = await import_profile(profile, store, SESSION)

    stored = await store.load(SESSION, kind=Kind.WEB)
    assert stored.revision == saved.revision
    assert stored.browser is not None
    assert (stored.browser.version, stored.browser.engine) == (
        "131.0.6778.85",
        StorageEngine.LEVELDB,
    )
    assert await read_files(stored) == {
        f"{INDEXED_DB}/CURRENT": b"MANIFEST-000001",
        f"{INDEXED_DB}/000003.log": b"keys",
        "Default/Local Storage/leveldb/000004.log": b"WAToken1",
        "Default/Cookies": b"cookies",
    }
    assert await store.holder(SESSION) is None


async def test_a_version_may_be_given_and_must_be_known(profile: Path) -> None:
    (profile / "Last Version").unlink()
    with pytest.raises(InvalidValue, match="Last Version"):
        await import_profile(profile, MemoryAuth(), SESSION)

    store = MemoryAuth()
    await import_profile(profile, store, SESSION, version="120.0.1.2")
    browser = (await store.load(SESSION)).browser
    assert browser is not None
    assert browser.version == "120.0.1.2"


async def test_a_folder_without_a_page_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="user data folder"):
        await import_profile(tmp_path, MemoryAuth(), SESSION)
    (tmp_path / "Default").mkdir()
    with pytest.raises(InvalidValue, match="a page has stored something"):
        await import_profile(tmp_path, MemoryAuth(), SESSION)


@pytest.mark.parametrize("host", [socket.gethostname(), "another-machine"])
async def test_a_profile_that_a_browser_has_open_is_refused(profile: Path, host: str) -> None:
    (profile / "SingletonLock").symlink_to(f"{host}-{os.getpid()}")

    with pytest.raises(SourceChanged, match="open in a browser"):
        await import_profile(profile, MemoryAuth(), SESSION)


@pytest.fixture
def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        return gone.pid


async def test_a_browser_that_was_killed_has_no_profile_open(
    profile: Path, ended_process: int
) -> None:
    (profile / "SingletonLock").symlink_to(f"{socket.gethostname()}-{ended_process}")

    await import_profile(profile, MemoryAuth(), SESSION)


async def test_a_browser_that_comes_up_meanwhile_leaves_nothing_stored(profile: Path) -> None:
    class Slow(MemoryAuth):
        async def save(self, snapshot, lease, **options):
            (profile / "SingletonLock").symlink_to(f"{socket.gethostname()}-{os.getpid()}")
            return await super().save(snapshot, lease, **options)

    store = Slow()
    with pytest.raises(SourceChanged):
        await import_profile(profile, store, SESSION)

    assert await store.history(SESSION) == []


async def test_a_session_that_is_stored_already_is_not_covered_up(profile: Path) -> None:
    store = MemoryAuth()
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"Default/log": b"newer"}), lease)
    await store.release(lease)

    with pytest.raises(StaleSnapshot, match="force"):
        await import_profile(profile, store, SESSION)
    saved = await import_profile(profile, store, SESSION, force=True)

    assert saved.revision.number == 2
