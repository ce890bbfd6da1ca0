"""Shows pages of ours at addresses of others: a pinned WhatsApp Web, a blank page for seeding."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from blazz.errors.web import WebError
from blazz.providers.web.line import PageLine

_SEED_PATH: Final = "/blazz-seed"
_SEED_SECONDS: Final = 30.0
_SEED_SCRIPT: Final = """((items) => {
  localStorage.clear();
  for (const [key, value] of Object.entries(items)) localStorage.setItem(key, value);
})"""
_SPECIAL: Final = str.maketrans({"*": r"\*", "?": r"\?", "\\": r"\\"})


class Documents:
    """Answers requests for some documents in place of the server.

    Only these are intercepted, by Chromium itself: all other requests take their usual way, with
    the cache, which Playwright's routes would turn off.

    Args:
        line: The line to the page.
    """

    def __init__(self, line: PageLine) -> None:
        self._line = line
        self._shown: dict[str, str] = {}
        line.on("Fetch.requestPaused", self._answer)

    async def show(self, url: str, html: str) -> None:
        """Show a page at an address from now on, whatever query it has.

        Raises:
            BrowserDied: The browser has ended.
        """
        self._shown[_plain(url)] = html
        await self._intercept()

    async def hide(self, url: str) -> None:
        """Show what is really there again.

        Raises:
            BrowserDied: The browser has ended.
        """
        self._shown.pop(_plain(url), None)
        await self._intercept()

    async def _intercept(self) -> None:
        # A service worker of the page would answer before anybody is asked.
        await self._line.send("Network.enable")
        await self._line.send("Network.setBypassServiceWorker", {"bypass": bool(self._shown)})
        if not self._shown:
            await self._line.send("Fetch.disable")
            return
        patterns = [
            {"urlPattern": f"{url.translate(_SPECIAL)}{query}", "resourceType": "Document"}
            for url in self._shown
            for query in ("", r"\?*")
        ]
        await self._line.send("Fetch.enable", {"patterns": patterns})

    async def _answer(self, paused: dict[str, Any]) -> None:
        html = self._shown.get(_plain(paused["request"]["url"]))
        with suppress(WebError):  # the page is gone, or has given the request up
            if html is None:
                request = {"requestId": paused["requestId"]}
                await self._line.send("Fetch.continueRequest", request)
                return
            answer = {
                "requestId": paused["requestId"],
                "responseCode": 200,
                "responseHeaders": [{"name": "content-type", "value": "text/html; charset=utf-8"}],
                "body": base64.b64encode(html.encode()).decode(),
            }
            await self._line.send("Fetch.fulfillRequest", answer)


async def seed_local_storage(
    line: PageLine, documents: Documents, url: str, items: Mapping[str, str]
) -> None:
    """Replace what an origin's localStorage holds, before anything of that origin runs.

    Args:
        line: The line to the page, with no script in it yet.
        documents: Shows the blank page from which the items are written.
        url: Any address of the origin.
        items: What it is to hold.

    Raises:
        WebError: It was not possible.
    """
    parts = urlsplit(url)
    blank = f"{parts.scheme}://{parts.netloc}{_SEED_PATH}"
    await documents.show(blank, "<!doctype html><title>blazz</title>")
    told = await line.send("Page.navigate", {"url": blank})
    if reason := told.get("errorText"):
        raise WebError(f"localStorage cannot be written: {reason}")
    written = f"{_SEED_SCRIPT}(JSON.parse({json.dumps(json.dumps(dict(items)))}))"
    await line.evaluate(written, timeout=_SEED_SECONDS, what="writing localStorage")
    await documents.hide(blank)


def _plain(url: str) -> str:
    """An address without query: after a logout WhatsApp Web loads itself with one."""
    return url.partition("#")[0].partition("?")[0]
