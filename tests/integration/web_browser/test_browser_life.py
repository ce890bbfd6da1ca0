"""Browsers are started, found in use, killed, and never outlive the process that started them."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

import anyio
import anyio.to_thread
import psutil
import pytest
from playwright.async_api import Playwright, async_playwright

from blazz.errors import Timeout
from blazz.errors.web import (
    BrowserDied,
    BrowserFailed,
    BrowserNotFound,
    PageCrashed,
    PageHung,
    ProfileInUse,
)
from blazz.providers.web.driver import this_loops_driver
from blazz.providers.web.launching import launch
from blazz.providers.web.line import PageLine
from blazz.providers.web.processes import drivers
from blazz.providers.web.settings import MEGABYTE, BrowserSettings, Proxy
from blazz.security.secret import Secret

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROGRAM = Path(__file__).with_name("browser_process.py")


@pytest.fixture
def plain(chromium_path: Path, driver: None) -> BrowserSettings:
    """A browser; nothing is loaded."""
    return BrowserSettings(executable=chromium_path)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@contextmanager
def other_process(program: Path, profile: Path, ending: str) -> Iterator[tuple[Popen[bytes], Any]]:
    """A process with a browser of its own, and the pids that it told."""
    command = [sys.executable, str(PROGRAM), str(program), str(profile), ending]
    temporary = profile.with_name("temporary")
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with Popen(command, stdout=PIPE, stderr=DEVNULL, env=environment) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


async def all_gone(pids: list[int]) -> bool:
    """Whether these processes end."""
    processes = []
    for pid in pids:
        try:
            processes.append(psutil.Process(pid))
        except psutil.NoSuchProcess:
            continue
    _, alive = await anyio.to_thread.run_sync(psutil.wait_procs, processes, 20)
    return alive == []


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def leftovers(profile: Path) -> set[str]:
    """What is beside the profile folder."""
    return {path.name for path in profile.parent.iterdir()} - {profile.name}


async def test_a_browser_is_small_and_closes_without_a_trace(
    plain: BrowserSettings, profile: Path
) -> None:
    browser = await launch(replace(plain, memory_limit=64 * MEGABYTE), profile)
    root = psutil.Process(browser.pid)
    tree = [root.pid, *(child.pid for child in root.children(recursive=True))]

    assert browser.version.count(".") == 3
    assert f"--user-data-dir={profile}" in root.cmdline()
    assert len(tree) == 2  # itself and one renderer; no zygote, GPU, network or utility process
    assert 16 * MEGABYTE < browser.memory() < 400 * MEGABYTE
    await browser.page.evaluate("void (globalThis.much = new Array(1e7).fill(1.5))")  # 80 MB
    assert browser.has_outgrown()
    async with anyio.create_task_group() as group:
        group.start_soon(browser.close)
        group.start_soon(browser.close)
    assert browser.closed.is_set()
    assert browser.memory() == 0
    assert not any(map(is_running, tree))
    assert leftovers(profile) == set()


async def test_what_is_no_browser_says_so(plain: BrowserSettings, profile: Path) -> None:
    with pytest.raises(
        BrowserFailed, match=r"true did not start: it ended at once \(exit code 0\)"
    ):
        await launch(replace(plain, executable=Path("/bin/true")), profile)
    with pytest.raises(BrowserNotFound, match="there is no program at /nowhere/chromium"):
        await launch(replace(plain, executable=Path("/nowhere/chromium")), profile)
    assert leftovers(profile) == set()


async def test_a_profile_has_one_browser(plain: BrowserSettings, profile: Path) -> None:
    browser = await launch(plain, profile)
    try:
        with pytest.raises(ProfileInUse):
            await launch(plain, profile)
    finally:
        await browser.close()
    await (await launch(plain, profile)).close()


async def test_a_profile_in_use_by_another_process_is_left_alone(
    plain: BrowserSettings, chromium_path: Path, profile: Path
) -> None:
    with other_process(chromium_path, profile, "wait") as (_, pids):
        with pytest.raises(ProfileInUse):
            await launch(plain, profile)
        assert is_running(pids["browser"])
    assert await all_gone(pids["all"])


@pytest.mark.parametrize("ending", ["exit", "raise", signal.SIGTERM, signal.SIGKILL])
async def test_a_browser_ends_with_its_process(
    chromium_path: Path, profile: Path, ending: str | signal.Signals
) -> None:
    how = ending if isinstance(ending, str) else "wait"
    with other_process(chromium_path, profile, how) as (process, pids):
        if isinstance(ending, signal.Signals):
            process.send_signal(ending)
        process.wait(60)
    assert await all_gone(pids["all"])
    assert list(profile.with_name("temporary").iterdir()) == []


async def test_the_next_start_clears_up_what_could_not_end(
    plain: BrowserSettings, chromium_path: Path, profile: Path
) -> None:
    with other_process(chromium_path, profile, "wait") as (process, pids):
        # Stopped, it cannot notice that both processes above it are gone.
        os.kill(pids["browser"], signal.SIGSTOP)
        # Stopped as well, or it may see its driver die first, and end the browser itself.
        process.send_signal(signal.SIGSTOP)
        for below in psutil.Process(process.pid).children():  # the driver, and who ends browsers
            below.kill()
        process.kill()
        process.wait()
    assert is_running(pids["browser"])
    assert leftovers(profile) == {"profile.lock", "profile.scratch", "temporary"}

    browser = await launch(plain, profile)
    assert not is_running(pids["browser"])
    await browser.close()
    assert leftovers(profile) == {"temporary"}


async def test_a_killed_browser_is_noticed_and_its_profile_is_free(
    plain: BrowserSettings, profile: Path
) -> None:
    browser = await launch(plain, profile)
    line = await PageLine.connect(browser)

    async def wait() -> None:
        with pytest.raises(BrowserDied):
            await line.evaluate("new Promise(() => {})", timeout=30, what="nothing")

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await line.evaluate("1", timeout=60, what="a sign of life")
        os.kill(browser.pid, signal.SIGKILL)
    await browser.closed.wait()
    with pytest.raises(BrowserDied):
        await line.send("Page.reload")
    await browser.kill()
    assert leftovers(profile) == set()
    await (await launch(plain, profile)).close()


async def test_a_hung_page_and_a_crashed_page_are_told_apart(
    plain: BrowserSettings, profile: Path, wa_js_path: Path
) -> None:
    from blazz.providers.web.bridge import Bridge

    browser = await launch(plain, profile)
    bridge = await Bridge.attach(browser, wa_js=wa_js_path, on_event=lambda name, value: None)
    await bridge.ping(60)
    with pytest.raises(Timeout):
        await bridge.line.evaluate("while (true);", timeout=0.1, what="a loop")
    with pytest.raises(PageHung, match=r"no sign of life within 0\.2 s"):
        await bridge.watch(every=60, timeout=0.2)
    renderer, *_ = psutil.Process(browser.pid).children()
    renderer.kill()
    with pytest.raises(PageCrashed):
        await bridge.watch(every=60, timeout=60)
    await browser.close()
    assert leftovers(profile) == set()


async def test_cancelling_a_start_leaves_nothing(plain: BrowserSettings, profile: Path) -> None:
    for seconds in (0.0, 0.02, 0.1):
        with anyio.move_on_after(seconds) as scope:
            await (await launch(plain, profile)).close()
        assert scope.cancelled_caught
        assert leftovers(profile) == set()
    await (await launch(plain, profile)).close()


async def test_a_users_own_launcher_starts_it(plain: BrowserSettings, profile: Path) -> None:
    async with async_playwright() as own:
        own_driver = psutil.Process().children()
        browser = await launch(replace(plain, launcher=own.chromium), profile)
        assert psutil.Process(browser.pid).parent() in own_driver
        await browser.close()
    assert leftovers(profile) == set()


async def test_browsers_share_a_driver_and_outlive_its_death(
    plain: BrowserSettings, tmp_path: Path
) -> None:
    browsers = [await launch(plain, tmp_path / name / "profile") for name in ("one", "two")]
    drivers = {psutil.Process(browser.pid).ppid() for browser in browsers}
    assert len(drivers) == 1
    (driver,) = drivers
    os.kill(driver, signal.SIGKILL)
    for browser in browsers:
        await browser.closed.wait()
        await browser.close()
    again = await launch(plain, tmp_path / "one" / "profile")
    assert psutil.Process(again.pid).ppid() != driver
    await again.close()
    assert await all_gone([browser.pid for browser in browsers])


async def test_a_driver_that_hangs_is_replaced(
    plain: BrowserSettings, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blazz.providers.web.launching._DRIVER_SECONDS", 0.1)
    monkeypatch.setattr("blazz.providers.web.driver._ANSWER_SECONDS", 1.0)
    first = await launch(plain, profile)
    driver = psutil.Process(first.pid).parent()
    await first.close()
    assert driver is not None
    driver.suspend()
    again = await launch(replace(plain, start_timeout=8.0), profile)
    assert psutil.Process(again.pid).parent() != driver
    assert await all_gone([driver.pid])
    await again.close()


async def test_everything_goes_through_the_proxy(plain: BrowserSettings, profile: Path) -> None:
    asked: list[bytes] = []

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            request = await stream.receive()
            asked.append(request)
            if b"Proxy-Authorization: Basic" not in request:
                await stream.send(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
                    b'realm="x"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
                )
                return
            await stream.send(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\n"
                b"Connection: close\r\n\r\n<title>hello</title>"
            )

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    proxy = Proxy(server=f"http://127.0.0.1:{port}", username="u", password=Secret("p"))
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, serve)
        browser = await launch(replace(plain, proxy=proxy), profile)
        line = await PageLine.connect(browser)
        await line.send("Page.navigate", {"url": "http://web.whatsapp.example/"})
        with anyio.fail_after(60):
            while not await line.evaluate("document.title", timeout=60, what="the title"):  # noqa: ASYNC110  # a page rings no bell
                await anyio.sleep(0.05)
        assert await line.evaluate("document.title", timeout=60, what="the title") == "hello"
        await browser.close()
        group.cancel_scope.cancel()
    assert asked[0].startswith(b"GET http://web.whatsapp.example/")


async def test_the_driver_ends_with_the_last_browser(plain: BrowserSettings, profile: Path) -> None:
    # The fixture keeps a driver; this one is apart from it.
    from blazz.providers.web.driver import Driver

    apart = Driver()
    first: Playwright = await apart.take()
    assert await apart.take() is first
    await apart.give_back()
    assert await first.request.new_context()
    await apart.give_back()
    again = await apart.take()
    assert again is not first
    await apart.give_back()
    assert this_loops_driver() is this_loops_driver()


async def test_nobody_is_told_of_a_dead_driver_without_a_call() -> None:
    from blazz.providers.web.driver import Driver

    loop, told = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: told.append(context["message"]))
    try:
        apart, before = Driver(), drivers()
        await apart.take()
        (pid,) = drivers() - before
        process = psutil.Process(pid)
        process.kill()
        await anyio.to_thread.run_sync(process.wait)
        await apart.give_back()
        del apart
        gc.collect()
    finally:
        loop.set_exception_handler(None)
    assert told == []
