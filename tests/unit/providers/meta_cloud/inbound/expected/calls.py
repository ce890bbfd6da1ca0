"""The events that the fixtures mean. Calls."""

from __future__ import annotations

from blazz.events import (
    UNDATED,
    CallConnected,
    CallEnded,
    CallStatusChanged,
    ErrorReported,
    Event,
    Problem,
    SessionDescription,
)
from tests.unit.providers.meta_cloud.inbound.people import NUMBER, SARI, at

EXPECTED: dict[str, list[Event]] = {
    "calls/errors": [
        ErrorReported(
            key=f"error:{NUMBER}:14501fabbd80a74527acde779db68be6b14e6ec2",
            at=UNDATED,
            account=NUMBER,
            problem=Problem(code=138000, title="Calling not enabled"),
            field="calls",
        ),
    ],
    "calls/incoming": [
        CallConnected(
            key=f"call:{NUMBER}:wacid.IN=:connect",
            at=at(),
            account=NUMBER,
            call_id="wacid.IN=",
            person=SARI,
            direction="USER_INITIATED",
            session=SessionDescription(type="offer", sdp="v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"),
        ),
    ],
    "calls/outgoing": [
        CallConnected(
            key=f"call:{NUMBER}:wacid.OUT=:connect",
            at=at(),
            account=NUMBER,
            call_id="wacid.OUT=",
            person=SARI,
            direction="BUSINESS_INITIATED",
            token="panggilan-1",
            session=SessionDescription(type="answer", sdp="v=0\r\n"),
        ),
    ],
    "calls/status": [
        CallStatusChanged(
            key=f"call:{NUMBER}:wacid.OUT=:RINGING",
            at=at(2),
            account=NUMBER,
            call_id="wacid.OUT=",
            person=SARI,
            token="panggilan-1",
            status="RINGING",
        ),
    ],
    "calls/terminated": [
        CallEnded(
            key=f"call:{NUMBER}:wacid.IN=:terminate",
            at=at(95),
            account=NUMBER,
            call_id="wacid.IN=",
            person=SARI,
            direction="USER_INITIATED",
            status="COMPLETED",
            started_at=at(5),
            ended_at=at(95),
            duration=90.0,
        ),
    ],
    "calls/unanswered": [
        CallEnded(
            key=f"call:{NUMBER}:wacid.OUT=:terminate",
            at=at(30),
            account=NUMBER,
            call_id="wacid.OUT=",
            person=SARI,
            direction="BUSINESS_INITIATED",
            token="panggilan-1",
            status="FAILED",
            errors=(Problem(code=138001, message="Receiver uncallable"),),
        ),
    ],
}
