"""A browser tab with the simulated page and wa-js, as the tests hold it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page

from blazz.sandbox.condition import Condition
from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from tests.servers.chromium import Problems, watch

LISTEN = Path(__file__).with_name("listen.js").read_text(encoding="utf-8")
STORED = """new Promise((resolve) => {
  indexedDB.open('model-storage').onsuccess = ({ target }) => {
    target.result.transaction(a).objectStore(a).get(b).onsuccess = (event) => {
      target.result.close();
      resolve(event.target.result ?? null);
    };
  };
})"""
MAIN = "WPP.conn.isAuthenticated() && WPP.conn.getStreamData().mode === 'MAIN'"


class Tab:
    """One tab.

    Attributes:
        page: Playwright's page.
        events: What wa-js reported, as (name, value), oldest first.
        problems: What went wrong in the page.
    """

    def __init__(self, page: Page, web: SimulatedWeb) -> None:
        self.page = page
        self.web = web
        self.events: list[tuple[str, Any]] = []
        self.problems: Problems = watch(page, origin=web.url.removesuffix("web/"))
        self._changed = Condition()

    @classmethod
    async def open(cls, context: BrowserContext, web: SimulatedWeb, *, url: str = "") -> Tab:
        """Load the page and wait until wa-js is ready."""
        page = context.pages[0] if context.pages else await context.new_page()
        tab = cls(page, web)
        page.set_default_timeout(60_000)
        await page.expose_function("report", tab._report)
        await page.goto(url or web.url)
        await tab.listen()
        return tab

    async def listen(self) -> None:
        """Wait for wa-js and report its events; again after the page was loaded again."""
        await self.page.wait_for_function("window.WPP?.isReady")
        await self.page.evaluate(LISTEN)

    async def link(self, phone: SimulatedPhone) -> None:
        """Let a phone scan the page's QR code, and wait for the main stream."""
        await self.page.wait_for_function("WPP.conn.getAuthCode()")
        phone.scan((await self.run("WPP.conn.getAuthCode()"))["fullCode"])
        await self.until_main()

    async def until_main(self) -> None:
        """Wait until the page is logged in, on the main stream, and wa-js knows."""
        await self.page.wait_for_function(f"window.WPP?.isFullReady && {MAIN}")

    async def until(self, expression: str) -> None:
        """Wait until an expression holds in the page."""
        await self.page.wait_for_function(expression)

    async def run(self, script: str, *parameters: object) -> Any:
        """Evaluate an expression, with `a`, `b`, `c` for the parameters."""
        names = "abcd"[: len(parameters)]
        return await self.page.evaluate(f"([{','.join(names)}]) => {script}", list(parameters))

    async def event(
        self, name: str, wanted: Callable[[Any], bool] = lambda value: True, *, timeout: float = 60
    ) -> Any:
        """Wait for an event, one that has come counts, and give its value."""

        def found() -> list[Any]:
            return [value for kind, value in self.events if kind == name and wanted(value)]

        if not await self._changed.wait_for(lambda: bool(found()), timeout=timeout):
            raise AssertionError(f"no {name} among {self.events}")
        return found()[0]

    async def forget(self, message_id: str) -> None:
        """Let the page hold a message no longer in memory, as after a restart."""
        await self.run(
            "(WPP.whatsapp.MsgStore.remove(a), WPP.chat.get(b).msgs.remove(a))",
            message_id,
            message_id.split("_")[1],
        )

    async def stored(self, table: str, key: str) -> Any:
        """A row of the page's database, or None."""
        return await self.run(STORED, table, key)

    def values(self, name: str) -> list[Any]:
        """The values of all events of a name so far."""
        return [value for kind, value in self.events if kind == name]

    def _report(self, name: str, value: Any = None) -> None:
        self.events.append((name, value))
        self._changed.notify_all()
