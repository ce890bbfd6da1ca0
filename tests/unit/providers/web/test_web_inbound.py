"""What the page reports, as events: each kind, and whatever nobody expected."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz import Group, Identity, Lid, Phone
from blazz.errors import WebhookError
from blazz.events import (
    Activity,
    AudioReceived,
    ButtonPressed,
    CallConnected,
    CallEnded,
    ChatOpened,
    ContactsReceived,
    Delivered,
    DocumentReceived,
    Event,
    Failed,
    GroupAdminsChanged,
    GroupCreated,
    GroupJoinRequested,
    GroupJoinRevoked,
    GroupMembersAdded,
    GroupMembersRemoved,
    GroupSettingsChanged,
    IdentityChanged,
    ImageReceived,
    LocationReceived,
    MessageEchoed,
    MessageEdited,
    MessageRevoked,
    NumberChanged,
    PollAnswered,
    PollReceived,
    PresenceChanged,
    ReactionReceived,
    RowPicked,
    Sent,
    SettingChange,
    StickerReceived,
    TextReceived,
    UnknownUpdate,
    UnsupportedReceived,
    VideoReceived,
    VoiceReceived,
)
from blazz.providers.web.inbound import parse
from blazz.providers.web.inbound.updates import Report, encode

OWNER = "6281100000001"
BUDI = {"phone": "6281200000002@c.us", "lid": None, "name": "Budi"}
SITI = {"phone": None, "lid": "77@lid", "name": None}
PRIVATE = "6281200000002@c.us"
GROUP = "120363000000000001@g.us"
AT = datetime(2026, 11, 22, tzinfo=UTC)
T = int(AT.timestamp())


def message(kind: str = "chat", **fields: Any) -> dict[str, Any]:
    base = {
        "id": f"false_{PRIVATE}_3AAA",
        "chat": PRIVATE,
        "fromMe": False,
        "author": BUDI,
        "person": BUDI,
        "type": kind,
        "t": T,
    }
    return {**base, **fields}


def events(name: str, value: dict[str, Any]) -> list[Event]:
    return [update.event() for update in parse(encode(OWNER, [Report(name, value)]))]


def event(name: str, value: dict[str, Any]) -> Any:
    (found,) = events(name, value)
    return found


def test_a_text_says_who_wrote_what_where() -> None:
    got = event("message", message(body="Halo", quoted="true_x_3EB0", isForwarded=True))
    assert isinstance(got, TextReceived)
    assert (got.body, got.message_id, got.reply_to) == (
        "Halo",
        f"false_{PRIVATE}_3AAA",
        "true_x_3EB0",
    )
    assert got.sender == Identity(phone=Phone("+6281200000002"), name="Budi")
    assert (got.chat, got.at, got.account) == (None, AT, OWNER)
    assert (got.forwarded, got.frequently_forwarded) == (True, False)
    assert got.raw["body"] == "Halo"


def test_a_message_in_a_group_belongs_to_the_group() -> None:
    value = message(
        id=f"false_{GROUP}_3AAA_77@lid",
        chat=GROUP,
        author=SITI,
        person=None,
        body="Halo",
        mentions=[BUDI, SITI],
    )
    (update,) = parse(encode(OWNER, [Report("message", value)]))
    assert update.conversation == GROUP
    got = update.event()
    assert isinstance(got, TextReceived)
    assert (got.chat, got.sender.lid) == (Group("120363000000000001"), Lid("77"))
    assert [it.phone or it.lid for it in got.mentions] == [Phone("+6281200000002"), Lid("77")]
    assert update.key == got.key


def test_a_message_that_is_decrypted_later_comes_a_second_time() -> None:
    hidden, shown = event("message", message("ciphertext")), event("message", message(body="Halo"))
    assert isinstance(hidden, UnsupportedReceived)
    assert hidden.message_id == shown.message_id
    assert hidden.key != shown.key


MEDIA = {"mimetype": "image/jpeg", "filehash": "abc=", "caption": "see"}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (message("image", **MEDIA), ImageReceived, {"caption": "see", "sha256": "abc="}),
        (message("video", **MEDIA), VideoReceived, {"text": "see"}),
        (message("video", caption="a.mp4", filename="a.mp4"), VideoReceived, {"caption": None}),
        (message("ptt", mimetype="audio/ogg"), VoiceReceived, {"mime_type": "audio/ogg"}),
        (message("audio", mimetype="audio/mpeg"), AudioReceived, {"caption": None}),
        (message("sticker", isAnimated=True), StickerReceived, {"animated": True}),
        (
            message("document", filename="a.pdf", caption="a.pdf"),
            DocumentReceived,
            {"filename": "a.pdf", "caption": None},
        ),
        (
            message("location", lat=1.5, lng=2.5, loc="Monas\nJakarta"),
            LocationReceived,
            {"latitude": 1.5, "longitude": 2.5, "name": "Monas", "street": "Jakarta"},
        ),
        (
            message("poll_creation", pollName="When?", pollOptions=["a", "b"]),
            PollReceived,
            {"question": "When?", "choices": ("a", "b"), "text": "When?"},
        ),
        (
            message("buttons_response", selectedButtonId="yes", body="Yes"),
            ButtonPressed,
            {"button_id": "yes", "text": "Yes"},
        ),
        (
            message(
                "list_response",
                listResponse={"title": "A", "singleSelectReply": {"selectedRowId": "a"}},
            ),
            RowPicked,
            {"row_id": "a", "title": "A"},
        ),
        (message("ciphertext"), UnsupportedReceived, {"kind": "ciphertext"}),
        (message("brand_new"), UnsupportedReceived, {"kind": "brand_new"}),
        (
            message("image", unreadable="it threw"),
            UnsupportedReceived,
            {"kind": "image", "reason": "it threw", "text": None},
        ),
    ],
    ids=lambda it: it.__name__ if isinstance(it, type) else None,
)
def test_each_kind_of_message(value: Any, kind: type[Event], expected: dict[str, Any]) -> None:
    got = event("message", value)
    assert type(got) is kind
    assert {name: getattr(got, name) for name in expected} == expected
    if hasattr(got, "media_id"):
        assert got.media_id == value["id"]


def test_cards_are_read() -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nN:S;Siti;;;\nFN:Siti S\nORG:Shop\\; Co;Sales\n"
    card += (
        "item1.TEL;type=CELL;waid=628139999999:+62 813-9999-999\nEMAIL;type=WORK:a@b.c\nEND:VCARD"
    )
    got = event("message", message("vcard", body=card))
    assert isinstance(got, ContactsReceived)
    (contact,) = got.contacts
    assert (contact.name, contact.first_name, contact.last_name) == ("Siti S", "Siti", "S")
    assert (contact.company, contact.department) == ("Shop; Co", "Sales")
    assert contact.phones[0].phone == Phone("+628139999999")
    assert contact.emails[0].value == "a@b.c"
    two = event("message", message("multi_vcard", vcards=[card, card]))
    assert len(two.contacts) == 2


def test_what_the_owner_writes_on_the_phone_is_an_echo() -> None:
    value = message(id=f"true_{PRIVATE}_3AAA", fromMe=True, body="from my phone")
    got = event("message", value)
    assert isinstance(got, MessageEchoed)
    assert got.recipient.phone == Phone("+6281200000002")
    assert got.message.text == "from my phone"  # type: ignore[attr-defined]


def test_a_receipt_is_about_each_of_its_messages() -> None:
    value = {
        "ack": 2,
        "chat": PRIVATE,
        "ids": ["true_x_3EB0A", "true_x_3EB0B"],
        "tokens": ["v1.-.a", None],
        "sender": None,
        "person": BUDI,
        "t": T,
    }
    first, second = events("receipt", value)
    assert isinstance(first, Delivered)
    assert isinstance(second, Delivered)
    assert (first.message_id, first.token) == ("true_x_3EB0A", "v1.-.a")
    assert (second.message_id, second.token) == ("true_x_3EB0B", None)
    assert first.recipient.name == "Budi"
    assert first.key != second.key
    (sent,) = events("receipt", {**value, "ack": 1, "ids": ["true_x_3EB0A"], "tokens": None})
    assert isinstance(sent, Sent)
    (failed,) = events("receipt", {**value, "ack": -1, "ids": ["true_x_3EB0A"]})
    assert isinstance(failed, Failed)
    assert failed.errors


def test_a_receipt_in_a_group_is_about_one_member() -> None:
    value = {"ack": 3, "chat": GROUP, "ids": ["true_x_3EB0A"], "sender": SITI, "t": T}
    got = event("receipt", value)
    assert (got.group, got.recipient.lid) == (Group("120363000000000001"), Lid("77"))
    other = event("receipt", {**value, "sender": BUDI})
    assert got.key != other.key


def test_changes_of_messages() -> None:
    about = {"message": f"true_{PRIVATE}_3EB0A", "author": BUDI, "t": T}
    reaction = event("reaction", {**about, "id": "r1", "text": "👍"})
    assert isinstance(reaction, ReactionReceived)
    assert (reaction.reacted_to, reaction.emoji) == (about["message"], "👍")
    assert event("reaction", {**about, "id": "r2", "text": ""}).removed

    edit = event("edit", {"message": message(body="new"), "edit": "e1", "t": T})
    assert isinstance(edit, MessageEdited)
    assert (edit.edit_id, edit.message.text) == ("e1", "new")

    revoke = event("revoke", {**about, "id": "x", "kind": "sender_revoke"})
    assert isinstance(revoke, MessageRevoked)
    assert revoke.message_id == about["message"]

    vote = event("vote", {**about, "chosen": ["Tuesday"]})
    assert isinstance(vote, PollAnswered)
    assert (vote.chosen, vote.sender.name) == (("Tuesday",), "Budi")


def test_people_groups_and_calls() -> None:
    seen = {"chat": PRIVATE, "person": BUDI, "members": [], "t": T}
    typing = event("presence", {**seen, "activity": "composing", "online": True})
    assert isinstance(typing, PresenceChanged)
    assert typing.activity is Activity.TYPING
    assert event("presence", {**seen, "activity": None, "online": False}).activity == "offline"
    member = {"person": SITI, "activity": "recording"}
    in_group = event("presence", {**seen, "chat": GROUP, "members": [member]})
    assert (in_group.activity, in_group.person.lid) == (Activity.RECORDING, Lid("77"))

    chat = event("chat", {"chat": PRIVATE, "person": BUDI, "name": "Budi", "t": T})
    assert isinstance(chat, ChatOpened)
    call = event("call", {"id": "C1", "person": BUDI, "video": True, "t": T})
    assert isinstance(call, CallConnected)
    assert (call.call_id, call.direction) == ("C1", "USER_INITIATED")

    change = {"group": GROUP, "author": SITI, "members": [SITI], "t": T}
    assert isinstance(event("members", {**change, "action": "add"}), GroupMembersAdded)
    left = event("members", {**change, "action": "leave"})
    assert isinstance(left, GroupMembersRemoved)
    assert left.initiated_by == "participant"
    me = {"phone": f"{OWNER}@c.us"}
    removed = event("members", {**change, "action": "remove", "author": me})
    assert removed.initiated_by == "business"
    promoted = event("members", {**change, "action": "promote"})
    assert isinstance(promoted, GroupAdminsChanged)
    assert promoted.promoted
    assert isinstance(event("members", {**change, "action": "dance"}), UnknownUpdate)


def test_notices_of_groups() -> None:
    told = {"id": "n1", "group": GROUP, "author": SITI, "value": "Team B", "t": T}
    renamed = event("setting", {**told, "setting": "subject"})
    assert isinstance(renamed, GroupSettingsChanged)
    assert renamed.subject == SettingChange(value="Team B", succeeded=True)
    assert (renamed.description, renamed.picture) == (None, None)

    created = event("created", {**told, "subject": "Team", "members": [BUDI, SITI]})
    assert isinstance(created, GroupCreated)
    assert (created.group, created.subject) == (Group("120363000000000001"), "Team")
    assert [it.address for it in created.members] == [Phone("+6281200000002"), Lid("77")]

    first, second = events("joining", {**told, "asked": True, "members": [BUDI, SITI]})
    assert isinstance(first, GroupJoinRequested)
    assert isinstance(second, GroupJoinRequested)
    assert (first.person.name, second.person.lid) == ("Budi", Lid("77"))
    assert first.key != second.key
    gone = event("joining", {**told, "asked": False, "members": [SITI]})
    assert isinstance(gone, GroupJoinRevoked)


def test_notices_of_people() -> None:
    new = {"phone": "6281200000009@c.us", "lid": None, "name": "Budi"}
    told = {"id": "n1", "person": BUDI, "now": new, "body": "moved", "t": T}
    moved = event("number", told)
    assert isinstance(moved, NumberChanged)
    assert (moved.person.address, moved.now.address) == (
        Phone("+6281200000002"),
        Phone("+6281200000009"),
    )
    # Each group that they share with the account tells of it.
    assert event("number", {**told, "id": "n2", "t": T + 1}).key == moved.key

    recoded = event("code", {"id": "n3", "person": SITI, "t": T})
    assert isinstance(recoded, IdentityChanged)
    assert recoded.person == recoded.now == Identity(lid=Lid("77"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"outcome": "Missed"}, ("FAILED", "USER_INITIATED", None, "Missed")),
        ({"outcome": "Rejected"}, ("FAILED", "USER_INITIATED", None, "Rejected")),
        ({"outcome": "Completed", "duration": 61}, ("COMPLETED", "USER_INITIATED", 61, None)),
        ({"outcome": "AcceptedElsewhere"}, ("COMPLETED", "USER_INITIATED", None, None)),
        (
            {"outcome": "Cancelled", "fromMe": True, "duration": 0},
            ("FAILED", "BUSINESS_INITIATED", None, "Cancelled"),
        ),
        ({"outcome": None}, (None, "USER_INITIATED", None, None)),
    ],
    ids=str,
)
def test_the_end_of_a_call(value: dict[str, Any], expected: tuple[Any, ...]) -> None:
    told = {"id": "C1", "chat": PRIVATE, "fromMe": False, "person": BUDI, "t": T}
    got = event("call_ended", {**told, **value})
    assert isinstance(got, CallEnded)
    title = got.errors[0].title if got.errors else None
    assert (got.status, got.direction, got.duration, title) == expected
    assert (got.call_id, got.person.name) == ("C1", "Budi")
    assert got.key != event("call", {"id": "C1", "person": BUDI, "t": T}).key


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"web":2}', b'{"web":1}'])
def test_what_is_no_body_is_said_so(body: bytes) -> None:
    with pytest.raises(WebhookError):
        parse(body)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
names = st.sampled_from(
    (
        *("message", "receipt", "reaction", "edit", "revoke", "vote", "presence", "chat"),
        *("members", "call", "new", "setting", "created", "joining", "number", "code"),
        "call_ended",
    )
)
fields = st.sampled_from(
    [
        *("id", "chat", "type", "t", "author", "person", "ack", "ids", "message", "members"),
        *("action", "group", "now", "outcome"),
    ]
)


@given(names, st.dictionaries(fields, json_values, max_size=6))
def test_whatever_comes_becomes_an_event_with_the_key_of_its_update(
    name: str, value: dict[str, Any]
) -> None:
    for update in parse(encode(OWNER, [Report(name, value)])):
        got = update.event()
        assert got.key == update.key
        assert update.account is None
        assert update.key in {it.key for it in parse(encode(OWNER, [Report(name, value)]))}
