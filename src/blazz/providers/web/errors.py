"""The errors of this provider's browser, by the name that its modules know them by."""

from blazz.errors.web import (
    BridgeError,
    BridgeOutdated,
    BrowserDied,
    BrowserFailed,
    BrowserNotFound,
    CaptureFailed,
    PageCrashed,
    PageHung,
    PageNotLoaded,
    PageReloaded,
    ProfileInUse,
    WebError,
    WrongWaJs,
)

__all__ = [
    "BridgeError",
    "BridgeOutdated",
    "BrowserDied",
    "BrowserFailed",
    "BrowserNotFound",
    "CaptureFailed",
    "PageCrashed",
    "PageHung",
    "PageNotLoaded",
    "PageReloaded",
    "ProfileInUse",
    "WebError",
    "WrongWaJs",
]
