"""A voice call with a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from blazz.addresses import Identity
from blazz.events.base import Event
from blazz.events.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDescription:
    """One side's media settings, in the Session Description Protocol (RFC 8866).

    Attributes:
        type: `offer` or `answer`.
        sdp: The description.
    """

    type: str | None = None
    sdp: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent(Event):
    """Something about one call.

    Attributes:
        call_id: The id of the call (Cloud API: `wacid.…`).
        person: The person on the other side.
        direction: `USER_INITIATED` or `BUSINESS_INITIATED`, where it is told.
        token: What you sent along when you called (`biz_opaque_callback_data`).
    """

    call_id: str
    person: Identity
    direction: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConnected(CallEvent):
    """A person calls you (`session` is their offer), or your call connects (their answer)."""

    session: SessionDescription | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStatusChanged(CallEvent):
    """A call of yours got further.

    Attributes:
        status: `RINGING`, `ACCEPTED` or `REJECTED`.
    """

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallEvent):
    """A call is over.

    Attributes:
        status: `COMPLETED`, or `FAILED` when nobody answered or it broke.
        started_at: When it was picked up.
        ended_at: When it ended.
        duration: How long it took, in seconds.
        errors: Why it failed.
    """

    status: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration: float | None = None
    errors: tuple[Problem, ...] = ()
