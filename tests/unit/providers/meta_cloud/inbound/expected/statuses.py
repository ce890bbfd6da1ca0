"""The events that the fixtures mean. Statuses and payments."""

from __future__ import annotations

from decimal import Decimal

from blazz.events import (
    BilledConversation,
    Delivered,
    Event,
    Failed,
    PaymentStatusChanged,
    Played,
    Pricing,
    Problem,
    Read,
    Sent,
    UnknownUpdate,
)
from tests.unit.providers.meta_cloud.inbound.people import (
    BUDI,
    BUDI_UNNAMED,
    GROUP,
    HIDDEN,
    NUMBER,
    SARI,
    at,
)

EXPECTED: dict[str, list[Event]] = {
    "statuses/delivered": [
        Delivered(
            key=f"status:{NUMBER}:wamid.OUTGOING=:delivered:",
            at=at(),
            account=NUMBER,
            message_id="wamid.OUTGOING=",
            recipient=SARI,
            token="v1.promo.11.1.mac",
            pricing=Pricing(category="marketing", type="regular", model="PMP", billable=True),
            identity_key_hash="aGFzaA==",
        ),
    ],
    "statuses/failed": [
        Failed(
            key=f"status:{NUMBER}:wamid.OUTGOING=:failed:",
            at=at(),
            account=NUMBER,
            message_id="wamid.OUTGOING=",
            recipient=BUDI_UNNAMED,
            errors=(
                Problem(
                    code=131026,
                    title="Message undeliverable",
                    message="Message undeliverable",
                    details="Not on WhatsApp",
                    href="https://errors.example/131026",
                ),
            ),
        ),
    ],
    "statuses/free_international": [
        Delivered(
            key=f"status:{NUMBER}:wamid.OUTGOING=:delivered:",
            at=at(),
            account=NUMBER,
            message_id="wamid.OUTGOING=",
            recipient=BUDI,
            pricing=Pricing(
                category="authentication_international",
                type="free_customer_service",
                model="PMP",
                billable=False,
            ),
        ),
    ],
    "statuses/group": [
        Read(
            key=f"status:{NUMBER}:wamid.TOGROUP=:read:ID.40000000000000000001",
            at=at(),
            account=NUMBER,
            message_id="wamid.TOGROUP=",
            recipient=SARI,
            group=GROUP,
            pricing=Pricing(category="group_marketing", type="regular", model="PMP", billable=True),
        ),
        Read(
            key=f"status:{NUMBER}:wamid.TOGROUP=:read:6281234500002",
            at=at(1),
            account=NUMBER,
            message_id="wamid.TOGROUP=",
            recipient=BUDI,
            group=GROUP,
            pricing=Pricing(category="group_marketing", type="regular", model="PMP", billable=True),
            conversation=BilledConversation(id="conv-2", origin="group_marketing"),
        ),
    ],
    "statuses/payment": [
        PaymentStatusChanged(
            key=f"statuses:{NUMBER}:056e1f2124bc5e5cb5ddfae6b74de6a38de8f32f",
            at=at(),
            account=NUMBER,
            message_id="wamid.ORDER=",
            payer=BUDI,
            status="captured",
            reference_id="order-11",
            amount=Decimal(210),
            currency="INR",
            transaction_id="txn-1",
            transaction_type="razorpay",
            transaction_status="success",
            gateway_transaction_id="pay_1",
            method="upi",
            created_at=at(-30),
            updated_at=at(),
        ),
    ],
    "statuses/payment_failed": [
        PaymentStatusChanged(
            key=f"statuses:{NUMBER}:92dafc2482081dd3b5c9e4674e7af4befd171cb9",
            at=at(),
            account=NUMBER,
            message_id="wamid.ORDER=",
            payer=BUDI,
            status="failed",
            reference_id="order-12",
            amount=Decimal(99),
            currency="INR",
            transaction_id="txn-2",
            transaction_status="failed",
            error_code="bank_declined",
            error_reason="Declined",
        ),
    ],
    "statuses/played": [
        Played(
            key=f"status:{NUMBER}:wamid.OUTGOING=:played:",
            at=at(),
            account=NUMBER,
            message_id="wamid.OUTGOING=",
            recipient=BUDI,
        ),
    ],
    "statuses/read": [
        Read(
            key=f"status:{NUMBER}:wamid.OUTGOING=:read:",
            at=at(),
            account=NUMBER,
            message_id="wamid.OUTGOING=",
            recipient=HIDDEN,
        ),
    ],
    "statuses/sent": [
        Sent(
            key=f"status:{NUMBER}:wamid.OUTGOING=:sent:",
            at=at(),
            account=NUMBER,
            message_id="wamid.OUTGOING=",
            recipient=SARI,
            token="v1.promo.11.1.mac",
            pricing=Pricing(category="marketing", type="regular", model="PMP", billable=True),
            conversation=BilledConversation(id="conv-1", origin="marketing", expires_at=at(86400)),
        ),
    ],
    "statuses/unknown": [
        UnknownUpdate(
            key=f"statuses:{NUMBER}:42afc5adc1c46c31138e2e2c84081407bef0debe",
            at=at(),
            account=NUMBER,
            field="messages",
            reason="the status warning is not known",
        ),
    ],
}
