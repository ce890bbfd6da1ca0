"""Errors of the browser that a WhatsApp Web session runs in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blazz.errors.base import BlazzError, ConfigurationError


class WebError(BlazzError):
    """The browser of this session does not work."""


class BrowserNotFound(WebError, ConfigurationError):
    """There is no Chromium on this machine."""


class WrongWaJs(WebError, ConfigurationError):
    """It is not wa-js, not the version that it should be, or not installed."""


class BrowserFailed(WebError):
    """Chromium was found and does not start."""


class ProfileInUse(WebError):
    """Another browser uses this profile."""


class PageNotLoaded(WebError):
    """WhatsApp Web was not loaded."""


class BridgeOutdated(WebError):
    """WhatsApp has changed: parts of it that are needed were not found.

    Attributes:
        missing: The names of the parts, as wa-js calls them.
    """

    def __init__(self, message: str | None = None, *, missing: Sequence[str]) -> None:
        super().__init__(message)
        self.missing: tuple[str, ...] = tuple(missing)


class BridgeError(WebError):
    """A function in the page failed.

    Attributes:
        code: What failed, for programs, such as wa-js's `chat_not_found`.
        details: What else the page told.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.details = dict(details or {})


class CaptureFailed(WebError):
    """The state of the browser was not taken; it runs on, and the next attempt may do better."""


class BrowserDied(WebError):
    """The browser has ended; what was under way may or may not have been done."""


class PageCrashed(BrowserDied):
    """The page crashed; what was under way may or may not have been done."""


class PageReloaded(BrowserDied):
    """The page was loaded anew during the call, which may or may not have been done."""


class PageHung(BrowserDied):
    """The page gives no sign of life."""
