"""Finds the Chromium of this machine."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from blazz.errors.web import BrowserNotFound

PATH_VARIABLE: Final = "BLAZZ_CHROMIUM"
"""Environment variable that names the Chromium to use."""

BROWSERS_VARIABLE: Final = "PLAYWRIGHT_BROWSERS_PATH"
"""Environment variable that names the folder where Playwright keeps its browsers."""

_SHELLS: Final = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
_WINDOWED: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_BEHIND_SCRIPTS: Final = {
    # Debian's commands are shell scripts, each of which would stay as one more process.
    Path("/usr/bin/chromium-headless-shell"): Path("/usr/lib/chromium/chromium-headless-shell"),
}
_REVISION: Final = re.compile(r"-(\d+)$")


def find_chromium(
    path: Path | str | None = None,
    *,
    headless: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Path:
    """Find a Chromium: the one named, or else the first that this machine has.

    Looked for, in this order: `path`; `BLAZZ_CHROMIUM` in the environment; programs on `PATH`;
    the browsers that Playwright installed. The headless shell comes first, because it needs less
    than half the memory; it has no window.

    Args:
        path: The one to use.
        headless: Whether it needs no window.
        environment: The environment variables; None: those of this process.

    Raises:
        BrowserNotFound: There is none, or none where it should be.
    """
    variables = os.environ if environment is None else environment
    named = path or variables.get(PATH_VARIABLE)
    if named:
        return _named(Path(named).expanduser())
    names = (*_SHELLS, *_WINDOWED) if headless else _WINDOWED
    for name in names:
        if found := shutil.which(name, path=variables.get("PATH", "")):
            return _BEHIND_SCRIPTS.get(Path(found), Path(found))
    for candidate in _of_playwright(variables, headless=headless):
        if os.access(candidate, os.X_OK):
            return candidate
    raise BrowserNotFound(_advice(headless=headless))


def _named(path: Path) -> Path:
    if not path.is_file() or not os.access(path, os.X_OK):
        raise BrowserNotFound(
            f"there is no program at {path}, which BrowserSettings(executable=) or {PATH_VARIABLE}"
            " names; name a Chromium, or none at all: then one is looked for"
        )
    return _BEHIND_SCRIPTS.get(path, path)


def _of_playwright(variables: Mapping[str, str], *, headless: bool) -> Iterator[Path]:
    """Where Playwright's browsers would be, the newest first."""
    folder = _playwright_folder(variables)
    kinds = ["chromium-*"] if not headless else ["chromium_headless_shell-*", "chromium-*"]
    for kind in kinds:
        for installed in sorted(folder.glob(kind), key=_revision, reverse=True):
            for pattern in ("*/*headless[_-]shell*", "*/chrome", "*/chrome.exe", "*/*/*/*/Chrom*"):
                yield from (path for path in sorted(installed.glob(pattern)) if path.is_file())


def _revision(folder: Path) -> int:
    found = _REVISION.search(folder.name)
    return int(found[1]) if found else 0


def _playwright_folder(variables: Mapping[str, str]) -> Path:
    if named := variables.get(BROWSERS_VARIABLE):
        return Path(named)
    home = Path(variables.get("HOME") or variables.get("USERPROFILE") or Path.home())
    if sys.platform == "win32":
        return Path(variables.get("LOCALAPPDATA") or home / "AppData" / "Local") / "ms-playwright"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "ms-playwright"
    return Path(variables.get("XDG_CACHE_HOME") or home / ".cache") / "ms-playwright"


def _advice(*, headless: bool) -> str:
    package = "chromium-headless-shell" if headless else "chromium"
    only = " --only-shell" if headless else ""
    return (
        f"there is no Chromium on this machine; on Debian run: apt-get install {package};"
        f" elsewhere run: python -m playwright install chromium{only};"
        f" or name one in {PATH_VARIABLE}"
    )
