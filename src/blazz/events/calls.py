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
        token: What you sent along when you called or accepted (`biz_opaque_callback_data`).
        button_payload: What you sent with the call button that the person pressed.
        link_payload: The `biz_payload` of the link by which the person called.
    """

    call_id: str
    person: Identity
    direction: str | None = None
    token: str | None = None
    button_payload: str | None = None
    link_payload: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConnected(CallEvent):
    """A person calls you (`session` is their offer), or your call connects (their answer)."""

    session: SessionDescription | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAttempted(CallEvent):
    """A call goes through your SIP server, which is told the rest of it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFileReady(CallEvent):
    """What you asked to be kept of a call can be downloaded; a subclass says what it is.

    Attributes:
        media_id: What to download it by, for 7 days.
        mime_type: Such as `audio/ogg; codecs=opus`.
        sha256: The file's SHA-256, in base64.
        url: Where it can be fetched for 5 minutes with the access token.
    """

    media_id: str | None = None
    mime_type: str | None = None
    sha256: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecorded(CallFileReady):
    """The recording of a call is ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTranscribed(CallFileReady):
    """The transcript of a call is ready: a JSON document that tells who said what, and when."""
