"""Request bodies: the golden ones, whom they go to, and what must happen before they are built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from blazz.addresses import Group, Lid, Phone, UserId
from blazz.errors import InvalidAddress, InvalidValue, NotSupported
from blazz.messages import (
    Buttons,
    CallToAction,
    Contacts,
    Document,
    Image,
    List,
    Location,
    MediaId,
    Message,
    Reaction,
    Text,
)
from blazz.providers.meta_cloud.payloads import (
    json_body,
    mark_read_body,
    message_body,
    unresolved_media,
    with_media,
)
from tests.unit.messages.examples import EXAMPLES, SENDABLE, TO_UPLOAD
from tests.unit.messages.strategies import messages

BUDI = Phone("+6281234567890")
GOLDEN: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("payloads.json").read_text(encoding="utf-8")
)


def test_there_is_a_golden_body_for_each_example() -> None:
    assert GOLDEN.keys() == SENDABLE.keys()


@pytest.mark.parametrize("name", SENDABLE)
def test_a_message_becomes_its_golden_body(name: str) -> None:
    (kind, content), *others = GOLDEN[name].items()

    assert others == []
    assert message_body(BUDI, SENDABLE[name], token="t1") == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "6281234567890",
        "type": kind,
        kind: content,
        "biz_opaque_callback_data": "t1",
    }


@given(messages())
def test_what_is_written_is_the_body(message: Message) -> None:
    if unresolved_media(message) is not None:
        message = with_media(message, MediaId("1"))

    written = json_body(BUDI, message, token="t1", reply_to="wamid.1")

    assert json.loads(written) == message_body(BUDI, message, token="t1", reply_to="wamid.1")


def test_the_writing_is_compact() -> None:
    assert (
        json_body(BUDI, Text("Halo \N{WAVING HAND SIGN}"), token="t1")
        == (
            '{"messaging_product":"whatsapp","recipient_type":"individual","to":"6281234567890",'
            '"type":"text","text":{"body":"Halo \N{WAVING HAND SIGN}","preview_url":true},'
            '"biz_opaque_callback_data":"t1"}'
        ).encode()
    )


def test_a_user_id_is_the_recipient() -> None:
    body = message_body(UserId("ID.13491208655302741918"), Text("Halo"), token="t1")

    assert body["recipient"] == "ID.13491208655302741918"
    assert "to" not in body
    assert body["recipient_type"] == "individual"


def test_a_group_is_told_apart() -> None:
    body = message_body(Group("Y2FwaV9ncm91cDox"), Text("Halo"), token="t1")

    assert (body["recipient_type"], body["to"]) == ("group", "Y2FwaV9ncm91cDox")


@pytest.mark.parametrize("name", SENDABLE)
def test_a_group_gets_text_media_and_templates_only(name: str) -> None:
    message = SENDABLE[name]
    group = Group("Y2FwaV9ncm91cDox")
    if isinstance(message, (Buttons, List, CallToAction, Contacts, Location, Reaction)):
        with pytest.raises(NotSupported, match=f"no {type(message).__name__} to a group"):
            message_body(group, message, token="t1")
    else:
        assert message_body(group, message, token="t1")["to"] == group.value


def test_a_lid_cannot_be_reached() -> None:
    with pytest.raises(NotSupported, match="cannot send to 123@lid"):
        message_body(Lid("123"), Text("Halo"), token="t1")


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(InvalidAddress, match="to: must be a Phone"):
        message_body("+6281234567890", Text("Halo"), token="t1")  # type: ignore[arg-type]


def test_a_message_of_someone_else_is_not_supported() -> None:
    class Poll(Message):
        """A message that the Cloud API does not have."""

    with pytest.raises(NotSupported, match="no message such as Poll"):
        message_body(BUDI, Poll(), token="t1")


def test_what_is_special_about_media_is_not_dropped_in_silence() -> None:
    with pytest.raises(NotSupported, match="no Image with view_once"):
        message_body(BUDI, Image(MediaId("77"), view_once=True), token="t1")


def test_a_reply_names_the_message_that_it_quotes() -> None:
    body = message_body(BUDI, Text("Ya"), token="t1", reply_to="wamid.QUOTED")

    assert body["context"] == {"message_id": "wamid.QUOTED"}
    with pytest.raises(InvalidValue, match=r"^reply_to: must not be empty"):
        message_body(BUDI, Text("Ya"), token="t1", reply_to="")


def test_a_token_has_up_to_512_characters() -> None:
    body = message_body(BUDI, Text("Halo"), token="x" * 512)

    assert body["biz_opaque_callback_data"] == "x" * 512
    with pytest.raises(InvalidValue, match=r"^token: at most 512 characters, this has 513"):
        message_body(BUDI, Text("Halo"), token="x" * 513)
    with pytest.raises(InvalidValue, match=r"^token: must not be empty"):
        message_body(BUDI, Text("Halo"), token="")


def test_a_read_mark() -> None:
    assert mark_read_body("wamid.1") == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.1",
    }
    assert mark_read_body("wamid.1", typing=True)["typing_indicator"] == {"type": "text"}
    with pytest.raises(InvalidValue, match="message_id"):
        mark_read_body("")


@pytest.mark.parametrize("name", SENDABLE)
def test_a_link_or_id_needs_no_upload(name: str) -> None:
    assert unresolved_media(SENDABLE[name]) is None


@pytest.mark.parametrize("name", TO_UPLOAD)
def test_a_file_must_be_uploaded_first(name: str) -> None:
    message = EXAMPLES[name]
    with pytest.raises(InvalidValue, match="must be uploaded first"):
        message_body(BUDI, message, token="t1")

    media = unresolved_media(message)
    resolved = with_media(message, MediaId("42"))

    assert media in (message, getattr(message, "header", None))
    assert unresolved_media(resolved) is None
    assert type(resolved) is type(message)
    assert b'"id":"42"' in json_body(BUDI, resolved, token="t1")


def test_an_uploaded_image_keeps_its_caption() -> None:
    message = with_media(EXAMPLES["image in memory"], MediaId("42"))

    assert message == Image(MediaId("42"), caption="A cat")


@pytest.mark.parametrize("name", ["document in a file", "buttons below an upload"])
def test_an_uploaded_document_keeps_the_name_of_its_file(name: str) -> None:
    assert b'{"id":"42","filename":"may.pdf"}' in json_body(
        BUDI, with_media(EXAMPLES[name], MediaId("42")), token="t1"
    )


def test_a_given_filename_wins() -> None:
    message = with_media(Document(Path("tmp123"), filename="May.pdf"), MediaId("42"))

    assert message.filename == "May.pdf"


@pytest.mark.parametrize("message", [Text("Halo"), SENDABLE["buttons"], SENDABLE["location"]])
def test_a_message_without_media_takes_none(message: Message) -> None:
    with pytest.raises(InvalidValue, match="must have media"):
        with_media(message, MediaId("42"))


def test_an_unfilled_link_is_not_sent() -> None:
    with pytest.raises(InvalidValue, match="placeholder is not filled in"):
        message_body(BUDI, Image("{picture}"), token="t1")
    with pytest.raises(InvalidValue, match="placeholder is not filled in"):
        message_body(BUDI, CallToAction("?", "Go", "{link}"), token="t1")
