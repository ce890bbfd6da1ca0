"""What browsers are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from blazz.addresses import Group, Identity, Phone, UserId
from blazz.events.accounts import AccountReviewed
from blazz.events.base import Event
from blazz.events.messages import MessageEdited, MessageRevoked, TextReceived
from blazz.events.presence import Activity, PresenceChanged
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.events.statuses import Delivered, Pricing, Read, Sent
from blazz.events.unknown import UnknownUpdate
from blazz.pairing import Paired, PairingCode, QrCode
from blazz.realtime.broadcasts import MAX_DATA, of_campaign, of_event, of_pairing
from blazz.realtime.pusher.channels import Access, Channel
from blazz.realtime.pusher.publishing import check_event

AT = datetime(2026, 11, 22, tzinfo=UTC)
BUDI = Identity(phone=Phone("+6281234567890"), name="Budi")
WORKSPACE, CHAT = "private-workspace.acme", "private-chat.acme.shop.6281234567890"


def text(body: str = "Halo", **more: Any) -> TextReceived:
    given: dict[str, Any] = {"key": "k", "at": AT, "message_id": "m", "sender": BUDI, "body": body}
    return TextReceived(**given | more)


def status(kind: Any) -> Event:
    event: Event = kind(
        key="k", at=AT, message_id="m", recipient=BUDI, pricing=Pricing(category="marketing")
    )
    return event


def told(event: Event) -> list[tuple[str, str]]:
    return [(it.channel, it.name) for it in of_event("acme", "shop", event)]


def test_a_message_is_told_to_the_workspace_and_the_chat() -> None:
    broadcasts = of_event("acme", "shop", text(raw={"secret": 1}))
    assert [(it.channel, it.name) for it in broadcasts] == [
        (WORKSPACE, "message.received"),
        (CHAT, "message.received"),
    ]
    assert json.loads(broadcasts[0].data) == {
        "session": "shop",
        "type": "TextReceived",
        "key": "k",
        "at": "2026-11-22T00:00:00Z",
        "message_id": "m",
        "sender": {
            "phone": {"number": "+6281234567890"},
            "name": "Budi",
            "address": "+6281234567890",
        },
        "forwarded": False,
        "frequently_forwarded": False,
        "body": "Halo",
    }


def test_what_meta_sent_is_left_out_of_an_event_in_an_event_too() -> None:
    now = text("Hallo", raw={"text": {"body": "\ud83d"}})
    given: dict[str, Any] = {"key": "k", "at": AT, "message_id": "m", "sender": BUDI}
    broadcasts = of_event("acme", "shop", MessageEdited(**given, message=now, raw={"edit": 1}))
    data = json.loads(broadcasts[0].data)
    assert "raw" not in data
    assert data["message"]["body"] == "Hallo"
    assert "raw" not in data["message"]


def test_a_group_has_a_channel_of_its_own() -> None:
    event = text(chat=Group("120363041234567890"))
    assert told(event)[1][0].startswith("private-chat.acme.shop.120363041234567890")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Sent, ["message.status"]),
        (Delivered, ["message.status", "message.delivered"]),
        (Read, ["message.status", "message.read"]),
    ],
)
def test_a_status_has_a_name_of_its_own(kind: type[Event], names: list[str]) -> None:
    broadcasts = of_event("acme", "shop", status(kind))
    assert [it.name for it in broadcasts if it.channel == WORKSPACE] == names
    assert [it.name for it in broadcasts if it.channel == CHAT] == names
    assert json.loads(broadcasts[0].data)["pricing"] == {"category": "marketing"}


@pytest.mark.parametrize(
    ("activity", "name"),
    [
        (Activity.TYPING, "chat.typing"),
        (Activity.RECORDING, "chat.typing"),
        (Activity.ONLINE, "contact.presence"),
        (Activity.OFFLINE, "contact.presence"),
    ],
)
def test_presence(activity: Activity, name: str) -> None:
    event = PresenceChanged(key="k", at=AT, person=BUDI, activity=activity)
    assert told(event) == [(WORKSPACE, name), (CHAT, name)]


def test_what_happens_to_a_session_is_for_the_workspace() -> None:
    event = SessionStateChanged(
        key="k", at=AT, state=SessionState.READY, previous=SessionState.CONNECTING,
        reason=StateReason.CONNECTED,
    )  # fmt: skip
    (broadcast,) = of_event("acme", "shop", event)
    assert (broadcast.channel, broadcast.name) == (WORKSPACE, "session.status")
    assert json.loads(broadcast.data)["state"] == "ready"


def test_account_and_nobodys_business() -> None:
    assert told(AccountReviewed(key="k", at=AT, decision="APPROVED"))[0][1] == "account.status"
    assert told(UnknownUpdate(key="k", at=AT, field="x", reason="y")) == []


def test_a_person_without_a_number() -> None:
    event = MessageRevoked(
        key="k", at=AT, message_id="m", sender=Identity(user_id=UserId("US.1349120865530274"))
    )
    assert told(event)[1][0] == "private-chat.acme.shop.US.1349120865530274"


@pytest.mark.parametrize("body", ["x" * 60_000, "\u00e9" * 60_000, '"' * 60_000, "\n" * 9_000])
def test_what_is_long_is_shortened(body: str) -> None:
    for broadcast in of_event("acme", "shop", text(body)):
        assert len(broadcast.data.encode()) <= MAX_DATA
        assert json.loads(broadcast.data)["message_id"] == "m"
        check_event(broadcast.name, broadcast.data)


def test_channels_can_be_subscribed_to() -> None:
    for channel, _ in told(text()):
        assert Channel.parse(channel).access is Access.PRIVATE


def test_pairing_and_campaigns() -> None:
    code = of_pairing("acme", "shop", PairingCode(code="ABCD1234", expires_at=AT))
    assert code is not None
    assert (code.channel, code.name) == (WORKSPACE, "session.qr")
    assert json.loads(code.data)["session"] == "shop"
    assert of_pairing("acme", "shop", Paired(account=Phone("+6281234567890"))) is None
    progress = of_campaign("acme", "promo", {"sent": 5})
    assert json.loads(progress.data) == {"campaign": "promo", "sent": 5}


def test_a_code_fits_into_an_event() -> None:
    pytest.importorskip("segno")
    qr = of_pairing("acme", "shop", QrCode(data="2@" + "x" * 180, attempt=1, expires_at=AT))
    assert qr is not None
    check_event(qr.name, qr.data)
    assert "data" in json.loads(qr.data)
