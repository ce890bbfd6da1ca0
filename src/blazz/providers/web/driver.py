"""Playwright's driver: one process for all browsers of an event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from blazz.errors import MissingDependency
from blazz.errors.web import BrowserFailed
from blazz.providers.web.assets import cache_folder
from blazz.providers.web.compile_cache import compile_cache
from blazz.providers.web.processes import ProcessTree, drivers
from blazz.providers.web.reaper import Reaper

if TYPE_CHECKING:
    from playwright.async_api import Playwright

_ANSWER_SECONDS: Final = 10.0
_START_SECONDS: Final = 60.0
"""It takes a third of a second, or some on a busy machine. Nothing can cancel one that hangs."""


class Driver:
    """A driver that lives as long as somebody needs it.

    It is a Node.js process of about 120 MB, so browsers share it. Whoever takes it gives it back;
    with the last one it ends.
    """

    def __init__(self) -> None:
        self.preparing = anyio.Semaphore(os.cpu_count() or 1)
        """Room for browsers that are started before their sessions are ours."""
        self._changing = anyio.Lock()
        self._holders = 0
        self._playwright: Playwright | None = None
        self._process: ProcessTree | None = None
        self._reaper: Reaper | None = None

    async def take(self) -> Playwright:
        """Start it unless it runs.

        Raises:
            MissingDependency: Playwright is not installed.
            BrowserFailed: It does not start.
        """
        async with self._changing:
            playwright = self._playwright or await self._start()
            self._holders += 1
            return playwright

    async def give_back(self) -> None:
        """Stop it if nobody else needs it."""
        with anyio.CancelScope(shield=True):
            async with self._changing:
                self._holders -= 1
                if self._holders == 0:
                    await self._stop()

    async def replace(self, broken: Playwright) -> Playwright:
        """Start another one in place of one that has died; whoever holds it holds the new one."""
        async with self._changing:
            if self._playwright is broken:
                await self._stop()
            return self._playwright or await self._start()

    async def _start(self) -> Playwright:
        try:
            from playwright.async_api import async_playwright
        except ImportError:
            raise MissingDependency("playwright", extra="web") from None
        with anyio.CancelScope(shield=True):  # half a start would leave a process behind
            before = await anyio.to_thread.run_sync(drivers)
            manager = async_playwright()
            try:
                with compile_cache(cache_folder() / "node"), anyio.fail_after(_START_SECONDS):
                    self._playwright = playwright = await manager.start()
            except Exception as error:
                if (half := await _started_since(before)) is not None:
                    await anyio.to_thread.run_sync(half.kill)
                reason = str(error) or f"it took over {_START_SECONDS:g} s"
                raise BrowserFailed(f"Playwright's driver did not start: {reason}") from error
            _hear_of_its_death(manager)
            self._process = await _started_since(before)
        if self._process is not None:
            self._reaper = Reaper(self._process.pid)
        return playwright

    async def _stop(self) -> None:
        playwright, self._playwright = self._playwright, None
        if playwright is None:
            return
        with anyio.move_on_after(_ANSWER_SECONDS, shield=True) as stopping:
            await playwright.stop()
        if stopping.cancelled_caught and self._process is not None:
            # It hangs. If it went on later, it would do what it was asked to before.
            await anyio.to_thread.run_sync(self._process.kill)
        reaper, self._reaper = self._reaper, None
        if reaper is not None:
            await anyio.to_thread.run_sync(reaper.dismiss)


async def _started_since(before: set[int]) -> ProcessTree | None:
    """The driver that was started since these ran; None if that cannot be told.

    Playwright does not tell its pid. If another was started just now, ours is not known.
    """
    made = await anyio.to_thread.run_sync(drivers) - before
    return ProcessTree(made.pop()) if len(made) == 1 else None


def _hear_of_its_death(manager: object) -> None:
    """Look at the error that Playwright keeps when its driver dies.

    It looks itself only while the driver starts. Later asyncio would log that nobody did, although
    whoever calls anything is told, and a dead driver is replaced.
    """
    for name in ("_client", "_connection"):  # it has had both names
        transport = getattr(getattr(manager, name, None), "_transport", None)
        error = getattr(transport, "on_error_future", None)
        if isinstance(error, asyncio.Future):
            error.add_done_callback(lambda it: it.cancelled() or it.exception())


def this_loops_driver() -> Driver:
    """The driver of the running event loop."""
    driver = _DRIVER.get(None)
    if driver is None:
        driver = Driver()
        _DRIVER.set(driver)
    return driver


@asynccontextmanager
async def kept_driver() -> AsyncIterator[None]:
    """Keep the driver running, for whoever starts browsers one after another."""
    driver = this_loops_driver()
    await driver.take()
    try:
        yield
    finally:
        await driver.give_back()


async def has_died(playwright: Playwright) -> bool:
    """Whether a driver does not answer any more."""
    from playwright.async_api import Error

    try:
        with anyio.fail_after(_ANSWER_SECONDS):
            probe = await playwright.request.new_context()
            await probe.dispose()
    except (Error, TimeoutError, OSError):
        return True
    return False


# Playwright belongs to the event loop that started it, so each loop has its own; there is nothing
# else that all sessions of a loop, possibly of several clients, have in common.
_DRIVER: Final[RunVar[Driver]] = RunVar("blazz Playwright driver")
