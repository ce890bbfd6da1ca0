"""What the page's state means for the session; pure.

WhatsApp Web has three states that do not agree with each other: whether somebody is logged in, the
mode of the stream, and what the stream does at the moment. `conn.main_ready` of wa-js comes with a
QR code, too; a restored session never tells that it was authenticated; and while the connection is
broken, the mode stays MAIN. So all of them are looked at together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from blazz.addresses import Phone
from blazz.events.sessions import StateReason
from blazz.providers.lifecycle import Signal
from blazz.providers.web.ids import to_phone

_ENDINGS: Final[Mapping[str, tuple[Signal, StateReason]]] = {
    "CONFLICT": (Signal.STOPPED, StateReason.OPENED_ELSEWHERE),
    "DEPRECATED_VERSION": (Signal.OUTDATED, StateReason.CLIENT_OUTDATED),
    "TOS_BLOCK": (Signal.BANNED, StateReason.TEMPORARILY_BANNED),
    "SMB_TOS_BLOCK": (Signal.BANNED, StateReason.TEMPORARILY_BANNED),
}
_BROKEN: Final = frozenset({"OFFLINE", "OPENING", "CONNECTING"})
_LOGOUTS: Final[Mapping[str, tuple[Signal, StateReason]]] = {
    "user_initiated": (Signal.LOGGED_OUT, StateReason.LOGGED_OUT_BY_PHONE),
    "account_locked": (Signal.BANNED, StateReason.ACCOUNT_LOCKED),
    "client_version_outdated": (Signal.OUTDATED, StateReason.CLIENT_OUTDATED),
}


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that happened to the session.

    Attributes:
        signal: What.
        reason: Why, where it is not the usual reason.
        detail: WhatsApp's own word for it.
    """

    signal: Signal
    reason: StateReason | None = None
    detail: str | None = None


def observe(state: Mapping[str, Any]) -> Observation | None:
    """Tell what a state of the page means; None: nothing certain.

    Example:
        >>> observe({"authenticated": True, "mode": "MAIN", "info": "OPENING"}).signal.value
        'disconnected'
    """
    mode, info = state.get("mode"), state.get("info")
    if mode in _ENDINGS:
        return Observation(*_ENDINGS[str(mode)], detail=str(mode))
    if not state.get("authenticated"):
        return Observation(Signal.UNLINKED) if mode == "QR" else None
    if mode != "MAIN" or not state.get("full", True):
        return Observation(Signal.LINKED)
    if info == "NORMAL":
        return Observation(Signal.CONNECTED)
    if info in _BROKEN:
        return Observation(Signal.DISCONNECTED, detail=str(info))
    return Observation(Signal.LINKED)


def observe_logout(reason: str | None, *, asked: bool) -> Observation:
    """Tell what a logout means.

    Args:
        reason: WhatsApp's name of the reason.
        asked: We asked for it.

    Example:
        >>> observe_logout("account_locked", asked=False).reason.value
        'account_locked'
    """
    if asked:
        return Observation(Signal.LOGGED_OUT, StateReason.LOGGED_OUT_HERE, reason)
    usual = (Signal.LOGGED_OUT, StateReason.LOGGED_OUT_BY_WHATSAPP)
    return Observation(*_LOGOUTS.get(reason or "", usual), detail=reason)


def observe_backend(event: str | None) -> Observation | None:
    """Tell what an event of WhatsApp's own bus means; None: nothing."""
    if event == "account_temporarily_banned":
        return Observation(Signal.BANNED, StateReason.TEMPORARILY_BANNED, event)
    return None


def account_of(state: Mapping[str, Any]) -> Phone | None:
    """The number of whoever is logged in, where it is known."""
    me = state.get("me") or {}
    return to_phone(me.get("phone"))
