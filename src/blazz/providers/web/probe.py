"""The parts of WhatsApp that blazz needs, as wa-js names them."""

from __future__ import annotations

import json
from typing import Final

from blazz.providers.web.errors import BridgeOutdated
from blazz.providers.web.line import PageLine

NEEDED: Final = (
    "Conn",
    "Socket",
    "Stream",
    "Cmd",
    "UserPrefs",
    "WidFactory",
    "MsgKey",
    "MsgStore",
    "ChatStore",
    "ContactStore",
)
"""Without one of these, sessions do not work."""

_SECONDS: Final = 10.0


async def check_parts(line: PageLine) -> None:
    """Check that wa-js found all parts of WhatsApp that we need.

    Raises:
        BridgeOutdated: It did not; the error names those that are missing.
        BrowserDied: The browser has ended, or the page crashed.
    """
    expression = f"window.blazz.missing({json.dumps(NEEDED)})"
    missing = await line.evaluate(expression, timeout=_SECONDS, what="the check of wa-js's parts")
    if missing:
        shown = ", ".join(missing)
        raise BridgeOutdated(f"WhatsApp has changed: wa-js does not find {shown}", missing=missing)
