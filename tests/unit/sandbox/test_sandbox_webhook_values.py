"""Webhooks have the form that Meta gives them, whoever writes and whatever is hidden."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from blazz.events import (
    Delivered,
    MarketingStopped,
    Read,
    Sent,
    StatusChanged,
    TextReceived,
    UnknownUpdate,
)
from blazz.providers.meta_cloud.inbound import parse
from blazz.sandbox import actions
from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.identifiers import user_id
from tests.unit.sandbox.conftest import MakeTown
from tests.unit.sandbox.judging import webhook_reasons
from tests.unit.sandbox.worlds import Town, template_body, text_body

BUDI = "6281234567890"
WABA = "102290129340398"
SCOPED = user_id(BUDI, country="ID", scope=WABA)


def values(town: Town) -> list[dict[str, Any]]:
    found = town.changes()
    for change in found:
        entry = {"id": WABA, "changes": [change]}
        body = {"object": "whatsapp_business_account", "entry": [entry]}
        if change["field"] == "messages" and not _is_beyond_the_description(change["value"]):
            assert webhook_reasons(body) == []
    return [change["value"] for change in found]


def _is_beyond_the_description(value: dict[str, Any]) -> bool:
    """Meta's description is older than usernames, edits and revocations."""
    messages = value.get("messages", [])
    return any("from" not in it or it["type"] in ("edit", "revoke") for it in messages)


