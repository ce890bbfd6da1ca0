"""What every update is told apart by, before any event is built."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blazz.errors import WebhookError
from blazz.events import NumberChanged, TextReceived, UnknownUpdate, UnsupportedReceived
from blazz.providers.base import Update, WebhookParser
from blazz.providers.meta_cloud.inbound import CloudUpdate, parse
from blazz.providers.meta_cloud.inbound.registry import LISTS, WHOLE
from tests.unit.providers.meta_cloud.inbound.fixtures import WITH_LISTS, body
from tests.unit.providers.meta_cloud.inbound.people import NUMBER

PARSER: WebhookParser = parse


def batch(*values: Any, field: str = "messages", **entry: Any) -> bytes:
    changes = [{"field": field, "value": value} for value in values]
    return json.dumps({"entry": [{"id": "1", "changes": changes, **entry}]}).encode()


def messages(*items: Any, **beside: Any) -> dict[str, Any]:
    return {"metadata": {"phone_number_id": NUMBER}, "messages": list(items), **beside}


def text(message_id: Any = "m", **beside: Any) -> dict[str, Any]:
    return {"id": message_id, "type": "text", "text": {"body": "halo"}, **beside}


def only(raw: bytes) -> CloudUpdate:
    (update,) = parse(raw)
    return update


def test_an_update_is_what_the_inbox_asks_for() -> None:
    update: Update = only(batch(messages(text())))

    assert repr(update) == f"CloudUpdate('message:{NUMBER}:m')"


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"entry": {}}', b'"entry"', b"null", b"{"])
def test_a_body_without_a_list_of_entries_is_no_webhook(raw: bytes) -> None:
    with pytest.raises(WebhookError):
        parse(raw)


def test_a_body_that_nobody_can_follow_is_kept_whole() -> None:
    raw = b'{"entry": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}"

    update = only(raw)
    event = update.event()

    assert isinstance(event, UnknownUpdate)
    assert event.raw["body"].encode() == raw
    assert update.key == only(raw).key


def test_every_field_is_counted_as_the_registry_has_it() -> None:
    """The fuzz tests count without the parser; both must speak of the same lists."""
    assert {field: set(lists) for field, lists in LISTS.items()} == WITH_LISTS
    assert not set(LISTS) & set(WHOLE)


def test_every_kind_of_a_batch_is_handled_in_the_order_of_the_body() -> None:
    keys = [update.key.rsplit(":", maxsplit=1)[0] for update in parse(body("batch"))]

    assert keys == [
        f"message:{NUMBER}",
        f"message:{NUMBER}",
        f"status:{NUMBER}:wamid.B3=:sent",
        f"status:{NUMBER}:wamid.B3=:delivered",
        f"error:{NUMBER}",
        "account_review_update:220000000000002",
        "status:110000000000009:wamid.B4=:read",
    ]


def test_two_edits_that_keep_the_message_s_id_are_two_updates() -> None:
    edit = {"id": "m", "type": "edit", "edit": {"original_message_id": "o"}}
    first, second = parse(
        batch(messages({**edit, "timestamp": "1780000000"}, {**edit, "timestamp": "1780000001"}))
    )

    assert first.key != second.key


@pytest.mark.parametrize("message_id", [None, "", "a:b", "\x00", "x" * 300, {}, "\ud800"])
def test_an_id_that_cannot_be_a_key_is_hashed(message_id: Any) -> None:
    update = only(batch(messages(text(message_id))))

    assert update.key.startswith(f"messages:{NUMBER}:")
    assert update.key.isprintable()


def test_the_person_is_the_conversation_of_messages_and_statuses() -> None:
    contacts = [{"wa_id": "628123456789", "user_id": "ID.1"}]
    received = messages(text(**{"from": "628123456789"}), contacts=contacts)
    hidden = messages(text(from_user_id="ID.1"))
    read = {
        "metadata": {"phone_number_id": NUMBER},
        "statuses": [{"id": "o", "status": "read", "recipient_user_id": "ID.1"}],
    }
    updates = parse(batch(received, hidden, read))

    assert {update.conversation for update in updates} == {f"{NUMBER}:ID.1"}


def test_a_group_is_the_conversation_of_its_messages_and_statuses() -> None:
    received = messages(text(**{"from": "628123456789", "group_id": "group-1"}))
    read = {
        "metadata": {"phone_number_id": NUMBER},
        "statuses": [
            {"id": "o", "status": "read", "recipient_type": "group", "recipient_id": "group-1"}
        ],
    }
    updates = parse(batch(received, read))

    assert {update.conversation for update in updates} == {f"{NUMBER}:group-1"}


def test_what_stands_in_an_unknown_list_is_told_with_whom_it_is_about() -> None:
    contacts = [{"user_id": "ID.1", "profile": {"name": "Sari"}}]
    polls = {"metadata": {"phone_number_id": NUMBER}, "polls": [{"id": "1"}]}
    update = only(batch({**polls, "contacts": contacts}))

    assert update.event().raw == {**polls, "contacts": contacts}
    # Meta may tell of the same poll again beside other contacts.
    assert update.key == only(batch({**polls, "contacts": []})).key


def test_a_person_who_is_not_told_has_no_conversation() -> None:
    assert only(batch(messages(text()))).conversation is None


def test_an_odd_person_has_a_conversation_of_their_own() -> None:
    first, second = parse(batch(messages(text(**{"from": ["a"]}), text(**{"from": ["b"]}))))

    assert first.conversation != second.conversation


def test_names_belong_to_the_person_they_are_told_of() -> None:
    contacts = [
        {"wa_id": "628111111111", "profile": {"name": "Satu"}},
        {"wa_id": "628222222222", "user_id": "ID.2", "profile": {"name": "Dua"}},
    ]
    updates = parse(
        batch(
            messages(
                text("a", **{"from": "628222222222"}),
                text("b", from_user_id="ID.2"),
                text("c", **{"from": "628111111111"}),
                text("d", **{"from": "628333333333"}),
                contacts=contacts,
            )
        )
    )
    senders = [update.event().sender for update in updates]  # type: ignore[attr-defined]

    assert [sender.name for sender in senders] == ["Dua", "Dua", "Satu", None]
    assert str(senders[1].phone) == "+628222222222"


def test_a_lone_contact_is_the_person_even_if_the_number_differs() -> None:
    """In Brazil and Mexico a number and its WhatsApp id may differ by a digit."""
    contacts = [{"wa_id": "551188887777", "profile": {"name": "Ana"}}]
    alone = only(batch(messages(text(**{"from": "5511988887777"}), contacts=contacts))).event()
    two = parse(
        batch(
            messages(
                text("a", **{"from": "551188887777"}),
                text("b", **{"from": "628123456789"}),
                contacts=contacts,
            )
        )
    )

    assert isinstance(alone, TextReceived)
    assert (alone.sender.name, str(alone.sender.phone)) == ("Ana", "+5511988887777")
    assert [update.event().sender.name for update in two] == ["Ana", None]  # type: ignore[attr-defined]


def test_a_contact_with_another_user_id_is_somebody_else() -> None:
    contacts = [{"user_id": "ID.2", "profile": {"name": "Dua"}}]
    event = only(batch(messages(text(from_user_id="ID.1"), contacts=contacts))).event()

    assert isinstance(event, TextReceived)
    assert event.sender.name is None


def test_a_message_that_cannot_be_read_is_still_a_message() -> None:
    event = only(
        batch(messages(text(**{"from": "628123456789", "text": {"body": 7 * [0]}})))
    ).event()

    assert isinstance(event, UnsupportedReceived)
    assert (event.kind, event.reason) == ("text", "text.body is missing")
    assert str(event.sender.phone) == "+628123456789"


def test_an_object_in_place_of_a_list_is_its_only_item() -> None:
    assert isinstance(only(batch(messages() | {"messages": text()})).event(), TextReceived)


def test_an_old_spelling_of_a_notice_is_understood() -> None:
    notice = {
        "id": "s",
        "type": "system",
        "system": {
            "type": "customer_changed_number",
            "customer": "628111111111",
            "new_wa_id": "628222222222",
        },
    }
    event = only(batch(messages(notice))).event()

    assert isinstance(event, NumberChanged)
    assert (str(event.person.phone), str(event.now.phone)) == ("+628111111111", "+628222222222")


def test_a_builder_that_fails_loses_nothing() -> None:
    update = only(batch(messages(text())))

    def fail(*_: object) -> None:
        raise KeyError("a mistake of ours")

    broken = CloudUpdate(update.key, None, update.change, update.item, fail)  # type: ignore[arg-type]
    event = broken.event()

    assert isinstance(event, UnknownUpdate)
    assert event.reason == "it could not be read (KeyError)"
    assert event.raw is update.item
