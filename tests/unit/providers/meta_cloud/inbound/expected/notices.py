"""The events that the fixtures mean. What is about messages, people and errors."""

from __future__ import annotations

from blazz.addresses import Identity, Phone, UserId
from blazz.events import (
    UNDATED,
    ConversationSummarised,
    ErrorReported,
    Event,
    IdentityChanged,
    LinkClicked,
    MessageEdited,
    MessageRevoked,
    NumberChanged,
    Problem,
    TextReceived,
    UnsupportedReceived,
    UserIdChanged,
)
from tests.unit.providers.meta_cloud.inbound.people import BUDI, BUDI_UNNAMED, NUMBER, SARI, at

EXPECTED: dict[str, list[Event]] = {
    "messages/conversation_context": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.AFTER.BOT=",
            at=at(),
            account=NUMBER,
            message_id="wamid.AFTER.BOT=",
            sender=SARI,
            body="Manusia, tolong",
        ),
        ConversationSummarised(
            key=f"conversation_context:{NUMBER}:139234fb3572ce29ccaadbc2fcded4511a35171e",
            at=UNDATED,
            account=NUMBER,
            summary="Menanyakan pesanan 11.",
        ),
    ],
    "messages/edit": [
        MessageEdited(
            key=f"edit:{NUMBER}:wamid.EDIT=:1780000000",
            at=at(),
            account=NUMBER,
            message_id="wamid.TYPO=",
            sender=SARI,
            edit_id="wamid.EDIT=",
            message=TextReceived(
                key=f"edit:{NUMBER}:wamid.EDIT=:1780000000",
                at=at(),
                account=NUMBER,
                message_id="wamid.TYPO=",
                sender=SARI,
                reply_to="wamid.QUESTION=",
                body="Bukan Senin, Selasa",
            ),
        ),
    ],
    "messages/errors": [
        ErrorReported(
            key=f"error:{NUMBER}:451b427d6f478353e172111ff4b06d7e291d88b8",
            at=at(),
            account=NUMBER,
            problem=Problem(
                code=130429,
                title="Rate limit hit",
                message="Rate limit hit",
                details="Too many messages",
            ),
            field="messages",
        ),
    ],
    "messages/identity_changed": [
        IdentityChanged(
            key=f"message:{NUMBER}:wamid.IDENTITY_CHANGED=",
            at=at(),
            account=NUMBER,
            person=BUDI,
            now=BUDI,
            message_id="wamid.IDENTITY_CHANGED=",
            body="Catatan",
            identity_key_hash="aGFzaC1uZXc=",
            acknowledged=False,
            detected_at=at(-60),
        ),
    ],
    "messages/number_changed": [
        NumberChanged(
            key=f"message:{NUMBER}:wamid.NUMBER_CHANGED=",
            at=at(),
            account=NUMBER,
            person=BUDI_UNNAMED,
            now=Identity(phone=Phone("+6281234599999")),
            message_id="wamid.NUMBER_CHANGED=",
            body="Catatan",
        ),
    ],
    "messages/number_changed_with_user_id": [
        NumberChanged(
            key=f"message:{NUMBER}:wamid.NUMBER_CHANGED_WITH_USER_ID=",
            at=at(),
            account=NUMBER,
            person=SARI,
            now=Identity(
                phone=Phone("+6281234599998"),
                user_id=UserId("ID.40000000000000000099"),
                parent_user_id=UserId("ID.ENT.50000000000000000099"),
                username="sari.dewi",
                name="Sari Dewi",
            ),
            message_id="wamid.NUMBER_CHANGED_WITH_USER_ID=",
            body="Catatan",
        ),
    ],
    "messages/revoke": [
        MessageRevoked(
            key=f"revoke:{NUMBER}:wamid.REVOKE=:1780000000",
            at=at(),
            account=NUMBER,
            message_id="wamid.REGRET=",
            sender=SARI,
            revocation_id="wamid.REVOKE=",
        ),
    ],
    "messages/unknown_type": [
        UnsupportedReceived(
            key=f"message:{NUMBER}:wamid.UNKNOWN_TYPE=",
            at=at(),
            account=NUMBER,
            message_id="wamid.UNKNOWN_TYPE=",
            sender=SARI,
            kind="poll",
            reason="messages of type poll are not known",
        ),
    ],
    "messages/unsupported": [
        UnsupportedReceived(
            key=f"message:{NUMBER}:wamid.UNSUPPORTED=",
            at=at(),
            account=NUMBER,
            message_id="wamid.UNSUPPORTED=",
            sender=SARI,
            kind="poll_creation",
            errors=(
                Problem(
                    code=131051,
                    title="Unsupported",
                    message="Unsupported message",
                    details="Polls are not passed on",
                    href="https://errors.example/131051",
                ),
            ),
        ),
    ],
    "messages/user_actions": [
        LinkClicked(
            key=f"user_actions:{NUMBER}:1377bcdee0a57f96c97d1b3462bbf015259b89e8",
            at=at(),
            account=NUMBER,
            action="marketing_messages_link_click",
            component="cta",
            click_id="klik-1",
            tracking_token="token-klik",
            product_id="kopi-aceh-250",
        ),
        LinkClicked(
            key=f"user_actions:{NUMBER}:9f8d1140a3ca57f9094b7a6083d595c086391784",
            at=at(1),
            account=NUMBER,
            action="landing_page_view",
            click_id="klik-1",
            tracking_token="token-klik",
        ),
    ],
    "messages/user_id_changed": [
        UserIdChanged(
            key=f"message:{NUMBER}:wamid.USER_ID_CHANGED=",
            at=at(),
            account=NUMBER,
            person=Identity(user_id=UserId("ID.40000000000000000003")),
            now=Identity(user_id=UserId("ID.40000000000000000098")),
            message_id="wamid.USER_ID_CHANGED=",
            body="Catatan",
        ),
    ],
}
