"""The parts of WhatsApp that blazz needs, as wa-js names them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from blazz.errors.web import BridgeOutdated
from blazz.providers.web.line import PageLine

NEEDED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "starting": (
            "Cmd",
            "Conn",
            "Socket",
            "Stream",
            "UserPrefs",
            "contants.SANITIZED_VERSION_STR",  # wa-js's spelling
            "functions.isLoggedIn",
            "functions.getErrorCodeFromLogoutReason",
        ),
        "pairing": (
            "Base64",
            "functions.isRegistered",
            "multidevice.adv",
            "multidevice.waNoiseInfo",
            "multidevice.waSignalStore",
        ),
        "sending": (
            "ChatModel",
            "ChatStore",
            "ContactStore",
            "MsgKey",
            "Wid",
            "WidFactory",
            "enums.ACK",
            "functions.addAndSendMsgToChat",
            "functions.findOrCreateLatestChat",
            "functions.getEphemeralFields",
            "functions.queryWidExists",
            "functions.unixTime",
        ),
        "sending files": ("MediaPrep", "OpaqueData"),
        "receiving": (
            "ApiContact",
            "MsgStore",
            "functions.handleChatSimpleReceipt",
            "lidPnCache",
        ),
    }
)
"""What wa-js has to find in WhatsApp, by what it is needed for.

Found by leaving out one module of the simulated page after the other: without one of these, the
thing that it is listed under does not work.
"""

_SECONDS: Final = 10.0


async def check_parts(line: PageLine) -> None:
    """Check that wa-js found all parts of WhatsApp that we need.

    Raises:
        BridgeOutdated: It did not; the error names those that are missing.
        BrowserDied: The browser has ended, or the page crashed.
    """
    names = [name for group in NEEDED.values() for name in group]
    expression = f"window.blazz.missing({json.dumps(names)})"
    found = await line.evaluate(expression, timeout=_SECONDS, what="the check of wa-js's parts")
    missing = frozenset(found)
    if missing:
        raise BridgeOutdated(
            f"WhatsApp has changed: wa-js does not find {described(missing)}",
            missing=[name for name in names if name in missing],
        )


def described(missing: frozenset[str]) -> str:
    """Names the missing parts and what they are needed for.

    Example:
        >>> described(frozenset({"MsgKey", "Wid", "MediaPrep"}))
        'MsgKey, Wid (sending), MediaPrep (sending files)'
    """
    groups = (
        (purpose, [name for name in names if name in missing]) for purpose, names in NEEDED.items()
    )
    return ", ".join(f"{', '.join(names)} ({purpose})" for purpose, names in groups if names)
