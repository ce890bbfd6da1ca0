"""A real browser that writes without pause is captured, and goes on elsewhere."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest
import pytest_asyncio

from blazz.auth_stores import MemoryAuth, SessionKey, StorageEngine, restore
from blazz.auth_stores.snapshot.contents import Snapshot
from blazz.errors import SourceChanged
from blazz.errors.web import CaptureFailed
from blazz.providers.web import capture as capturing
from blazz.providers.web.browser_storage import restore_documents
from blazz.providers.web.capture import (
    LEFTOVERS,
    Captured,
    Method,
    ProfileCapture,
    capture_closed,
)
from blazz.providers.web.driver import kept_driver
from blazz.security.keyring import KeyRing
from tests.servers.chromium import chromium_path
from tests.servers.writing_page import Verdict, Writer, look, writer

__all__ = ["chromium_path"]

Capture: TypeAlias = Callable[[], Awaitable[Snapshot]]

SESSION = SessionKey("acme", "main")
ITEM_BYTES = 8000

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def driver(chromium_path: Path) -> AsyncIterator[None]:
    """Playwright's driver, so that not each browser starts one."""
    async with kept_driver():
        yield


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[StorageEngine.LEVELDB, StorageEngine.SQLITE]
)
async def started_page(
    request: pytest.FixtureRequest, driver: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Writer]:
    """A page that has begun to write, and is at rest between tests."""
    async with writer(tmp_path_factory.mktemp("writer") / "profile", request.param) as opened:
        await opened.call("start", ITEM_BYTES)
        await opened.running.page.evaluate("localStorage.setItem('odd', 'x\\ud800y\\u0000é')")
        await opened.running.page.context.add_cookies(
            [{"name": "kept", "value": "1", "url": "https://writer.example/", "httpOnly": True}]
        )
        await opened.call("stop")
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(started_page: Writer) -> AsyncIterator[Writer]:
    """A page that writes."""
    await started_page.call("resume", ITEM_BYTES)
    yield started_page
    await started_page.call("stop")


@asynccontextmanager
async def at_rest(page: Writer) -> AsyncIterator[None]:
    """Let a page not write for a while, if it still runs: it takes all the time of a processor."""
    if page.running.closed.is_set():
        yield
        return
    await page.call("stop")
    yield
    await page.call("resume", ITEM_BYTES)


def profile_capture(page: Writer, told: list[Captured]) -> ProfileCapture:
    return ProfileCapture(
        pid=page.running.pid,
        user_data=page.running.user_data,
        page=page.running.page,
        browser=page.browser,
        on_captured=told.append,
    )


async def opened_elsewhere(capture: Capture, page: Writer, folder: Path) -> Verdict:
    async with MemoryAuth(keyring=KeyRing.generate()) as store:
        lease = await store.acquire(SESSION, "test")
        try:
            await store.save(await capture(), lease)
        except SourceChanged:  # again, as `Backups` does
            await store.save(await capture(), lease)
        async with at_rest(page):
            restored = await restore(store, SESSION, folder, browser=page.browser)
            storage = restore_documents(restored.documents)
            return await look(folder, page.browser.engine, storage)


def check(verdict: Verdict) -> None:
    assert verdict.unreadable is None
    assert verdict.whole
    assert verdict.together
    assert verdict.key
    assert verdict.tick > 0
    assert not verdict.stale


async def writes_on(page: Writer) -> bool:
    before = await page.call("tick")
    with anyio.fail_after(60):
        while await page.call("tick") <= before:
            await anyio.lowlevel.checkpoint()
    return True


async def test_a_browser_that_writes(page: Writer, tmp_path: Path) -> None:
    told: list[Captured] = []
    capture = profile_capture(page, told)
    snapshot = await capture()
    assert await writes_on(page)
    (captured,) = told
    assert captured.method is Method.STOPPED
    assert captured.reason is None
    assert captured.pause > 0
    assert captured.size == snapshot.size > ITEM_BYTES
    assert snapshot.browser == page.browser
    check(await opened_elsewhere(capture, page, tmp_path / "restored"))


