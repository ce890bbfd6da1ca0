"""Memory of WhatsApp Web sessions: blazz's browsers next to Playwright's default launch.

Each session is a browser process with a profile of its own, the simulated page loaded and the real
wa-js ready in it. Memory is the proportional set size (PSS) of all processes of the browsers, so
shared pages count once. Playwright's driver, one process for all sessions, is counted on its own.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.claims import Claim, arguments, conclude
from blazz.providers.web.assets import install_wa_js
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.driver import Driver, kept_driver
from blazz.providers.web.finding import find_chromium
from blazz.providers.web.launching import launch
from blazz.providers.web.processes import ProcessTree, browsers_of
from blazz.providers.web.settings import BrowserSettings
from blazz.sandbox.web.serving import running_web


def unheard(_name: str, _value: object) -> None:
    """Take an event of a page, and do nothing."""


SETTLE_SECONDS = 2.0
MEGABYTE = 1e6

Close = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way of starting browsers needs.

    Attributes:
        browsers: Megabytes of all browsers, by the number of sessions.
        driver: Megabytes of the driver, likewise.
        processes: Processes of one browser.
    """

    browsers: dict[int, float]
    driver: dict[int, float]
    processes: int

    @property
    def each_further(self) -> float:
        """Megabytes of each session after the first, browsers and driver together."""
        first, last = min(self.browsers), max(self.browsers)
        grown = self.browsers[last] - self.browsers[first] + self.driver[last] - self.driver[first]
        return grown / (last - first)


class Blazz:
    """Sessions as blazz starts them."""

    name = "blazz"

    def __init__(self, url: str) -> None:
        # As Playwright does by default; a sandbox takes three more processes, about 20 MB.
        self._settings = BrowserSettings(url=url, sandbox=False)
        self._wa_js = install_wa_js().path

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[None]:
        """Keep the driver for all of them."""
        async with kept_driver():
            yield

    async def start(self, profile: Path) -> Close:
        """Start one session; give what closes it."""
        browser = await launch(self._settings, profile)
        bridge = await Bridge.attach(browser, wa_js=self._wa_js, on_event=unheard)
        await bridge.open()
        return browser.close


class Default:
    """Sessions as Playwright starts them when it is told nothing.

    Args:
        name: Its name in the table.
        program: The browser.
        url: The page.
    """

    def __init__(self, name: str, program: Path, url: str) -> None:
        self.name = name
        self._program = program
        self._url = url
        self._wa_js = install_wa_js().path
        self._driver = Driver()

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[None]:
        """Keep the driver for all of them."""
        self._playwright = await self._driver.take()
        try:
            yield
        finally:
            await self._driver.give_back()

    async def start(self, profile: Path) -> Close:
        """Start one session; give what closes it."""
        context = await self._playwright.chromium.launch_persistent_context(
            profile, executable_path=self._program
        )
        await context.add_init_script("window.WPPConfig = { disableGoogleAnalytics: true }")
        await context.add_init_script(path=self._wa_js)
        page = context.pages[0]
        await page.goto(self._url)
        await page.wait_for_function("window.WPP?.isReady")
        return context.close


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    counts = (1, 3) if options.quick else (1, 6, 12)
    output = sys.stderr if options.json else sys.stdout
    figures = asyncio.run(measure_all(counts))
    ours, peers = figures["blazz"], {**figures}
    del peers["blazz"]
    for name, found in figures.items():
        print(f"{name}: {found.processes} processes a browser", file=output)
        for count in counts:
            print(
                f"  {count:>3} sessions: browsers {found.browsers[count]:7.0f} MB,"
                f" driver {found.driver[count]:5.0f} MB",
                file=output,
            )
        print(f"  each further session {found.each_further:6.1f} MB", file=output)
    most = max(counts)
    claims = [
        Claim(claim="memory of each further session", value=ours.each_further, unit="MB", limit=60),
        *(
            Claim(
                claim=f"{name} / blazz, {most} sessions",
                value=found.browsers[most] / ours.browsers[most],
                unit="x",
                limit=LIMITS[name] if most == 12 else QUICK_LIMITS[name],
                at_least=True,
            )
            for name, found in peers.items()
        ),
    ]
    return conclude("web_memory", claims, as_json=options.json)


SHELL, FULL = "headless shell by default", "Chromium by default"
LIMITS = {SHELL: 1.3, FULL: 2.5}
QUICK_LIMITS = {SHELL: 1.1, FULL: 2.0}


async def measure_all(counts: Sequence[int]) -> dict[str, Figures]:
    """Measure one way after the other: browsers that run at once would share memory."""
    async with running_web() as web:
        shell = Default(SHELL, find_chromium(), web.url)
        full = Default(FULL, find_chromium(headless=False), web.url)
        return {
            subject.name: await measure(subject, counts)
            for subject in (Blazz(web.url), shell, full)
        }


async def measure(subject: Blazz | Default, counts: Sequence[int]) -> Figures:
    """Start one session after the other, and look whenever there are so many."""
    folder = Path(tempfile.mkdtemp(prefix="blazz-benchmark-"))
    browsers: dict[int, float] = {}
    driver: dict[int, float] = {}
    trees: list[ProcessTree] = []
    closers: list[Close] = []
    try:
        async with subject.driver():
            for number in range(1, max(counts) + 1):
                profile = folder / f"{number}" / "profile"
                closers.append(await subject.start(profile))
                (pid,) = browsers_of(profile)
                trees.append(ProcessTree(pid))
                if number in counts:
                    await asyncio.sleep(SETTLE_SECONDS)
                    browsers[number] = sum(tree.memory() for tree in trees) / MEGABYTE
                    driver[number] = driver_memory()
            processes = [len(psutil.Process(tree.pid).children(recursive=True)) for tree in trees]
            for close in closers:
                await close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Figures(browsers, driver, 1 + round(statistics.median(processes)))


def driver_memory() -> float:
    """Megabytes of the driver, without the browsers below it."""
    drivers = [child for child in psutil.Process().children() if child.name().startswith("node")]
    return sum(child.memory_full_info().pss for child in drivers) / MEGABYTE


if __name__ == "__main__":
    sys.exit(main())
