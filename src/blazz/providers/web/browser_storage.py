"""localStorage and cookies of a running browser, which its files show late or not at all.

Chromium writes localStorage to the disk up to a minute late. A snapshot therefore has it as a
document, `local_storage.json`, read from the browser itself, next to `cookies.json`. After a
restore the page must be given both before anything of the application runs, because the files that
were restored hold an older state of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

import anyio

from blazz.errors import InvalidValue
from blazz.errors.web import CaptureFailed

if TYPE_CHECKING:
    from playwright.async_api import Page

LOCAL_STORAGE: Final = "local_storage.json"
COOKIES: Final = "cookies.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserStorage:
    """What a page keeps outside IndexedDB.

    Attributes:
        local_storage: The localStorage of the page's origin.
        cookies: All cookies of the profile, in the form of Playwright's `add_cookies`.

    Example:
        >>> storage = BrowserStorage(local_storage={"last-wid": "62811@c.us"}, cookies=())
        >>> restore_documents(storage.to_documents()) == storage
        True
    """

    local_storage: Mapping[str, str] = field(repr=False)
    cookies: Sequence[Mapping[str, Any]] = field(repr=False)

    def to_documents(self) -> dict[str, bytes]:
        """Write it as the documents of a snapshot; equal contents give equal bytes."""
        cookies = sorted(self.cookies, key=lambda cookie: json.dumps(cookie, sort_keys=True))
        return {LOCAL_STORAGE: _bytes(dict(self.local_storage)), COOKIES: _bytes(cookies)}

    @classmethod
    def from_documents(cls, documents: Mapping[str, bytes]) -> Self | None:
        """Read what `to_documents` wrote; see `restore_documents`."""
        if LOCAL_STORAGE not in documents:
            return None
        local_storage = _value(documents, LOCAL_STORAGE)
        cookies = _value(documents, COOKIES) if COOKIES in documents else []
        if not isinstance(local_storage, dict) or not all(
            isinstance(value, str) for value in local_storage.values()
        ):
            raise InvalidValue(LOCAL_STORAGE, "an object of strings", local_storage)
        if not isinstance(cookies, list) or not all(isinstance(each, dict) for each in cookies):
            raise InvalidValue(COOKIES, "a list of objects", cookies)
        return cls(local_storage=local_storage, cookies=tuple(cookies))


def restore_documents(documents: Mapping[str, bytes]) -> BrowserStorage | None:
    """What a browser must be given before the application loads, after a restore.

    Give `local_storage` and `cookies` of the result to `Bridge.attach`.

    Args:
        documents: The documents of the snapshot that was restored.

    Returns:
        None: the files have all of it, since they were taken after a clean close.

    Raises:
        InvalidValue: A document is not what `BrowserStorage.to_documents` writes.
    """
    return BrowserStorage.from_documents(documents)


async def read_storage(page: Page, *, timeout: float = 10.0) -> BrowserStorage:
    """Read localStorage and cookies from a running browser.

    Args:
        page: A page of the application; its origin is the one that is read.
        timeout: Seconds to wait for the browser.

    Raises:
        CaptureFailed: The page shows nothing that has a localStorage, or does not answer.
    """
    from playwright.async_api import Error

    origin = origin_of(page.url)
    if origin is None:
        raise CaptureFailed(f"the page shows {page.url[:80]!r}, which has no localStorage")
    try:
        with anyio.fail_after(timeout):
            session = await page.context.new_cdp_session(page)
            try:
                storage = {"storageKey": f"{origin}/", "isLocalStorage": True}
                told = await session.send("DOMStorage.getDOMStorageItems", {"storageId": storage})
                cookies = await page.context.cookies()
            finally:
                await session.detach()
    except TimeoutError:
        raise CaptureFailed(f"the browser did not tell its localStorage in {timeout:g} s") from None
    except Error as error:
        raise CaptureFailed(f"the browser did not tell its localStorage: {error}") from error
    return BrowserStorage(
        local_storage=dict(told["entries"]),
        cookies=tuple(dict(cookie) for cookie in cookies),
    )


def origin_of(url: str) -> str | None:
    """The origin of an address; None if it is one that can keep nothing.

    Example:
        >>> origin_of("https://web.whatsapp.com/?lang=id"), origin_of("about:blank")
        ('https://web.whatsapp.com', None)
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else None


def _bytes(value: object) -> bytes:
    # In ASCII, because localStorage may hold halves of surrogate pairs, which UTF-8 has no form of.
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _value(documents: Mapping[str, bytes], name: str) -> object:
    try:
        return json.loads(documents[name])
    except ValueError as error:
        raise InvalidValue(name, "JSON", documents[name][:80]) from error
