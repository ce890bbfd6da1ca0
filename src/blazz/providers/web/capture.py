"""Takes a snapshot of a browser: while it runs, or after it was closed."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread

from blazz.auth_stores.clock import unstopped
from blazz.auth_stores.profiles import profile_files, storage_engine
from blazz.auth_stores.snapshot.contents import (
    Browser,
    Kind,
    Snapshot,
    SnapshotFile,
    StorageEngine,
)
from blazz.errors.web import CaptureFailed
from blazz.providers.web import capture_program
from blazz.providers.web.browser_storage import read_storage
from blazz.providers.web.kept_files import KeptFile, KeptFolder, kept_identities
from blazz.providers.web.watchdog.taking import in_leveldb

if TYPE_CHECKING:
    from playwright.async_api import Page

PARTS: Final = ("Default/IndexedDB",)
"""What is taken of the folder of a running browser. Its localStorage and cookies are documents: the
files of these are late, and change long after what is in them."""

LEFTOVERS: Final = ".blazz-capture"
"""The folder in the browser's folder where its files are kept while they are stored."""


class Method(enum.StrEnum):
    """How the files were taken."""

    STOPPED = "stopped"
    """Within one moment, in which the browser stood still."""
    ORDERED = "ordered"
    """While it ran. Each database is whole and of one moment, but not all of the same: they are a
    few milliseconds apart. Used where a browser cannot be stopped."""
    CLOSED = "closed"
    """After it had been closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """How a snapshot was taken, and what it cost.

    Attributes:
        method: How its files were taken.
        reason: Why the browser was not stopped; None if it was, or was closed.
        pause: The seconds that the browser stood still, the longest if it was more than once.
        seconds: How long all of it took.
        attempts: How often the files had to be taken until they were those of one moment.
        size: The bytes of the snapshot.
    """

    method: Method
    reason: str | None
    pause: float
    seconds: float
    attempts: int
    size: int


class ProfileCapture:
    """Takes snapshots of one running browser.

    On Linux the browser stands still for some milliseconds, all its processes at once. Elsewhere,
    or where we may not stop it, the files are taken in an order in which each database stays whole;
    `Captured` tells which it was. No file of a snapshot is older than another, and its localStorage
    is read last: it is as new as the files or newer.

    The files of a snapshot are links to those of the browser, in the folder `.blazz-capture` in
    that of the browser. They are removed when the snapshot is not used any more, when our process
    dies in the middle, and at the latest by the next capture. Databases of SQLite change in place:
    each read of them is proved, and raises `SourceChanged` if it came too late. From then on they
    are copied.

    Args:
        pid: The browser's first process.
        user_data: Its user data folder.
        page: The page of the application.
        browser: What is recorded of the browser. Its storage engine is corrected if its files show
            another one.
        on_captured: Is told of each capture, for gauges.
        python: The interpreter that takes the files, in a process of its own.
        timeout: Seconds that taking the files may take; on a slow disk databases take long to copy.

    Example:
        ::

            capture = ProfileCapture(
                pid=running.pid, user_data=folder, page=running.page, browser=chromium
            )
            keeper.start(capture)
    """

    def __init__(
        self,
        *,
        pid: int,
        user_data: Path,
        page: Page,
        browser: Browser,
        on_captured: Callable[[Captured], None] = lambda _: None,
        python: str = sys.executable,
        timeout: float = 60.0,
    ) -> None:
        self._pid = pid
        self._user_data = user_data.absolute()
        self._page = page
        self._browser = browser
        self._on_captured = on_captured
        self._python = python
        self._timeout = timeout
        self._lock = anyio.Lock()
        self._kept: set[Path] = set()
        self._copies = False

    async def __call__(self) -> Snapshot:
        """Take a snapshot of the browser as it is.

        Raises:
            CaptureFailed: It could not be taken; the browser runs on.
        """
        async with self._lock:
            return await self._take()

    async def _take(self) -> Snapshot:
        started = unstopped()
        target = await anyio.to_thread.run_sync(self._make_target)
        folder = KeptFolder(target, self._kept)
        answer = await self._take_files(target)
        # Not before: the page writes on, and what it has told would be older than its files. In a
        # task of its own: Playwright looks at the stack of its caller in a way that keeps it, with
        # the folder and the snapshot in it, until the garbage is collected.
        storage = await asyncio.create_task(read_storage(self._page))
        snapshot = Snapshot(
            kind=Kind.WEB,
            files=await self._kept_files(folder, answer),
            documents=storage.to_documents(),
            browser=_as_found(self._browser, [name for name, *_ in answer["files"]]),
            captured_at=datetime.fromtimestamp(answer["at"], UTC),
        )
        captured = Captured(
            method=Method(answer["method"]),
            reason=answer["reason"],
            pause=answer["pause"],
            seconds=unstopped() - started,
            attempts=answer["attempts"],
            size=snapshot.size,
        )
        self._on_captured(captured)
        return snapshot

    async def _take_files(self, target: Path) -> dict[str, Any]:
        """Have the files taken; the answer of the program that did it."""
        request = capture_program.Request(
            pid=self._pid,
            folder=self._user_data,
            parts=PARTS,
            target=target,
            copies=self._copies,
        )
        if reason := _cannot_stop():
            answer = await anyio.to_thread.run_sync(capture_program.capture_running, request)
            return {**answer, "reason": reason}
        return await capture_program.run(request, python=self._python, timeout=self._timeout)

    async def _kept_files(
        self, folder: KeptFolder, answer: Mapping[str, Any]
    ) -> tuple[SnapshotFile, ...]:
        taken, at = answer["files"], answer["at"]
        sizes = {kept: size for _, kept, size, _ in taken}
        identities = await anyio.to_thread.run_sync(kept_identities, folder.path, at, sizes)
        return tuple(
            SnapshotFile(
                name,
                KeptFile(
                    folder=folder,
                    kept=kept,
                    name=name,
                    size=size,
                    proof=proof,
                    on_late=self._came_late,
                ),
                identity=identities.get(kept),
            )
            for name, kept, size, proof in taken
        )

    def _came_late(self) -> None:
        self._copies = True

    def _make_target(self) -> Path:
        """Remove what nobody uses any more, and make a new folder."""
        leftovers = self._user_data / LEFTOVERS
        try:
            leftovers.mkdir(mode=0o700, exist_ok=True)
            for each in set(leftovers.iterdir()) - self._kept:
                shutil.rmtree(each, ignore_errors=True)
            target = leftovers / secrets.token_hex(8)
            target.mkdir(mode=0o700)
        except OSError as error:
            raise CaptureFailed(f"{leftovers}: {error}") from error
        return target


async def capture_closed(
    user_data: Path, *, browser: Browser, on_captured: Callable[[Captured], None] = lambda _: None
) -> Snapshot:
    """Take a snapshot of a browser that was closed in good order.

    A browser that was killed has not written its localStorage: its last snapshot is better.

    Args:
        user_data: The user data folder; it must not be used until the snapshot is stored.
        browser: What is recorded of the browser. Its storage engine is corrected if its files show
            another one.
        on_captured: Is told of it, for gauges.

    Raises:
        InvalidValue: There is no such folder, or something in it is neither file nor folder.
        SourceChanged: A file vanished meanwhile: a browser is using it.
    """
    started = unstopped()
    files = await anyio.to_thread.run_sync(profile_files, user_data)
    engine = await anyio.to_thread.run_sync(storage_engine, user_data)
    snapshot = Snapshot(
        kind=Kind.WEB,
        files=files,
        browser=dataclasses.replace(browser, engine=engine or browser.engine),
    )
    captured = Captured(
        method=Method.CLOSED,
        reason=None,
        pause=0.0,
        seconds=unstopped() - started,
        attempts=1,
        size=snapshot.size,
    )
    on_captured(captured)
    return snapshot


def _as_found(browser: Browser, names: Sequence[str]) -> Browser:
    """The browser with the engine that its files show; a browser may not do as it was told."""
    if not names:
        return browser
    found = StorageEngine.LEVELDB if any(map(in_leveldb, names)) else StorageEngine.SQLITE
    return dataclasses.replace(browser, engine=found)


def _cannot_stop() -> str | None:
    """Why no process can be stopped here; None: it can be tried."""
    if not sys.platform.startswith("linux"):
        return f"processes are not stopped on {sys.platform}"
    if not Path("/proc/self/task").is_dir():
        return "/proc is not there"
    return None
