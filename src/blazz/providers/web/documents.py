"""Answers for others: shows a pinned WhatsApp Web or a blank page for seeding, blocks addresses."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
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
    """Answers requests for some documents in place of the server, and refuses some addresses.

    Only these are intercepted, by Chromium itself: all other requests take their usual way, with
    the cache, which Playwright's routes would turn off. Chromium's own list of blocked addresses
    is not used: it works only while all that the network does is reported, down to each frame of
    WhatsApp's socket.

    Args:
        line: The line to the page.
    """

    def __init__(self, line: PageLine) -> None:
        self._line = line
        self._shown: dict[str, str] = {}
        self._blocked: tuple[str, ...] = ()
        self._bypassing = False
        line.on("Fetch.requestPaused", self._answer)

    async def block(self, addresses: Sequence[str]) -> None:
        """Refuse whatever asks for an address in which one of these occurs; `*` is anything.

        Raises:
            BrowserDied: The browser has ended.
        """
        self._blocked = tuple(addresses)
        await self._intercept()

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
        await self._bypass_service_workers(bool(self._shown))
        patterns = [
            {"urlPattern": f"{url.translate(_SPECIAL)}{query}", "resourceType": "Document"}
            for url in self._shown
            for query in ("", r"\?*")
        ]
        patterns += [
            {"urlPattern": f"*{'*'.join(part.translate(_SPECIAL) for part in each.split('*'))}*"}
            for each in self._blocked
        ]
        if patterns:
            await self._line.send("Fetch.enable", {"patterns": patterns})
        else:
            await self._line.send("Fetch.disable")

    async def _bypass_service_workers(self, bypass: bool) -> None:
        """Let no service worker of the page answer before anybody is asked, or let it again."""
        if bypass == self._bypassing:
            return
        if bypass:
            await self._line.send("Network.enable")
        await self._line.send("Network.setBypassServiceWorker", {"bypass": bypass})
        if not bypass:
            await self._line.send("Network.disable")
        self._bypassing = bypass

    def _is_blocked(self, url: str) -> bool:
        return any(
            re.search(".*".join(map(re.escape, each.split("*"))), url) for each in self._blocked
        )

    async def _answer(self, paused: dict[str, Any]) -> None:
        url, request = paused["request"]["url"], {"requestId": paused["requestId"]}
        html = self._shown.get(_plain(url)) if paused["resourceType"] == "Document" else None
        with suppress(WebError):  # the page is gone, or has given the request up
            if html is None and self._is_blocked(url):
                refused = {**request, "errorReason": "BlockedByClient"}
                await self._line.send("Fetch.failRequest", refused)
                return
            if html is None:
                await self._line.send("Fetch.continueRequest", request)
                return
            answer = {
                **request,
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
