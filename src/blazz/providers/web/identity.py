"""How the browser names itself to WhatsApp: as the same browser with a window would."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any, Final

_VERSION: Final = re.compile(r"(?:Headless)?Chrome/(?P<major>\d+)[\d.]*")
_PLATFORMS: Final = {"darwin": "macOS", "win32": "Windows"}


def usual_identity(user_agent: str, *, platform: str = sys.platform) -> Mapping[str, Any] | None:
    """What `Emulation.setUserAgentOverride` is to be given; None where nothing has to change.

    A browser without a window says so in its name, and WhatsApp turns names away that it does not
    know. Browsers tell only the first number of their version.

    Args:
        user_agent: The browser's own name.
        platform: The system that it runs on, as in `sys.platform`.

    Example:
        >>> usual_identity("Mozilla/5.0 HeadlessChrome/156.0.8078.79")["userAgent"]
        'Mozilla/5.0 Chrome/156.0.0.0'
    """
    found = _VERSION.search(user_agent)
    if found is None or not found[0].startswith("Headless"):
        return None
    major = found["major"]
    brands = [
        {"brand": "Chromium", "version": major},
        {"brand": "Not_A Brand", "version": "24"},
    ]
    return {
        "userAgent": _VERSION.sub(f"Chrome/{major}.0.0.0", user_agent),
        "userAgentMetadata": {
            "brands": brands,
            "platform": _PLATFORMS.get(platform, "Linux"),
            "platformVersion": "",
            "architecture": "x86",
            "model": "",
            "mobile": False,
        },
    }
