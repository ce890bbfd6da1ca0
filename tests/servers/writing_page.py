"""A page that writes without pause, and fresh browsers that see what a copy of it is worth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from blazz.auth_stores import Browser, StorageEngine
from blazz.providers.web.browser import RunningBrowser
from blazz.providers.web.browser_storage import BrowserStorage
from blazz.providers.web.documents import Documents, seed_local_storage
from blazz.providers.web.flags import storage_flags
from blazz.providers.web.launching import launch
from blazz.providers.web.line import PageLine
from blazz.providers.web.settings import BrowserSettings

URL: Final = "https://writer.example/"
SCRIPT: Final = Path(__file__).with_suffix(".js")
HTML: Final = f"<!doctype html><title>writer</title><script>{SCRIPT.read_text()}</script>"
ITEM_BYTES: Final = 8000
# With these a page may have a clock that its threads share.
ISOLATED: Final = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "content-type": "text/html; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a copy of the profile is worth.

    Attributes:
        unreadable: Why the databases cannot be read; None if they can.
        whole: What belongs together in one database is together.
        together: The two databases are of one moment.
        key: The key is there and opens what was sealed with it.
        tick: How far the databases are.
        storage: How far localStorage is.
    """

    unreadable: str | None
    whole: bool = False
    together: bool = False
    key: bool = False
    tick: int = 0
    storage: int = 0

    @property
    def stale(self) -> bool:
        """Whether localStorage is older than the databases."""
        return self.unreadable is None and self.storage < self.tick


class Writer:
    """A page that writes."""

    def __init__(self, running: RunningBrowser, browser: Browser) -> None:
        self.running = running
        self.browser = browser

    async def call(self, name: str, *values: object) -> Any:  # whatever it gives
        """Call a function of the page."""
        script = "([name, values]) => window.writing[name](...values)"
        return await self.running.page.evaluate(script, [name, values])


@asynccontextmanager
async def writer(user_data: Path, engine: StorageEngine) -> AsyncIterator[Writer]:
    """Start a browser with the page; it does not write yet."""
    running = await launch(BrowserSettings(engine=engine, url=URL), user_data)
    try:
        await running.page.route(
            f"{URL}**", lambda route: route.fulfill(body=HTML, headers=ISOLATED)
        )
        await running.page.goto(URL)
        browser = Browser(version=running.version, engine=engine, flags=storage_flags(engine))
        yield Writer(running, browser)
    finally:
        await running.kill()


async def look(user_data: Path, engine: StorageEngine, storage: BrowserStorage | None) -> Verdict:
    """Open a copy of the profile in a fresh browser and see what it is worth."""
    running = await launch(BrowserSettings(engine=engine, url=URL), user_data)
    try:
        line = await PageLine.connect(running)
        await line.send("Page.enable")
        documents = Documents(line)
        if storage is not None:
            await seed_local_storage(line, documents, URL, storage.local_storage)
        await documents.show(URL, HTML)
        await running.page.goto(URL)
        found = await running.page.evaluate("window.writing.check()")
    except Exception as error:  # noqa: BLE001  # whatever it is, the copy is worth nothing
        return Verdict(str(error).partition("\n")[0][:200])
    finally:
        await running.kill()
    return Verdict(
        None,
        whole=found["whole"],
        together=found["together"],
        key=found["secret"],
        tick=found["tick"],
        storage=found["storage"],
    )
