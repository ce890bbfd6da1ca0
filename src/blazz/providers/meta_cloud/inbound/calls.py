"""`calls`: voice calls from and to people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from blazz.addresses import Identity
from blazz.events.base import Event
from blazz.events.calls import (
    CallAttempted,
    CallConnected,
    CallEnded,
    CallEvent,
    CallRecorded,
    CallStatusChanged,
    CallTranscribed,
    SessionDescription,
)
from blazz.events.problems import Problem
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.content import media_file
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
    each,
    inner,
    moment,
    number,
    required,
    text,
)

Read: TypeAlias = Callable[[Json, Change, dict[str, Any]], CallEvent]


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
    event = text(item, "event") or "none"
    read = _READERS.get(event)
    if read is None:
        raise Unreadable(f"the call event {event[:40]} is not known")
    return read(item, update.change, _common(item, update, _other_side(item)))


def _connected(item: Json, _: Change, common: dict[str, Any]) -> CallEvent:
    return CallConnected(**common, session=_session(inner(item, "session")))


def _attempted(_: Json, __: Change, common: dict[str, Any]) -> CallEvent:
    return CallAttempted(**common)


def _ended(item: Json, change: Change, common: dict[str, Any]) -> CallEvent:
    status = text(item, "status")
    return CallEnded(
        **common,
        status=status and status.upper(),  # Meta's guides write it in both ways
        started_at=moment(item, "start_time"),
        ended_at=moment(item, "end_time"),
        duration=number(item, "duration"),
        errors=_reasons(item, change),
    )


def _reasons(item: Json, change: Change) -> tuple[Problem, ...]:
    """Tell why a call ended: Meta says it beside the call, where only one can be meant."""
    if "errors" in item or len(each(change.value, "calls")) != 1:
        return problems(item)
    return problems(change.value)


def _recorded(item: Json, _: Change, common: dict[str, Any]) -> CallEvent:
    recording = inner(item, "call_recording")
    return CallRecorded(**common, **media_file(recording, text(recording, "type") or "audio"))


def _transcribed(item: Json, _: Change, common: dict[str, Any]) -> CallEvent:
    return CallTranscribed(**common, **media_file(inner(item, "call_transcript"), "document"))


_READERS: Mapping[str, Read] = {
    "connect": _connected,
    "call_created": _attempted,
    "terminate": _ended,
    "call_recording_available": _recorded,
    "call_transcription_available": _transcribed,
}


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
        "button_payload": text(item, "cta_payload"),
        "link_payload": text(item, "deeplink_payload"),
    }


def _session(session: Json) -> SessionDescription | None:
    sdp = text(session, "sdp")
    return None if sdp is None else SessionDescription(type=text(session, "sdp_type"), sdp=sdp)


CALL = Kind(_identify_call, _build_call)
CALL_STATUS = Kind(_identify_status, _build_status)