def write(town: Town, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    actions.write(town, town.number, BUDI, content, **more)
    (value,) = values(town)
    return value


def text(body: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": body}}


def test_a_status(town: Town) -> None:
    town.text(biz_opaque_callback_data="v1")
    sent, delivered, read = values(town)

    (status,) = delivered["statuses"]
    assert status["recipient_id"] == BUDI
    assert status["recipient_user_id"] == SCOPED
    assert status["biz_opaque_callback_data"] == "v1"
    assert status["pricing"]["pricing_model"] == "PMP"
    assert "conversation" not in status
    assert delivered["contacts"] == [
        {"profile": {"name": "User 7890"}, "wa_id": BUDI, "user_id": SCOPED}
    ]
    assert delivered["metadata"] == {
        "display_phone_number": "15550783881",
        "phone_number_id": "106540352242922",
    }
    assert "pricing" in sent["statuses"][0]
    assert "pricing" not in read["statuses"][0]


def test_older_versions_tell_the_conversation(make_town: MakeTown) -> None:
    town = make_town(webhook_version=23.0)
    town.send(template_body())
    sent, delivered, _ = (value["statuses"][0] for value in values(town))

    assert sent["conversation"]["origin"] == {"type": "marketing"}
    assert sent["conversation"]["id"] == delivered["conversation"]["id"]
    assert "expiration_timestamp" in sent["conversation"]
    assert "expiration_timestamp" not in delivered["conversation"]


def test_before_user_ids(make_town: MakeTown) -> None:
    town = make_town(user_ids=False)
    town.users.touch(BUDI).username = "budi"
    town.users.touch(BUDI).hides_number = True
    town.text()
    assert all("user_id" not in json.dumps(value) for value in values(town))

    message = write(town, text("hi"))["messages"][0]
    assert message["from"] == BUDI
    assert "from_user_id" not in message


def test_a_failed_status_has_no_contacts(town: Town) -> None:
    town.text("+1 555 913 1026")
    (value,) = values(town)

    assert "contacts" not in value
    (error,) = value["statuses"][0]["errors"]
    assert set(error) == {"code", "title", "message", "error_data", "href"}
    assert error["code"] == 131026


def test_a_user_with_a_username_hides_the_number(town: Town) -> None:
    user = town.users.touch(BUDI)
    user.username, user.hides_number = "budi_s", True

    value = write(town, text("hi"))

    assert value["contacts"] == [
        {"profile": {"name": "User 7890", "username": "budi_s"}, "user_id": SCOPED}
    ]
    assert "from" not in value["messages"][0]
    assert value["messages"][0]["from_user_id"] == SCOPED
    assert BUDI not in json.dumps({**value, "messages": [{**value["messages"][0], "id": ""}]})


def test_the_number_comes_back_to_whoever_used_it(town: Town) -> None:
    user = town.users.touch(BUDI)
    user.username, user.hides_number = "budi_s", True
    town.text()
    by_number = values(town)
    town.send(text_body(to=None, recipient=SCOPED))
    by_user_id = values(town)

    assert {value["statuses"][0]["recipient_id"] for value in by_number} == {BUDI}
    assert {value["contacts"][0]["wa_id"] for value in by_number} == {BUDI}
    assert all("recipient_id" not in value["statuses"][0] for value in by_user_id)
    assert all("wa_id" not in value["contacts"][0] for value in by_user_id)
    assert ["username" in value["contacts"][0]["profile"] for value in by_number] == [
        False,
        True,
        True,
    ]


def test_parent_user_ids_where_they_are_enabled(make_town: MakeTown) -> None:
    town = make_town(parent_user_ids=True)
    town.text()
    status = values(town)[0]
    message = write(town, text("hi"))

    parent = status["contacts"][0]["parent_user_id"]
    assert parent.startswith("ID.ENT.")
    assert status["statuses"][0]["recipient_parent_user_id"] == parent
    assert message["messages"][0]["from_parent_user_id"] == parent


def test_a_message_that_answers_another(town: Town) -> None:
    sent = town.text()
    values(town)
    value = write(town, text("ok"), context=actions.quoted(town.number, sent))

    assert value["messages"][0]["context"] == {"from": "15550783881", "id": sent}


@pytest.mark.parametrize("hides", [False, True])
def test_a_new_number(town: Town, hides: bool) -> None:
    town.users.touch(BUDI).hides_number = hides
    actions.change_number(town, town.number, BUDI, "6281300000000")
    (value,) = values(town)

    (message,) = value["messages"]
    assert message["type"] == "system"
    assert message["system"]["type"] == ("user_changed_user_id" if hides else "user_changed_number")
    assert ("wa_id" in message["system"], "from" in message) == (not hides, not hides)
    assert town.users.known(BUDI) is None
    assert town.users.known("6281300000000") is not None


@pytest.mark.parametrize(("stop", "value"), [(True, "stop"), (False, "resume")])
def test_a_marketing_preference(town: Town, stop: bool, value: str) -> None:
    actions.set_marketing(town, town.number, BUDI, stop=stop)
    (change,) = town.changes()

    assert change["field"] == "user_preferences"
    (preference,) = change["value"]["user_preferences"]
    assert preference["value"] == value
    assert preference["category"] == "marketing_messages"
    assert preference["wa_id"] == BUDI
    assert preference["user_id"] == SCOPED


def test_a_group(town: Town) -> None:
    town.send(text_body("Y2FwaV9ncm91cDox", recipient_type="group"))
    statuses = [value["statuses"][0] for value in values(town)]

    assert {status["recipient_id"] for status in statuses} == {"Y2FwaV9ncm91cDox"}
    assert {status["recipient_type"] for status in statuses} == {"group"}
    assert town.log.counts() == {"Y2FwaV9ncm91cDox": 1}


def test_blazz_itself_reads_all_of_it(town: Town) -> None:
    town.text()
    actions.write(town, town.number, BUDI, text("hi"))
    actions.set_marketing(town, town.number, BUDI, stop=True)
    entry = {"id": WABA, "changes": town.changes()}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()

    events = [update.event() for update in parse(body)]

    kinds: list[type[object]] = [Sent, Delivered, Read, TextReceived, MarketingStopped]
    assert sorted(type(event).__name__ for event in events) == sorted(
        kind.__name__ for kind in kinds
    )
    assert not any(isinstance(event, UnknownUpdate) for event in events)
    people = [event.recipient for event in events if isinstance(event, StatusChanged)]
    assert {str(person.phone) for person in people} == {f"+{BUDI}"}
    assert {str(person.user_id) for person in people} == {SCOPED}


TAPS: list[tuple[dict[str, Any], str, Callable[[dict[str, Any]], Any], Any]] = [
    (
        {
            "type": "button",
            "body": {"text": "?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
        },
        "Yes",
        lambda message: message["interactive"]["button_reply"],
        {"id": "y", "title": "Yes"},
    ),
    (
        {
            "type": "list",
            "body": {"text": "?"},
            "action": {
                "button": "Open",
                "sections": [{"rows": [{"id": "1", "title": "One", "description": "First"}]}],
            },
        },
        "1",
        lambda message: message["interactive"]["list_reply"],
        {"id": "1", "title": "One", "description": "First"},
    ),
]


@pytest.mark.parametrize(("interactive", "choice", "reply", "expected"), TAPS)
def test_a_tap(
    town: Town,
    interactive: dict[str, Any],
    choice: str,
    reply: Callable[[dict[str, Any]], Any],
    expected: Any,
) -> None:
    town.send({**text_body(), "type": "interactive", "interactive": interactive})
    values(town)
    entry = town.log.newest(f"+{BUDI}")
    assert entry is not None
    content, context = actions.tap(town, town.number, entry, choice)
    value = write(town, content, context=context)

    assert reply(value["messages"][0]) == expected
    assert value["messages"][0]["context"]["id"] == entry["id"]


FLOW: dict[str, Any] = {
    "type": "flow",
    "body": {"text": "?"},
    "action": {"name": "flow", "parameters": {"flow_id": "1", "flow_cta": "Open"}},
}


def newest(town: Town) -> dict[str, Any]:
    entry = town.log.newest(f"+{BUDI}")
    assert entry is not None
    return entry


def submitted(town: Town) -> dict[str, Any]:
    """What a user sends who fills in the newest form."""
    values(town)
    content, context = actions.submit(town, town.number, newest(town), {"guests": 4})
    message: dict[str, Any] = write(town, content, context=context)["messages"][0]
    assert message["context"]["id"] == newest(town)["id"]
    response: dict[str, Any] = json.loads(message["interactive"]["nfm_reply"]["response_json"])
    return response


def test_a_form(town: Town) -> None:
    town.send({**text_body(), "type": "interactive", "interactive": FLOW})
    assert submitted(town) == {"flow_token": "unused", "guests": 4}

    with_token = {**FLOW["action"]["parameters"], "flow_token": "token-1"}
    flow = {**FLOW, "action": {"name": "flow", "parameters": with_token}}
    town.send({**text_body(), "type": "interactive", "interactive": flow})
    assert submitted(town) == {"flow_token": "token-1", "guests": 4}


def test_a_form_of_a_template(town: Town) -> None:
    body = template_body()
    button: dict[str, Any] = {
        "type": "button",
        "sub_type": "flow",
        "index": "0",
        "parameters": [{"type": "action", "action": {"flow_token": "token-2"}}],
    }
    body["template"]["components"].append(button)
    town.send(body)
    assert submitted(town) == {"flow_token": "token-2", "guests": 4}

    button["parameters"][0]["action"] = {}
    town.send(body)
    assert submitted(town) == {"flow_token": "unused", "guests": 4}


def test_what_has_no_form(town: Town) -> None:
    for body in (text_body(), template_body()):
        town.send(body)
        with pytest.raises(Refusal) as refused:
            actions.submit(town, town.number, newest(town), {})
        assert "no form" in (refused.value.details or "")


def test_a_tap_on_a_quick_reply_of_a_template(town: Town) -> None:
    body = template_body()
    town.send(body)
    entry = town.log.newest(f"+{BUDI}")
    assert entry is not None
    content, _ = actions.tap(town, town.number, entry, "Stop promotions")
    assert content["button"] == {"payload": "Stop promotions", "text": "Stop promotions"}

    body["template"]["components"].append(
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "stop-1"}],
        }
    )
    town.send(body)
    entry = town.log.newest(f"+{BUDI}")
    assert entry is not None
    content, _ = actions.tap(town, town.number, entry, "Stop promotions")
    assert content["button"] == {"payload": "stop-1", "text": "Stop promotions"}
