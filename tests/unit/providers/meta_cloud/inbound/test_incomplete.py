"""What lacks its essential part is told as what it still is, with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blazz.events import (
    CallEnded,
    CallPermissionAnswered,
    CallRecorded,
    ErrorReported,
    Event,
    Failed,
    FlowCompleted,
    LinkClicked,
    LocationReceived,
    MarketingStopped,
    PaymentStatusChanged,
    Read,
    Sent,
    ThreadControlChanged,
    UnknownUpdate,
    UnsupportedReceived,
)
from blazz.providers.meta_cloud.inbound import parse

Json = dict[str, Any]


def event_of(item: Json, *, name: str = "messages", field: str = "messages") -> Event:
    value = {"metadata": {"phone_number_id": "1"}, name: [item]}
    body = json.dumps({"entry": [{"id": "2", "changes": [{"field": field, "value": value}]}]})
    (update,) = parse(body.encode())
    return update.event()


def message(kind: str | None, **content: Any) -> Event:
    named = {} if kind is None else {"type": kind}
    return event_of({"id": "m", "from": "6281234567890", **named, **content})


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        (None, {}, "it names no type"),
        ("poll", {}, "messages of type poll are not known"),
        ("text", {}, "text.body is missing"),
        ("text", {"text": "halo"}, "text.body is missing"),
        ("image", {}, "image is missing"),
        ("audio", {"audio": {}}, "audio is missing"),
        (
            "location",
            {"location": {"latitude": 1}},
            "location.latitude or location.longitude is missing",
        ),
        ("contacts", {"contacts": ["x"]}, "contacts is missing"),
        ("reaction", {"reaction": {"emoji": "x"}}, "reaction.message_id is missing"),
        ("button", {"button": {}}, "button.payload is missing"),
        ("order", {"order": {"product_items": []}}, "order.product_items is missing"),
        ("interactive", {}, "interactive answers of no type are not known"),
        (
            "interactive",
            {"interactive": {"type": "button_reply", "button_reply": {}}},
            "interactive.button_reply.id is missing",
        ),
        (
            "interactive",
            {"interactive": {"nfm_reply": {"response_json": "{"}}},
            "interactive.nfm_reply.response_json is not JSON",
        ),
        (
            "interactive",
            {"interactive": {"nfm_reply": {"response_json": "[" * 100_000}}},
            "interactive.nfm_reply.response_json is not JSON",
        ),
        (
            "interactive",
            {"interactive": {"nfm_reply": {"response_json": "[1]"}}},
            "interactive.nfm_reply.response_json is not an object",
        ),
        (
            "interactive",
            {"interactive": {"nfm_reply": {"response_json": f'{{"a": {"[" * 150}{"]" * 150}}}'}}},
            "interactive.nfm_reply.response_json is unreadable: it is nested too deeply",
        ),
    ],
)
def test_a_message_stays_a_message(kind: str | None, content: Json, reason: str) -> None:
    event = message(kind, **content)

    assert isinstance(event, UnsupportedReceived)
    assert (event.kind, event.reason) == (kind, reason)
    assert str(event.address) == "+6281234567890"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"type": "text", "text": {"body": "x"}}, "messages.id is missing"),
        ({"id": "m", "type": "edit", "edit": {}}, "edit.original_message_id is missing"),
        (
            {"id": "m", "type": "edit", "edit": {"original_message_id": "o"}},
            "edit.message is missing",
        ),
        ({"id": "m", "type": "revoke"}, "revoke.original_message_id is missing"),
        ({"id": "m", "type": "system"}, "notices of type none are not known"),
        ({"id": "m", "type": "system", "system": {"type": "x"}}, "notices of type x are not known"),
    ],
)
def test_what_is_about_no_message_is_unknown(item: Json, reason: str) -> None:
    event = event_of(item)

    assert isinstance(event, UnknownUpdate)
    assert event.reason == reason


@pytest.mark.parametrize(
    ("field", "name", "item", "reason"),
    [
        ("messages", "statuses", {"status": "sent"}, "statuses.id is missing"),
        ("messages", "statuses", {"id": "m"}, "the status none is not known"),
        ("messages", "statuses", {"payment": {}, "id": "m"}, "statuses.status is missing"),
        ("messages", "user_actions", {}, "user_actions.action_type is missing"),
        (
            "messages",
            "conversation_context",
            {},
            "conversation_context.summary.text is missing",
        ),
        ("calls", "calls", {"id": "c"}, "the call event none is not known"),
        ("calls", "calls", {"event": "connect"}, "calls.id is missing"),
        (
            "calls",
            "calls",
            {"id": "c", "event": "call_recording_available"},
            "audio is missing",
        ),
        (
            "calls",
            "calls",
            {"id": "c", "event": "call_transcription_available"},
            "document is missing",
        ),
        ("calls", "statuses", {"id": "c"}, "statuses.status is missing"),
        ("group_status_update", "groups", {}, "the group event none is not known"),
        ("history", "history", {}, "history.threads is missing"),
        ("smb_app_state_sync", "state_sync", {}, "state_sync.contact is missing"),
        ("user_id_update", "user_id_update", {}, "user_id_update.user_id is missing"),
        ("user_preferences", "user_preferences", {}, "user_preferences.value is missing"),
        ("automatic_events", "automatic_events", {}, "automatic_events.event_name is missing"),
    ],
)
def test_what_lacks_what_it_is_about_is_unknown(
    field: str, name: str, item: Json, reason: str
) -> None:
    event = event_of(item, name=name, field=field)

    assert isinstance(event, UnknownUpdate)
    assert event.reason == reason
    assert event.raw == item


@pytest.mark.parametrize(
    "field",
    [
        "account_alerts",
        "account_review_update",
        "account_update",
        "business_username_updates",
        "flows",
        "message_template_quality_update",
        "message_template_status_update",
        "messaging_handovers",
        "partner_solutions",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "template_correct_category_detection",
    ],
)
def test_a_change_without_its_main_part_is_unknown(field: str) -> None:
    body = json.dumps({"entry": [{"id": "2", "changes": [{"field": field, "value": {}}]}]})
    (update,) = parse(body.encode())
    event = update.event()

    assert isinstance(event, UnknownUpdate)
    assert event.field == field
    assert event.reason.endswith("is missing")


def test_a_status_of_a_group_may_name_no_member() -> None:
    event = event_of(
        {"id": "m", "status": "sent", "recipient_type": "group", "recipient_id": "group-1"},
        name="statuses",
    )

    assert isinstance(event, Sent)
    assert event.recipient.address is None
    assert str(event.group) == "group-1@g.us"


def test_a_private_status_may_say_that_it_is_private() -> None:
    event = event_of(
        {
            "id": "m",
            "status": "read",
            "recipient_type": "individual",
            "recipient_id": "6281234567890",
        },
        name="statuses",
    )

    assert isinstance(event, Read)
    assert event.group is None
    assert str(event.recipient.phone) == "+6281234567890"


@pytest.mark.parametrize("odd", [[], {}, 7, "", None])
def test_odd_prices_and_people_are_left_out(odd: Any) -> None:
    event = event_of(
        {
            "id": "m",
            "status": "read",
            "pricing": {"category": odd, "type": [odd]},
            "conversation": odd,
            "recipient_id": [odd],
            "recipient_user_id": {"x": odd},
        },
        name="statuses",
    )

    assert isinstance(event, Read)
    assert event.recipient.address is None
    assert event.conversation is None
    assert event.pricing is not None
    assert event.pricing.category == ("7" if odd == 7 else None)
    assert event.pricing.type is None


@pytest.mark.parametrize("amount", [None, {}, {"value": 5}, {"value": 5, "offset": 0}])
def test_an_amount_that_cannot_be_told_is_none(amount: Any) -> None:
    item = {"id": "m", "status": "captured", "payment": {"amount": amount}}
    event = event_of(item, name="statuses")

    assert isinstance(event, PaymentStatusChanged)
    assert event.amount is None


def test_a_group_that_has_no_valid_id_is_not_told() -> None:
    event = message("text", text={"body": "x"}, group_id="!")

    assert str(event.address) == "+6281234567890"  # type: ignore[attr-defined]


def test_a_message_may_be_told_by_its_content_alone() -> None:
    answer = message(None, interactive={"call_permission_reply": {"response": "accept"}})
    place = message(None, location={"latitude": 1, "longitude": 2})

    assert isinstance(answer, CallPermissionAnswered)
    assert answer.accepted
    assert isinstance(place, LocationReceived)


@pytest.mark.parametrize("kind", ["\ud800", "x\udfff" * 40])
def test_what_cannot_be_written_is_told_in_text_that_can(kind: str) -> None:
    event = message(kind)
    unknown = event_of({}, field=kind)

    assert isinstance(event, UnsupportedReceived)
    assert isinstance(unknown, UnknownUpdate)
    for text in (event.kind, event.reason, unknown.field, unknown.reason):
        assert text is not None
        assert text.encode()


@pytest.mark.parametrize("code", [10**18, -(10**18), "9999999999", 1e300])
def test_a_code_that_no_database_takes_is_not_told(code: Any) -> None:
    item = {"id": "m\0n", "status": "failed", "errors": [{"code": code, "title": "\0odd"}]}
    event = event_of(item, name="statuses")

    assert isinstance(event, Failed)
    assert (event.code, event.errors[0].title, event.message_id) == (None, "odd", "mn")


def test_what_is_entered_in_a_form_can_be_written() -> None:
    """Whoever cuts a text in JavaScript may cut an emoji in half."""
    form = message("interactive", interactive={"nfm_reply": {"response_json": r'{"a": "x\ud83d"}'}})

    assert isinstance(form, FlowCompleted)
    assert form.response == {"a": "x\ufffd"}


def test_several_calls_share_no_reason() -> None:
    error = {"code": 138001}
    calls = [{"id": call, "event": "terminate", "status": "FAILED"} for call in "ab"]
    value = {"metadata": {"phone_number_id": "1"}, "calls": calls, "errors": [error]}
    body = json.dumps({"entry": [{"id": "2", "changes": [{"field": "calls", "value": value}]}]})
    first, second, reported = (update.event() for update in parse(body.encode()))

    assert isinstance(first, CallEnded)
    assert isinstance(second, CallEnded)
    assert first.errors == second.errors == ()
    assert isinstance(reported, ErrorReported)


def test_a_recording_may_be_of_another_kind() -> None:
    recording = {"type": "video", "video": {"id": "7"}}
    item = {"id": "c", "event": "call_recording_available", "call_recording": recording}
    event = event_of(item, name="calls", field="calls")

    assert isinstance(event, CallRecorded)
    assert event.media_id == "7"


def test_a_username_may_be_told_beside_the_person() -> None:
    item = {"username": "sari", "value": "stop", "user_id": "ID.1"}
    value = {
        "metadata": {"phone_number_id": "1"},
        "contacts": [{"user_id": "ID.1", "profile": {"name": "Sari"}}],
        "user_preferences": [item],
    }
    change = {"field": "user_preferences", "value": value}
    (update,) = parse(json.dumps({"entry": [{"id": "2", "changes": [change]}]}).encode())
    event = update.event()

    assert isinstance(event, MarketingStopped)
    assert (event.person.name, event.person.username) == ("Sari", "sari")


@pytest.mark.parametrize("part", ["control_passed", "control_taken"])
def test_a_handover_may_be_told_by_its_part_alone(part: str) -> None:
    sender = {"phone_number": "6281234567890", "user_id": "ID.1"}
    value = {"sender": sender, "recipient": {"phone_number_id": "1"}, part: {"metadata": "m"}}
    change = {"field": "messaging_handovers", "value": value}
    (update,) = parse(json.dumps({"entry": [{"id": "2", "changes": [change]}]}).encode())
    event = update.event()

    assert isinstance(event, ThreadControlChanged)
    assert (event.gained, event.metadata) == (part == "control_passed", "m")
    assert (str(event.person.phone), str(event.person.user_id)) == ("+6281234567890", "ID.1")
    assert update.conversation == "1:ID.1"


def test_an_answer_may_be_told_by_its_part_alone() -> None:
    form = message("interactive", interactive={"nfm_reply": {"response_json": {"a": 1}}})
    permission = message("interactive", interactive={"call_permission_reply": {"response": "x"}})

    assert isinstance(form, FlowCompleted)
    assert form.response == {"a": 1}
    assert isinstance(permission, CallPermissionAnswered)
    assert not permission.accepted


def test_an_action_may_have_its_data_under_its_own_name() -> None:
    event = event_of(
        {"action_type": "page_view", "page_view_data": {"click_id": "k"}}, name="user_actions"
    )

    assert isinstance(event, LinkClicked)
    assert event.click_id == "k"
