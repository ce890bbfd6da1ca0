"""The events that the fixtures mean. The WhatsApp Business app beside."""

from __future__ import annotations

from blazz.addresses import Identity, Phone, UserId
from blazz.events import (
    UNDATED,
    ContactSynced,
    Event,
    HistoryDeclined,
    HistoryMediaReceived,
    HistoryReceived,
    ImageReceived,
    MessageEchoed,
    MessageRevoked,
    PastMessage,
    PastThread,
    PlaceholderReceived,
    Problem,
    TextReceived,
)
from tests.unit.providers.meta_cloud.inbound.people import (
    BUDI,
    BUDI_UNNAMED,
    NUMBER,
    SARI,
    SHOP,
    at,
)

EXPECTED: dict[str, list[Event]] = {
    "coexistence/contacts": [
        ContactSynced(
            key=f"state_sync:{NUMBER}:4eadb653c42cd6225ccd560334ca509304c9cac4",
            at=at(),
            account=NUMBER,
            action="add",
            person=Identity(phone=Phone("+6281234500002"), name="Budi Santoso"),
            first_name="Budi",
        ),
        ContactSynced(
            key=f"state_sync:{NUMBER}:2de08923113f52b425dbb6daef37052d6ea3e648",
            at=at(1),
            account=NUMBER,
            action="remove",
            person=Identity(
                phone=Phone("+6281234500001"),
                user_id=UserId("ID.40000000000000000001"),
                username="sari.dewi",
            ),
        ),
    ],
    "coexistence/echo": [
        MessageEchoed(
            key=f"echo:{NUMBER}:wamid.ECHO=:",
            at=at(),
            account=NUMBER,
            message_id="wamid.ECHO=",
            recipient=SARI,
            message=TextReceived(
                key=f"echo:{NUMBER}:wamid.ECHO=:",
                at=at(),
                account=NUMBER,
                message_id="wamid.ECHO=",
                sender=SHOP,
                body="Dari aplikasi",
            ),
        ),
    ],
    "coexistence/echo_revoked": [
        MessageEchoed(
            key=f"echo:{NUMBER}:wamid.ECHO.REVOKE=:1780000000",
            at=at(),
            account=NUMBER,
            message_id="wamid.ECHO.REVOKE=",
            recipient=BUDI_UNNAMED,
            message=MessageRevoked(
                key=f"echo:{NUMBER}:wamid.ECHO.REVOKE=:1780000000",
                at=at(),
                account=NUMBER,
                message_id="wamid.ECHO=",
                sender=SHOP,
                revocation_id="wamid.ECHO.REVOKE=",
            ),
        ),
    ],
    "coexistence/history": [
        HistoryReceived(
            key=f"history:{NUMBER}:56343445d274765c53679c089110430443454462",
            at=UNDATED,
            account=NUMBER,
            phase=0,
            chunk=1,
            progress=55,
            threads=(
                PastThread(
                    person=Identity(
                        phone=Phone("+6281234500002"),
                        user_id=UserId("ID.40000000000000000002"),
                        username="budi",
                    ),
                    messages=(
                        PastMessage(
                            message=TextReceived(
                                key=f"history:{NUMBER}:wamid.OLD1=:",
                                at=at(-9000),
                                account=NUMBER,
                                message_id="wamid.OLD1=",
                                sender=Identity(
                                    phone=Phone("+6281234500002"),
                                    user_id=UserId("ID.40000000000000000002"),
                                    username="budi",
                                ),
                                body="Halo",
                            ),
                            outgoing=False,
                            status="READ",
                        ),
                        PastMessage(
                            message=PlaceholderReceived(
                                key=f"history:{NUMBER}:wamid.OLD2=:",
                                at=at(-8000),
                                account=NUMBER,
                                message_id="wamid.OLD2=",
                                sender=SHOP,
                            ),
                            outgoing=True,
                            status="DELIVERED",
                        ),
                    ),
                    unreadable=1,
                ),
            ),
        ),
    ],
    "coexistence/history_declined": [
        HistoryDeclined(
            key=f"history:{NUMBER}:71c043028325f2f47875d06eeeacb932ba8c6222",
            at=UNDATED,
            account=NUMBER,
            errors=(
                Problem(
                    code=2593109,
                    title="History sharing is turned off",
                    message="Declined",
                    details="The business declined",
                ),
            ),
        ),
    ],
    "coexistence/history_media": [
        HistoryMediaReceived(
            key=f"history:{NUMBER}:wamid.OLD3=:",
            at=at(-7000),
            account=NUMBER,
            message_id="wamid.OLD3=",
            person=BUDI,
            outgoing=False,
            message=ImageReceived(
                key=f"history:{NUMBER}:wamid.OLD3=:",
                at=at(-7000),
                account=NUMBER,
                message_id="wamid.OLD3=",
                sender=BUDI,
                media_id="440000000000009",
                mime_type="image/jpeg",
                sha256="b2xk",
            ),
        ),
    ],
    "coexistence/history_media_sent": [
        HistoryMediaReceived(
            key=f"history:{NUMBER}:wamid.OLD2=:",
            at=at(-8000),
            account=NUMBER,
            message_id="wamid.OLD2=",
            person=BUDI,
            outgoing=True,
            message=ImageReceived(
                key=f"history:{NUMBER}:wamid.OLD2=:",
                at=at(-8000),
                account=NUMBER,
                message_id="wamid.OLD2=",
                sender=SHOP,
                media_id="440000000000010",
                mime_type="image/jpeg",
                sha256="b2xkMg==",
            ),
        ),
    ],
}
