"""`calls`: voice calls from and to people."""

from __future__ import annotations

from typing import Any

from blazz.addresses import Identity
from blazz.events.base import Event
from blazz.events.calls import CallConnected, CallEnded, CallStatusChanged, SessionDescription
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.keys import plain
from blazz.providers.meta_cloud.inbound.people import (
    RECEIVER,
    RECIPIENT,
    SENDER,
    Names,
    contact_of,
    conversation,
    identity,
)
from blazz.providers.meta_cloud.inbound.problems import problems
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    Unreadable,
    inner,
    moment,
    number,
    required,
    text,
)


def _identify_call(item: Json, change: Change) -> tuple[str | None, str | None]:
    return _key(item, change, "event"), conversation(item, _other_side(item), change)


def _identify_status(item: Json, change: Change) -> tuple[str | None, str | None]:
    return _key(item, change, "status"), conversation(item, RECIPIENT, change)


def _key(item: Json, change: Change, step: str) -> str | None:
    call_id, name = plain(item.get("id")), plain(item.get(step))
    if call_id is None or name is None:
        return None
    return f"call:{change.scope}:{call_id}:{name}"


def _other_side(item: Json) -> Names:
    """Tell which fields name the person: those of the caller, or those of the one called."""
    if item.get("direction") == "BUSINESS_INITIATED":
        return RECEIVER
    return RECEIVER if RECEIVER.user_id in item else SENDER


def _build_call(item: Json, update: CloudUpdate) -> Event:
    common = _common(item, update, _other_side(item))
    event = text(item, "event")
    if event == "connect":
        return CallConnected(**common, session=_session(inner(item, "session")))
    if event == "terminate":
        return CallEnded(
            **common,
            status=text(item, "status"),
            started_at=moment(item, "start_time"),
            ended_at=moment(item, "end_time"),
            duration=number(item, "duration"),
            errors=problems(item),
        )
    raise Unreadable(f"the call event {(event or 'none')[:40]} is not known")


def _build_status(item: Json, update: CloudUpdate) -> CallStatusChanged:
    common = _common(item, update, RECIPIENT)
    return CallStatusChanged(**common, status=required(item, "status", "statuses"))


def _common(item: Json, update: CloudUpdate, names: Names) -> dict[str, Any]:
    person: Identity = identity(item, names, contact_of(item, names, update.change))
    return update.common() | {
        "call_id": required(item, "id", "calls"),
        "person": person,
        "direction": text(item, "direction"),
        "token": text(item, "biz_opaque_callback_data"),
    }


def _session(session: Json) -> SessionDescription | None:
    sdp = text(session, "sdp")
    return None if sdp is None else SessionDescription(type=text(session, "sdp_type"), sdp=sdp)


CALL = Kind(_identify_call, _build_call)
CALL_STATUS = Kind(_identify_status, _build_status)
