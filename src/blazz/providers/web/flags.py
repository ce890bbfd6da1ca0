"""The command line of the browser: how it is kept small, and how it stores data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from blazz.auth_stores.snapshot.contents import StorageEngine
from blazz.providers.web.settings import BrowserSettings

SQLITE: Final = "IdbSqliteBackingStore"
"""Chromium's name for keeping IndexedDB in SQLite."""

_OFF: Final = (
    # One site is shown, so isolating sites from each other only makes processes.
    "IsolateOrigins",
    "site-per-process",
    "SpareRendererForSitePerProcess",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "Translate",
)
_ON: Final = ("NetworkServiceInProcess2",)
_LEAN: Final = (
    "--disable-background-networking",
    "--disable-extensions",
    "--disable-site-isolation-trials",
    "--disable-software-rasterizer",
    # localStorage holds the login: on the disk within a second, not within up to a minute.
    "--enable-aggressive-domstorage-flushing",
    "--in-process-gpu",
    "--mute-audio",
    "--renderer-process-limit=1",
)


def command_line(settings: BrowserSettings, *, sandbox: bool) -> list[str]:
    """The arguments that a browser is started with, besides those of Playwright.

    Of switches that are given twice Chromium takes the last, so these lists of features replace
    Playwright's; a user's own lists are added to them.

    Example:
        >>> line = command_line(BrowserSettings(args=("--lang=id",)), sandbox=True)
        >>> line[-1], "--no-zygote" in line
        ('--lang=id', False)
    """
    off, on, others = list(_OFF), list(_ON), []
    for argument in settings.args:
        name, _, value = argument.partition("=")
        if name == "--disable-features":
            off += value.split(",")
        elif name == "--enable-features":
            on += value.split(",")
        else:
            others.append(argument)
    off, on = [name for name in off if name != SQLITE], [name for name in on if name != SQLITE]
    (on if settings.engine is StorageEngine.SQLITE else off).append(SQLITE)
    line = [f"--disable-features={_joined(off)}", f"--enable-features={_joined(on)}", *_LEAN]
    if not sandbox:
        line.append("--no-zygote")  # Chromium refuses it with a sandbox
    return line + others


def storage_flags(engine: StorageEngine) -> tuple[str, ...]:
    """The flags that decide how data is stored, as a snapshot records them.

    Example:
        >>> storage_flags(StorageEngine.LEVELDB)
        ('--disable-features=IdbSqliteBackingStore',)
    """
    verb = "enable" if engine is StorageEngine.SQLITE else "disable"
    return (f"--{verb}-features={SQLITE}",)


def wants_sandbox(settings: BrowserSettings) -> bool:
    """Whether Chromium's sandbox is used; Chromium has none for root."""
    if settings.sandbox is not None:
        return settings.sandbox
    return not hasattr(os, "geteuid") or os.geteuid() != 0


def _joined(names: Sequence[str]) -> str:
    return ",".join(dict.fromkeys(names))
