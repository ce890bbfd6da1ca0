"""What the dashboard's tests share: a browser that tells all that goes wrong in a page, and axe."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio
import pytest
import pytest_asyncio

from tests.server.dashboard.filled import fill
from tests.server.one_process import OneServer, one_server
from tests.servers.chromium import Problems, chromium_path, open_browser, wa_js_path, watch

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, ViewportSize

__all__ = ["chromium_path", "wa_js_path"]

HERE = Path(__file__).parent
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PATIENCE = 30_000
"""How long a page may take on a busy machine to show what it is expected to, in milliseconds."""
Violations: TypeAlias = list[str]


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """Give every expectation the time that a busy machine needs."""
    from playwright.async_api import expect

    expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def axe_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """axe-core, fetched through npm."""
    npm = shutil.which("npm")
    assert npm is not None, "npm is not installed; on Debian run: apt-get install npm"
    folder = tmp_path_factory.mktemp("axe")
    shutil.copy(HERE / "package.json", folder)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def filled() -> Iterator[OneServer]:
    """A server with something on every page."""
    with one_server(ALLOW_PRIVATE_TARGETS="true") as server:
        anyio.run(fill, server)
        yield server


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all that needs the browser in the browser's event loop."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()) and HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def give_browser(chromium_path: Path) -> AsyncIterator[Callable[[], Awaitable[Browser]]]:
    """Gives the browser, which takes longer to start than many tests; another one if it died."""
    from playwright.async_api import async_playwright

    async with AsyncExitStack() as stack:
        browsers: list[Browser] = []

        async def give() -> Browser:
            if not browsers or not browsers[-1].is_connected():
                playwright = await stack.enter_async_context(async_playwright())
                made = open_browser(playwright, chromium_path)
                browsers.append(await stack.enter_async_context(made))
            return browsers[-1]

        yield give


@pytest_asyncio.fixture(loop_scope="session")
async def browser(give_browser: Callable[[], Awaitable[Browser]]) -> Browser:
    """A browser; each window of it is a profile of its own, see `visit`."""
    return await give_browser()


@asynccontextmanager
async def visit(
    browser: Browser, url: str, *, key: str = "", axe: Path | None = None, **options: Any
) -> AsyncIterator[tuple[Page, Problems]]:
    """Open a window on a server, logged in if there is a key; nothing may go wrong in its pages."""
    context = await browser.new_context(base_url=url, viewport=DESKTOP, **options)
    try:
        if axe is not None:
            await context.add_init_script(path=axe)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        problems = watch(page, origin=url)
        if key:
            await log_in(page, key)
        yield page, problems
    finally:
        await context.close()


async def log_in(page: Page, key: str) -> None:
    """Log in as a person would."""
    await page.goto("/login")
    await page.get_by_label("API key").fill(key)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("heading", level=1).filter(has_not_text="Log in").wait_for()


async def violations(page: Page) -> Violations:
    """What axe finds wrong with a page, each with the elements that it concerns."""
    await page.wait_for_function("window.axe !== undefined")
    # Colours are judged when nothing moves any more.
    await page.evaluate("Promise.all(document.getAnimations().map((it) => it.finish?.call(it)))")
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{it['id']}: {it['help']}: {[node['html'][:160] for node in it['nodes'][:3]]}"
        f" {it['nodes'][0]['failureSummary']}"
        for it in found["violations"]
    ]
