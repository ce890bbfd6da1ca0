"""The events that the fixtures mean. Conversation Routing."""

from __future__ import annotations

from blazz.addresses import Identity, Phone
from blazz.events import (
    Event,
    MessageEchoed,
    Sent,
    StandbyObserved,
    TextReceived,
    ThreadControlChanged,
)
from tests.unit.providers.meta_cloud.inbound.people import BUDI_UNNAMED, NUMBER, SARI, SHOP, at

EXPECTED: dict[str, list[Event]] = {
    "routing/passed": [
        ThreadControlChanged(
            key=f"messaging_handovers:{NUMBER}:cb3bf07de3cd68e785898d0c76d4ddd981b2d302",
            at=at(),
            account=NUMBER,
            person=Identity(phone=Phone("+6281234500001")),
            gained=True,
            previous_role="ai_agent",
            new_role="escalation",
            previous_app_id="131000000000013",
            new_app_id="141000000000014",
            metadata="Minta manusia",
            summary="Menanyakan pesanan 11.",
        ),
    ],
    "routing/standby_echo": [
        StandbyObserved(
            key=f"standby:echo:{NUMBER}:wamid.THEIRS=:",
            at=at(),
            account=NUMBER,
            observed=MessageEchoed(
                key=f"standby:echo:{NUMBER}:wamid.THEIRS=:",
                at=at(),
                account=NUMBER,
                message_id="wamid.THEIRS=",
                recipient=BUDI_UNNAMED,
                message=TextReceived(
                    key=f"standby:echo:{NUMBER}:wamid.THEIRS=:",
                    at=at(),
                    account=NUMBER,
                    message_id="wamid.THEIRS=",
                    sender=SHOP,
                    body="Jawaban kami",
                ),
            ),
        ),
    ],
    "routing/standby_message": [
        StandbyObserved(
            key=f"standby:message:{NUMBER}:wamid.WATCHED=",
            at=at(),
            account=NUMBER,
            observed=TextReceived(
                key=f"standby:message:{NUMBER}:wamid.WATCHED=",
                at=at(),
                account=NUMBER,
                message_id="wamid.WATCHED=",
                sender=SARI,
                body="Untuk orang lain",
            ),
        ),
    ],
    "routing/standby_status": [
        StandbyObserved(
            key=f"standby:status:{NUMBER}:wamid.THEIRS=:sent:",
            at=at(),
            account=NUMBER,
            observed=Sent(
                key=f"standby:status:{NUMBER}:wamid.THEIRS=:sent:",
                at=at(),
                account=NUMBER,
                message_id="wamid.THEIRS=",
                recipient=BUDI_UNNAMED,
            ),
        ),
    ],
    "routing/taken": [
        ThreadControlChanged(
            key=f"messaging_handovers:{NUMBER}:9fd9e533587863b6f6c167ad48ec38e378fc9eab",
            at=at(),
            account=NUMBER,
            person=Identity(phone=Phone("+6281234500001")),
            gained=False,
            previous_role="customer_service",
            new_role="escalation",
        ),
    ],
}
