"""Starts a browser on a profile folder, so that nothing of it outlives this process."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread

from blazz.errors.web import BrowserFailed
from blazz.providers.web.browser import RunningBrowser
from blazz.providers.web.driver import has_died, this_loops_driver
from blazz.providers.web.finding import find_chromium
from blazz.providers.web.flags import command_line, wants_sandbox
from blazz.providers.web.processes import ProcessTree, browsers_of, kill_browsers_of
from blazz.providers.web.profiles import ProfileLock, hold_profile
from blazz.providers.web.settings import BrowserSettings, Launcher
from blazz.providers.web.start_log import why_it_did_not_start

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

_ATTEMPTS: Final = 2
_DRIVER_SECONDS: Final = 5.0


async def launch(
    settings: BrowserSettings, user_data: Path, *, held: ProfileLock | None = None
) -> RunningBrowser:
    """Start a browser on a profile folder.

    It ends with this process, however that ends: it listens on a pipe whose other end is held by
    Playwright's driver, which listens on a pipe whose other end we hold. If this is cancelled, a
    browser that is just starting is waited for and ended.

    Args:
        settings: How it is to be.
        user_data: The profile folder; made if it is missing. A file and a folder beside it, with
            `.lock` and `.scratch` behind its name, exist while the browser runs.
        held: The lock of that folder, if it was taken before, such as to restore something into
            it. It is released with the browser, also if that does not start.

    Raises:
        BrowserNotFound: There is no Chromium.
        ProfileInUse: Another browser uses the profile, of this process or of another.
        BrowserFailed: It does not start.
        MissingDependency: Playwright is not installed.
    """
    user_data = user_data.absolute()  # noqa: ASYNC240  # touches no disk
    lock = held or await hold_profile(user_data)
    try:
        program = find_chromium(settings.executable, headless=settings.headless)
        options = _options(settings, program, lock.scratch)
        context, give_back = await _start(settings, user_data, options)
        try:
            return await _described(settings, user_data, context, lock, give_back)
        except BaseException:
            await give_back()
            raise
    except BaseException:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_abandon, user_data, lock)
        raise


def _abandon(user_data: Path, lock: ProfileLock) -> None:
    kill_browsers_of(user_data)
    lock.release()


def _options(settings: BrowserSettings, program: Path, scratch: Path) -> dict[str, Any]:
    """What Playwright is told."""
    sandbox = wants_sandbox(settings)
    options: dict[str, Any] = {
        "executable_path": program,
        "headless": settings.headless,
        "args": command_line(settings, sandbox=sandbox),
        "chromium_sandbox": sandbox,
        "no_viewport": True,
        "accept_downloads": False,
        "artifacts_dir": scratch,
        "timeout": settings.start_timeout * 1000,
        # Signals are for our process: it closes its browsers in good order, or dies with them.
        "handle_sigint": False,
        "handle_sigterm": False,
        "handle_sighup": False,
    }
    if settings.proxy is not None:
        proxy = settings.proxy
        password = proxy.password.reveal() if proxy.password else None
        given = {
            "server": proxy.server,
            "username": proxy.username,
            "password": password,
            "bypass": proxy.bypass,
        }
        options["proxy"] = {name: value for name, value in given.items() if value is not None}
    return options


async def _start(
    settings: BrowserSettings, user_data: Path, options: dict[str, Any]
) -> tuple[BrowserContext, Callable[[], Awaitable[None]]]:
    """Start it with the user's launcher or with ours; also what gives the launcher back."""
    if settings.launcher is not None:
        return await _launched(settings.launcher, user_data, options), _nothing
    driver = this_loops_driver()
    playwright = await driver.take()
    try:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                context = await _launched(playwright.chromium, user_data, options)
            except BrowserFailed:
                if attempt == _ATTEMPTS or not await has_died(playwright):
                    raise
                playwright = await driver.replace(playwright)
            else:
                return context, driver.give_back
        raise AssertionError
    except BaseException:
        await driver.give_back()
        raise


async def _nothing() -> None:
    """The launcher is the user's to stop."""


async def _launched(launcher: Launcher, user_data: Path, options: dict[str, Any]) -> BrowserContext:
    start = launcher.launch_persistent_context
    if "artifacts_dir" not in inspect.signature(start).parameters:
        options = {name: value for name, value in options.items() if name != "artifacts_dir"}
    try:
        # Half a start would leave a browser behind that nobody knows of yet. The driver keeps to
        # the timeout itself, unless it hangs.
        with anyio.fail_after(options["timeout"] / 1000 + _DRIVER_SECONDS, shield=True):
            context = await start(user_data, **options)
    except Exception as error:  # patchright and the like have error classes of their own
        raise BrowserFailed(why_it_did_not_start(options["executable_path"], str(error))) from error
    return context


async def _described(
    settings: BrowserSettings,
    user_data: Path,
    context: BrowserContext,
    lock: ProfileLock,
    give_back: Callable[[], Awaitable[None]],
) -> RunningBrowser:
    """Find out what was started."""
    pids = await anyio.to_thread.run_sync(browsers_of, user_data)
    if not pids:
        raise BrowserFailed("Chromium started and ended at once")
    try:
        page = context.pages[0] if context.pages else await context.new_page()
        browser = context.browser
        version = browser.version if browser is not None else await _version(context)
    except Exception as error:  # patchright and the like have error classes of their own
        raise BrowserFailed(f"Chromium started and ended at once: {error}") from error
    return RunningBrowser(
        process=ProcessTree(pids[0]),
        version=version,
        user_data=user_data,
        settings=settings,
        context=context,
        page=page,
        lock=lock,
        give_back=give_back,
    )


async def _version(context: BrowserContext) -> str:
    """The version, where Playwright does not tell it: older ones hide the browser of a profile."""
    session = await context.new_cdp_session(context.pages[0])
    told = await session.send("Browser.getVersion")
    await session.detach()
    return str(told["product"]).rpartition("/")[2]
