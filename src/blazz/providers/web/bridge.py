"""The way into a page: calling its functions, hearing its events, noticing that it is gone."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from blazz.errors import Timeout
from blazz.errors.web import BridgeError, PageHung, PageNotLoaded, PageReloaded
from blazz.providers.web.browser import RunningBrowser
from blazz.providers.web.documents import Documents, seed_local_storage
from blazz.providers.web.identity import usual_identity
from blazz.providers.web.line import PageLine
from blazz.providers.web.loading import load
from blazz.providers.web.probe import check_parts
from blazz.providers.web.scripts import page_scripts

log: Final = logging.getLogger("blazz.web")

_BINDING: Final = "blazzEvents"
_PROTOCOL: Final = "location.protocol"
_ERROR_PAGE: Final = "chrome-error:"
"""The protocol of the page that Chromium shows where another one could not be loaded."""


def _unheard(_name: str, _value: object) -> None:
    """Let an event of the page pass by."""


class Bridge:
    """One page with wa-js and our scripts in it; `attach` makes it.

    It speaks Chromium's own protocol rather than Playwright's functions for pages: that needs less
    memory and time, and is the same with patchright and the like.

    Attributes:
        browser: The browser that the page is in.
        line: The line to the page, for what none of the page's functions does.
        calls: How many calls of the page's functions are under way.
    """

    def __init__(
        self,
        line: PageLine,
        *,
        wa_js: Path,
        version: str | None,
        on_event: Callable[[str, Any], None],
    ) -> None:
        self.browser = line.browser
        self.line = line
        self.calls = 0
        self._on_event = on_event
        self._documents = Documents(line)
        self._seed: Mapping[str, str] | None = None
        self._wa_js: Path | None = wa_js
        self._version = version
        line.on("Runtime.bindingCalled", self._take_events)

    @classmethod
    async def attach(
        cls,
        browser: RunningBrowser,
        *,
        wa_js: Path,
        version: str | None = None,
        local_storage: Mapping[str, str] | None = None,
        cookies: Sequence[Mapping[str, Any]] = (),
        on_event: Callable[[str, Any], None] = _unheard,
    ) -> Self:
        """Make a browser's page ready to be opened.

        Args:
            browser: The browser.
            wa_js: The script that gives access to WhatsApp's functions.
            version: The version that it has to be; None: any.
            local_storage: What the page's localStorage is to hold before anything of the page
                runs, instead of what it holds; None leaves it as it is.
            cookies: Cookies to set before, in the form of Playwright's `add_cookies`.
            on_event: Called with the name and value of each event of the page, in order. It must
                not block; what it raises is logged.

        Raises:
            BrowserDied: The browser has ended meanwhile.
        """
        line = await PageLine.connect(browser)
        bridge = cls(line, wa_js=wa_js, version=version, on_event=on_event)
        bridge._seed = local_storage
        await line.send("Page.enable")
        await line.send("Runtime.enable")  # without it a binding is lost with the first page
        await line.send("Runtime.addBinding", {"name": _BINDING})
        await bridge._use_usual_identity()
        if blocked := browser.settings.blocked:
            await bridge._documents.block(blocked)
        if cookies:
            given: Any = list(cookies)
            await line.do(lambda: browser.page.context.add_cookies(given))
        return bridge

    def listen(self, on_event: Callable[[str, Any], None]) -> None:
        """Have the page's events told to somebody else from now on; see `attach`."""
        self._on_event = on_event

    async def make_ready(self, url: str | None = None, html: str | None = None) -> None:
        """Do what `open` does before anything of WhatsApp is loaded; nothing leaves the machine.

        Args:
            url: The address that will be opened; None: that of the browser's settings.
            html: What will be shown there instead; None: that of the browser's settings.

        Raises:
            WebError: localStorage could not be written.
            BrowserDied: The browser has ended, or the page crashed.
        """
        settings = self.browser.settings
        url, html = url or settings.url, settings.page_html if html is None else html
        if self._seed is not None:
            await seed_local_storage(self.line, self._documents, url, self._seed)
            self._seed = None
        if self._wa_js is not None:
            for script in page_scripts(self._wa_js):
                source = {"source": script}
                await self.line.send("Page.addScriptToEvaluateOnNewDocument", source)
            self._wa_js = None
        if html is not None:
            await self._documents.show(url, html)

    async def open(
        self, url: str | None = None, html: str | None = None, *, timeout: float | None = None
    ) -> None:
        """Load the page and wait until wa-js has found its way into it.

        Args:
            url: Its address; None: that of the browser's settings.
            html: What to show there instead; None: that of the browser's settings.
            timeout: Seconds that it may take; None: those of the browser's settings.

        Raises:
            PageNotLoaded: It was not loaded, or it is not WhatsApp Web.
            WrongWaJs: The script that was given is not wa-js, or another version.
            BridgeOutdated: WhatsApp has changed so that wa-js does not start.
            BrowserDied: The browser has ended, or the page crashed.
        """
        await self.make_ready(url, html)
        settings = self.browser.settings
        seconds = settings.page_timeout if timeout is None else timeout
        await load(self.line, url or settings.url, version=self._version, timeout=seconds)

    async def probe(self) -> None:
        """Check that wa-js found all parts of WhatsApp that we need.

        Raises:
            BridgeOutdated: It did not; the error names those that are missing.
            BrowserDied: The browser has ended, or the page crashed.
        """
        await check_parts(self.line)

    async def call(self, name: str, argument: Any = None, *, timeout: float) -> Any:  # noqa: ANN401
        """Call `window.blazz.<name>(argument)` in the page and wait for what it gives.

        Args:
            name: The name of the function.
            argument: What it is given; anything that JSON can hold.
            timeout: Seconds to wait. The page goes on with what it does when they are over.

        Raises:
            BridgeError: The function failed; the error has the page's own code.
            Timeout: It gave nothing in time.
            BrowserDied: The browser ended, or the page crashed or was loaded anew.
        """
        payload = json.dumps(json.dumps(argument, separators=(",", ":"), allow_nan=False))
        expression = f"window.blazz.run({json.dumps(name)}, {payload})"
        self.calls += 1
        try:
            told = await self.line.evaluate(expression, timeout=timeout, what=name)
        finally:
            self.calls -= 1
        answer = json.loads(told)
        if (error := answer.get("error")) is not None:
            raise BridgeError(error["message"], code=error["code"], details=error.get("details"))
        return answer["value"]

    async def ping(self, timeout: float) -> None:
        """Make sure that the page still runs.

        Raises:
            PageHung: It did not answer within `timeout` seconds.
            PageNotLoaded: It was loaded anew, and that failed: the browser's own page is shown.
            BrowserDied: The browser ended, or the page crashed.
        """
        try:
            shown = await self.line.evaluate(_PROTOCOL, timeout=timeout, what="a sign of life")
        except Timeout:
            raise PageHung(f"the page gave no sign of life within {timeout:g} s") from None
        except PageReloaded:
            return  # what is being loaded is alive
        if shown == _ERROR_PAGE:
            raise PageNotLoaded("WhatsApp Web was loaded anew, and that failed")

    async def watch(self, *, every: float, timeout: float) -> None:
        """Ping the page for ever; ends only with an error.

        Args:
            every: Seconds between pings.
            timeout: Seconds within which the page has to answer each.

        Raises:
            PageHung: It did not answer.
            PageNotLoaded: It was loaded anew, and that failed.
            BrowserDied: The browser ended, or the page crashed.
        """
        while True:
            await self.ping(timeout)
            await self.line.wait_until_gone(every)

    async def _use_usual_identity(self) -> None:
        told = (await self.line.send("Browser.getVersion"))["userAgent"]
        if (identity := usual_identity(str(told))) is not None:
            await self.line.send("Emulation.setUserAgentOverride", identity)

    def _take_events(self, called: Mapping[str, Any]) -> None:
        if called["name"] != _BINDING:
            return
        try:
            events = [(str(name), value) for name, value in json.loads(called["payload"])]
        except (ValueError, TypeError):  # anything that runs in the page can call it
            log.warning("the page told something that is not an event")
            return
        for name, value in events:
            try:
                self._on_event(name, value)
            except Exception:
                log.exception("an event of the page was not handled: %s", name)
