"""The events that the fixtures mean. Calls."""

from __future__ import annotations

from blazz.events import (
    UNDATED,
    CallAttempted,
    CallConnected,
    CallEnded,
    CallRecorded,
    CallStatusChanged,
    CallTranscribed,
    ErrorReported,
    Event,
    Problem,
    SessionDescription,
)
from tests.unit.providers.meta_cloud.inbound.people import NUMBER, SARI, SARI_BY_ID, at

UNCALLABLE = Problem(
    code=138001,
    message="Receiver uncallable",
    details="The person cannot be called.",
    href="https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
)

EXPECTED: dict[str, list[Event]] = {
    "calls/attempted": [
        CallAttempted(
            key=f"call:{NUMBER}:wacid.SIP=:call_created",
            at=at(),
            account=NUMBER,
            call_id="wacid.SIP=",
            person=SARI,
            direction="BUSINESS_INITIATED",
        ),
    ],
    "calls/errors": [
        ErrorReported(
            key=f"error:{NUMBER}:14501fabbd80a74527acde779db68be6b14e6ec2",
            at=UNDATED,
            account=NUMBER,
            problem=Problem(code=138000, title="Calling not enabled"),
            field="calls",
        ),
    ],
    "calls/failed": [
        CallEnded(
            key=f"call:{NUMBER}:wacid.OUT2=:terminate",
            at=at(30),
            account=NUMBER,
            call_id="wacid.OUT2=",
            person=SARI,
            direction="BUSINESS_INITIATED",
            token="panggilan-1",
            status="FAILED",
            errors=(UNCALLABLE,),
        ),
        ErrorReported(
            key=f"error:{NUMBER}:56017104d3d559732fd48cef6d453ed78eadbefa",
            at=UNDATED,
            account=NUMBER,
            problem=UNCALLABLE,
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
            button_payload="tombol-telepon",
            link_payload="halaman-harga",
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
    "calls/recorded": [
        CallRecorded(
            key=f"call:{NUMBER}:wacid.IN=:call_recording_available",
            at=at(160),
            account=NUMBER,
            call_id="wacid.IN=",
            person=SARI_BY_ID,
            media_id="1002764438271669",
            mime_type="audio/ogg; codecs=opus",
            sha256="cmVrYW1hbg==",
            url="https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
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
    "calls/transcribed": [
        CallTranscribed(
            key=f"call:{NUMBER}:wacid.IN=:call_transcription_available",
            at=at(161),
            account=NUMBER,
            call_id="wacid.IN=",
            person=SARI_BY_ID,
            media_id="1002764438271670",
            mime_type="application/json",
            sha256="dHJhbnNrcmlw",
            url="https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
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