async def test_a_browser_that_may_not_be_stopped(
    page: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two databases may be apart then, but each is whole."""
    monkeypatch.setattr(capturing, "_cannot_stop", lambda: "not here")
    told: list[Captured] = []
    verdict = await opened_elsewhere(profile_capture(page, told), page, tmp_path / "restored")
    assert told[0].method is Method.ORDERED
    assert told[0].reason == "not here"
    assert told[0].pause == 0
    assert verdict.unreadable is None
    assert verdict.whole
    assert verdict.key
    assert not verdict.stale


async def test_documents_hold_what_files_do_not_have_yet(page: Writer) -> None:
    snapshot = await profile_capture(page, [])()
    storage = restore_documents(snapshot.documents)
    assert storage is not None
    assert storage.local_storage["odd"] == "x\ud800y\0é"
    assert int(storage.local_storage["tick"]) > 0
    (cookie,) = storage.cookies
    assert (cookie["name"], cookie["httpOnly"]) == ("kept", True)
    assert all(ord(letter) < 128 for letter in snapshot.documents["cookies.json"].decode())


async def test_only_what_a_restore_needs_is_taken(page: Writer) -> None:
    snapshot = await profile_capture(page, [])()
    assert all(file.path.startswith("Default/IndexedDB/") for file in snapshot.files)
    assert not [file.path for file in snapshot.files if file.path.endswith(("/LOCK", "/LOG"))]
    assert set(snapshot.documents) == {"local_storage.json", "cookies.json"}


async def test_the_engine_is_the_one_that_the_files_show(page: Writer) -> None:
    told = {
        StorageEngine.LEVELDB: StorageEngine.SQLITE,
        StorageEngine.SQLITE: StorageEngine.LEVELDB,
    }
    capture = ProfileCapture(
        pid=page.running.pid,
        user_data=page.running.user_data,
        page=page.running.page,
        browser=dataclasses.replace(page.browser, engine=told[page.browser.engine]),
    )
    assert (await capture()).browser == page.browser


async def test_leftovers_are_removed(page: Writer) -> None:
    folder = page.running.user_data / LEFTOVERS
    (folder / "of-a-process-that-was-killed").mkdir(parents=True, exist_ok=True)
    capture = profile_capture(page, [])
    snapshot = await capture()
    another = await capture()
    assert len(list(folder.iterdir())) == 2
    assert all(each.files[0].source.folder.path.is_dir() for each in (snapshot, another))  # type: ignore[attr-defined]
    del snapshot, another
    with anyio.fail_after(60):
        while list(folder.iterdir()):  # another thread does it
            await anyio.lowlevel.checkpoint()


async def test_a_page_that_is_elsewhere(page: Writer) -> None:
    blank = await page.running.context.new_page()
    capture = ProfileCapture(
        pid=page.running.pid,
        user_data=page.running.user_data,
        page=blank,
        browser=page.browser,
    )
    with pytest.raises(CaptureFailed, match="about:blank"):
        await capture()
    await blank.close()
    assert await writes_on(page)


async def test_a_session_at_rest_uploads_nothing_and_closes_whole(
    driver: None, tmp_path: Path
) -> None:
    async with (
        MemoryAuth(keyring=KeyRing.generate()) as store,
        writer(tmp_path / "profile", StorageEngine.LEVELDB) as page,
    ):
        lease = await store.acquire(SESSION, "test")
        await page.call("start", ITEM_BYTES)
        assert await writes_on(page)
        last = await page.call("stop")
        capture = profile_capture(page, [])
        first = await store.save(await capture(), lease)
        again = await store.save(await capture(), lease)
        assert not first.unchanged
        assert again.unchanged
        assert again.uploaded == 0
        await page.running.close()
        told: list[Captured] = []
        close = partial(
            capture_closed, page.running.user_data, browser=page.browser, on_captured=told.append
        )
        assert (await close()).documents == {}
        assert told[0].method is Method.CLOSED
        verdict = await opened_elsewhere(close, page, tmp_path / "restored")
        check(verdict)
        assert verdict.tick == verdict.storage == last


async def test_a_database_that_is_written_over_is_copied_the_next_time(
    driver: None, tmp_path: Path
) -> None:
    async with writer(tmp_path / "profile", StorageEngine.SQLITE) as page:
        await page.call("open")
        await page.call("use", 60, ITEM_BYTES)
        capture = profile_capture(page, [])
        snapshot = await capture()
        large = next(
            file
            for file in snapshot.files
            if file.path.endswith("-wal") and file.source.size > 300_000
        )
        linked = next((tmp_path / "profile" / LEFTOVERS).rglob(large.source.kept))  # type: ignore[attr-defined]
        await page.running.close()  # which empties the log
        assert linked.stat().st_nlink == 1
        with linked.open("r+b") as log:
            log.write(b"another header")
        with pytest.raises(SourceChanged, match="-wal"):
            await large.source.read(0, 100)
        assert capture._copies
        assert json.loads(snapshot.documents["local_storage.json"])["tick"] == "60"
