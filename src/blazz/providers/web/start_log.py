"""What the log of a browser that did not start tells, in one sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_SAID: Final = re.compile(r"\[err\]\s*(?P<text>\S.*)")
_PREFIX: Final = re.compile(r"^\[[\d:./]*(?:\d+:)*[\d/.]*:(?P<level>[A-Z]+):[^\]]*\]\s*")
_ENDED: Final = re.compile(r"exitCode=(?P<code>\w+), signal=(?P<signal>\w+)")
_NOISE: Final = ("dbus/", "unexpected operator", "vaapi", "bluez")
_SANDBOX: Final = ("sandboxing failed", "No usable sandbox", "without --no-sandbox")
_DISPLAY: Final = ("Missing X server", "XServer running", "Failed to connect to Wayland")


def why_it_did_not_start(program: Path, log: str) -> str:
    """What went wrong, and what to do about it where that is known.

    Args:
        program: The browser.
        log: What Playwright tells of the failure, over many lines.

    Example:
        >>> why_it_did_not_start(Path("chromium"), "<process did exit: exitCode=127, signal=null>")
        'chromium did not start: it ended at once (exit code 127)'
    """
    if any(words in log for words in _SANDBOX):
        return (
            f"{program} cannot sandbox itself: root never can, others need unprivileged user"
            f" namespaces; allow those, or say sandbox=False"
        )
    if any(words in log for words in _DISPLAY):
        return f"{program} needs a display for its window: set DISPLAY, or run xvfb-run"
    return f"{program} did not start: {_said(log) or _ended(log) or _first_line(log)}"


def _said(log: str) -> str | None:
    """What the program itself wrote: the first error, else the first line."""
    said = [match["text"] for match in _SAID.finditer(log)]
    said = [text for text in said if not any(noise in text for noise in _NOISE)]
    prefixes = {text: _PREFIX.match(text) for text in said}
    errors = [text for text, found in prefixes.items() if found and found["level"] != "WARNING"]
    if not said:
        return None
    return _PREFIX.sub("", (errors or said)[0])[:300]


def _ended(log: str) -> str | None:
    ended = _ENDED.search(log)
    if ended is None:
        return None
    how = f"signal {ended['signal']}" if ended["code"] == "null" else f"exit code {ended['code']}"
    return f"it ended at once ({how})"


def _first_line(log: str) -> str:
    return log.strip().partition("\n")[0][:300] or "no reason was told"
