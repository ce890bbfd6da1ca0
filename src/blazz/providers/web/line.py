"""A line to one page, in Chromium's own protocol, that never waits for a page that is gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import anyio

from blazz.errors import Timeout
from blazz.errors.web import BridgeError, BrowserDied, PageCrashed, PageReloaded, WebError
from blazz.providers.web.browser import RunningBrowser

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

_T = TypeVar("_T")

_RELOADED: Final = ("navigated or closed", "context was destroyed", "was collected", "find context")
_CRASHED: Final = ("target crashed", "page crashed", "session crashed")
_GONE: Final = (
    "has been closed",
    "been disconnected",
    "connection closed",
    "target closed",
    "session closed",
    "browser closed",
)


class PageLine:
    """Sends commands to a page and gives what they result in; `connect` makes it.

    Whatever is under way ends with an error as soon as the page crashes or the browser ends;
    Chromium itself does not answer any more then.
    """

    def __init__(self, browser: RunningBrowser, session: CDPSession) -> None:
        self.browser = browser
        self._session = session
        self._under_way: set[anyio.CancelScope] = set()
        self._gone: type[BrowserDied] | None = None

    @classmethod
    async def connect(cls, browser: RunningBrowser) -> Self:
        """Connect to the page of a browser.

        Raises:
            BrowserDied: The browser has ended.
        """
        page = browser.page
        try:
            session = await page.context.new_cdp_session(page)
        except Exception as error:
            raise BrowserDied from error
        line = cls(browser, session)
        page.on("crash", lambda _: line._hang_up(PageCrashed))
        page.on("close", lambda _: line._hang_up(BrowserDied))
        browser.when_closed(lambda: line._hang_up(BrowserDied))
        return line

    def on(self, event: str, handler: Callable[[dict[str, Any]], Any]) -> None:
        """Hear an event of Chromium's protocol."""
        self._session.on(event, handler)

    async def send(
        self, method: str, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send a command and wait for its result.

        Raises:
            BrowserDied: The browser ended, or the page crashed or was loaded anew.
            WebError: Chromium refused it.
        """
        return await self.do(lambda: self._session.send(method, dict(parameters or {})))

    async def do(self, action: Callable[[], Awaitable[_T]]) -> _T:
        """Wait for something that Playwright does in the browser.

        Raises:
            BrowserDied: The browser ended, or the page crashed or was loaded anew.
            WebError: Chromium refused it.
        """
        self._check()
        with anyio.CancelScope() as scope:
            self._under_way.add(scope)
            try:
                return await action()
            except Exception as error:  # patchright and the like have error classes of their own
                self._check()
                raise _translated(str(error)) from error
            finally:
                self._under_way.discard(scope)
        self._check()
        raise BrowserDied

    async def evaluate(self, expression: str, *, timeout: float, what: str) -> Any:  # noqa: ANN401
        """Evaluate an expression in the page, and await it if it is a promise.

        Args:
            expression: JavaScript; its value must be one that JSON can hold.
            timeout: Seconds to wait. The page goes on with what it does when they are over.
            what: What is waited for, for the error.

        Raises:
            BridgeError: It threw.
            Timeout: It took longer.
            BrowserDied: The browser ended, or the page crashed or was loaded anew.
        """
        parameters = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        try:
            with anyio.fail_after(timeout):
                told = await self.send("Runtime.evaluate", parameters)
        except TimeoutError:
            raise Timeout(f"{what} took longer than {timeout:g} s in the page") from None
        if (thrown := told.get("exceptionDetails")) is not None:
            raise BridgeError(_thrown(thrown), code="thrown")
        return told["result"].get("value")

    async def wait_until_gone(self, seconds: float) -> None:
        """Wait, but not longer than until the page is gone.

        Raises:
            BrowserDied: It is gone.
        """
        self._check()
        with anyio.move_on_after(seconds) as scope:
            self._under_way.add(scope)
            try:
                await anyio.sleep(seconds)
            finally:
                self._under_way.discard(scope)
        self._check()

    def _hang_up(self, why: type[BrowserDied]) -> None:
        self._gone = self._gone or why
        for scope in tuple(self._under_way):
            scope.cancel()

    def _check(self) -> None:
        if self._gone is not None:
            raise self._gone


def _translated(text: str) -> WebError:
    """The error that Playwright's words stand for."""
    said = text.casefold()
    if any(part in said for part in _RELOADED):
        return PageReloaded()
    if any(part in said for part in _CRASHED):
        return PageCrashed()
    if any(part in said for part in _GONE):
        return BrowserDied()
    return WebError(text.splitlines()[0][:300] if text else None)


def _thrown(details: Mapping[str, Any]) -> str:
    exception = details.get("exception") or {}
    text = exception.get("description") or exception.get("value") or details.get("text")
    return str(text).splitlines()[0][:500]
