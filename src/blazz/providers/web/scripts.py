"""The scripts that run in the page, in the order in which they are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

FIRST: Final = "bridge.js"
"""Makes `window.blazz`, which the other scripts add their functions to."""

WA_JS_CONFIG: Final = (
    "window.WPPConfig = { disableGoogleAnalytics: true, linkPreviewApiServers: [] };"
)
"""wa-js reads it when it starts. Without it, it reports every session to Google Analytics, and asks
servers of third parties for previews: they would learn each link that is sent."""


def page_scripts(wa_js: Path) -> Iterator[str]:
    """All scripts, in three parts, each to be run before anything of the page.

    The bridge comes first, then wa-js, then the scripts that use both, by name. They run in the
    page itself only, never in a frame within it. Each part takes a round trip to hand over; wa-js
    is one by itself, for a file that cannot be read as a script stops its own part.

    Raises:
        OSError: wa-js cannot be read.
    """
    own = own_scripts()
    yield _guarded(WA_JS_CONFIG) + "\n" + _guarded(own[FIRST])
    yield _guarded(wa_js.read_text(encoding="utf-8"))
    yield "\n".join(_guarded(source) for name, source in sorted(own.items()) if name != FIRST)


@cache
def own_scripts() -> dict[str, str]:
    """The scripts of this package and their names; they never change while it runs."""
    folder = files("blazz.providers.web") / "js"
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".js")
    }


def _guarded(source: str) -> str:
    # The line break ends a comment on the last line.
    return f"(() => {{ if (window.top !== window) return;\n{source}\n}})();"
