"""How the browser of a session is to be: which one, how it is started, what it loads."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from blazz.auth_stores.snapshot.contents import StorageEngine
from blazz.errors import InvalidValue
from blazz.providers.web.assets import VERSION
from blazz.security.secret import Secret

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

WHATSAPP_WEB: Final = "https://web.whatsapp.com/"
MEGABYTE: Final = 1024 * 1024

BLOCKED: Final = (
    "*://*.google-analytics.com/*",
    "*://analytics.google.com/*",
    "*://crashlogs.whatsapp.net/*",
    "*://dit.whatsapp.net/*",
)
"""Requests that no session needs: statistics and crash reports."""

_PROXY_SCHEMES: Final = ("http", "https", "socks5")
_MANAGED: Final = re.compile(
    r"--(user-data-dir|remote-debugging-(pipe|port|address)|headless|no-sandbox|proxy-server)\b"
)


class Launcher(Protocol):
    """What starts a browser: Playwright's `chromium`, or that of a package made like it."""

    @property
    def launch_persistent_context(self) -> Callable[..., Awaitable[BrowserContext]]:
        """Start a browser on a profile folder."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """The proxy that a session's browser goes through.

    Attributes:
        server: Its address, such as `http://proxy.example:3128` or `socks5://10.0.0.1:1080`.
        username: The user, where the proxy asks for one. Chromium knows no users with SOCKS.
        password: The password.
        bypass: Hosts that are reached without it, with commas between them.

    Example:
        >>> Proxy(server="socks5://10.0.0.1:1080").server
        'socks5://10.0.0.1:1080'
    """

    server: str
    username: str | None = None
    password: Secret | None = None
    bypass: str | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.server)
        if parts.scheme not in _PROXY_SCHEMES or not parts.hostname or parts.username is not None:
            limit = f"an address that starts with one of {', '.join(_PROXY_SCHEMES)}; no user in it"
            shown = "(hidden: it has a user in it)" if parts.username is not None else self.server
            raise InvalidValue("Proxy.server", limit, shown)
        if parts.scheme == "socks5" and self.username is not None:
            raise InvalidValue("Proxy.username", "none: Chromium knows no SOCKS users", "***")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """How the browser of a session is started, and what it loads.

    Attributes:
        executable: The Chromium to use; None: the one that `find_chromium` finds.
        headless: Without a window. Turn it off to watch; that needs a display.
        engine: How IndexedDB is kept. It must not change during the life of a profile: what the
            one engine wrote, the other does not see.
        proxy: The proxy that everything goes through.
        args: Further command-line arguments for Chromium.
        sandbox: Chromium's sandbox; None: on, except for root, for whom Chromium has none.
        memory_limit: Bytes that the browser's processes may use together before it counts as
            outgrown; None: no limit. A page of WhatsApp Web begins at about 300 MB.
        url: The address of WhatsApp Web.
        page_html: The page to show at that address instead of the one there: a WhatsApp Web of a
            known version.
        wa_js: A wa-js to use instead of the installed one.
        wa_js_version: The version of the installed one.
        blocked: Addresses that the page must not load, `*` standing for anything.
        launcher: Starts the browser instead of Playwright: the `chromium` of patchright and the
            like. It belongs to the event loop that it was made in.
        start_timeout: Seconds within which the browser has to start.
        page_timeout: Seconds within which the page has to be loaded.
    """

    executable: Path | None = None
    headless: bool = True
    engine: StorageEngine = StorageEngine.LEVELDB
    proxy: Proxy | None = None
    args: tuple[str, ...] = ()
    sandbox: bool | None = None
    memory_limit: int | None = 1536 * MEGABYTE
    url: str = WHATSAPP_WEB
    page_html: str | None = field(default=None, repr=False)
    wa_js: Path | None = None
    wa_js_version: str = VERSION
    blocked: tuple[str, ...] = BLOCKED
    launcher: Launcher | None = None
    start_timeout: float = 30.0
    page_timeout: float = 60.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidValue("BrowserSettings.url", "an http or https address", self.url)
        for argument in self.args:
            if not argument.startswith("--") or _MANAGED.match(argument):
                limit = "arguments that start with -- and that no other setting stands for"
                raise InvalidValue("BrowserSettings.args", limit, argument)
        if self.memory_limit is not None and self.memory_limit < 64 * MEGABYTE:
            limit = "64 MB or more, or None"
            raise InvalidValue("BrowserSettings.memory_limit", limit, self.memory_limit)
        for name in ("start_timeout", "page_timeout"):
            _check_seconds(name, getattr(self, name))


def _check_seconds(name: str, value: Any) -> None:  # noqa: ANN401  # whatever was given
    if not isinstance(value, int | float) or not 0 < value <= 3600:
        raise InvalidValue(f"BrowserSettings.{name}", "seconds, more than 0, at most 3600", value)
