"""The events that the fixtures mean. A batch of several entries, changes and kinds."""

from __future__ import annotations

from blazz.events import (
    UNDATED,
    AccountReviewed,
    Delivered,
    ErrorReported,
    Event,
    Problem,
    Read,
    Sent,
    TextReceived,
)
from tests.unit.providers.meta_cloud.inbound.people import (
    ACCOUNT,
    BUDI,
    BUDI_UNNAMED,
    NUMBER,
    SARI,
    at,
)

EXPECTED: dict[str, list[Event]] = {
    "batch": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.B1=",
            at=at(),
            account=NUMBER,
            message_id="wamid.B1=",
            sender=SARI,
            body="satu",
        ),
        TextReceived(
            key=f"message:{NUMBER}:wamid.B2=",
            at=at(),
            account=NUMBER,
            message_id="wamid.B2=",
            sender=BUDI,
            body="dua",
        ),
        Sent(
            key=f"status:{NUMBER}:wamid.B3=:sent:",
            at=at(),
            account=NUMBER,
            message_id="wamid.B3=",
            recipient=BUDI,
        ),
        Delivered(
            key=f"status:{NUMBER}:wamid.B3=:delivered:",
            at=at(),
            account=NUMBER,
            message_id="wamid.B3=",
            recipient=BUDI,
        ),
        ErrorReported(
            key=f"error:{NUMBER}:d52133f652a5f5de6eb4c2b944bf21b93717cd32",
            at=UNDATED,
            account=NUMBER,
            problem=Problem(code=131000, title="Something went wrong"),
            field="messages",
        ),
        AccountReviewed(
            key=f"account_review_update:{ACCOUNT}:5bacbd633470f6542e25547ddaa656513ff5b358",
            at=UNDATED,
            account=ACCOUNT,
            decision="PENDING",
        ),
        Read(
            key="status:110000000000009:wamid.B4=:read:",
            at=at(),
            account="110000000000009",
            message_id="wamid.B4=",
            recipient=BUDI_UNNAMED,
        ),
    ],
}
