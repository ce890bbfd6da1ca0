"""Every kind of message is taken, checked, and becomes what blazz sends."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from blazz import messages as blazz
from blazz.errors import InvalidValue
from blazz_server.chats.kinds import AnyMessage

ANY: TypeAdapter[Any] = TypeAdapter(AnyMessage)
LINK = "https://example.com/cat.jpg"

KINDS: list[tuple[dict[str, Any], blazz.Message]] = [
    (
        {"type": "text", "body": "Halo", "preview_url": False},
        blazz.Text("Halo", preview_url=False),
    ),
    ({"type": "image", "link": LINK, "caption": "A cat"}, blazz.Image(LINK, caption="A cat")),
    ({"type": "video", "media_id": "17"}, blazz.Video(blazz.MediaId("17"))),
    ({"type": "audio", "link": LINK}, blazz.Audio(LINK)),
    ({"type": "voice", "link": LINK}, blazz.Voice(LINK)),
    (
        {"type": "document", "link": LINK, "filename": "a.pdf", "caption": "Bill"},
        blazz.Document(LINK, filename="a.pdf", caption="Bill"),
    ),
    ({"type": "sticker", "media_id": "17"}, blazz.Sticker(blazz.MediaId("17"))),
    (
        {"type": "location", "latitude": -6.2, "longitude": 106.8, "name": "Monas"},
        blazz.Location(-6.2, 106.8, name="Monas"),
    ),
    (
        {
            "type": "contacts",
            "contacts": [
                {
                    "name": {"formatted": "Budi"},
                    "phones": [{"number": "+62 812", "wa_id": "62812345"}],
                    "emails": [{"email": "budi@example.com"}],
                    "org": {"company": "Toko"},
                    "birthday": "1990-05-01",
                }
            ],
        },
        blazz.Contacts(
            [
                blazz.ContactCard(
                    "Budi",
                    phones=[blazz.ContactPhone("+62 812", wa_id="62812345")],
                    emails=["budi@example.com"],
                    org=blazz.Organization(company="Toko"),
                    birthday=date(1990, 5, 1),
                )
            ]
        ),
    ),
    (
        {"type": "poll", "question": "When?", "choices": ["Mon", "Tue"]},
        blazz.Poll("When?", ["Mon", "Tue"]),
    ),
    ({"type": "reaction", "message_id": "wamid.1", "emoji": "👍"}, blazz.Reaction("wamid.1", "👍")),
    (
        {
            "type": "buttons",
            "body": "Today?",
            "buttons": [{"id": "y", "title": "Yes"}],
            "header": {"type": "image", "link": LINK},
            "footer": "Toko",
        },
        blazz.Buttons(
            "Today?", [blazz.Button("y", "Yes")], header=blazz.Image(LINK), footer="Toko"
        ),
    ),
    (
        {
            "type": "list",
            "body": "What?",
            "button": "Menu",
            "sections": [{"title": "Food", "rows": [{"id": "1", "title": "Soto"}]}],
        },
        blazz.List("What?", "Menu", [blazz.Section("Food", [blazz.Row("1", "Soto")])]),
    ),
    (
        {"type": "call_to_action", "body": "On its way.", "text": "Track", "url": LINK},
        blazz.CallToAction("On its way.", "Track", LINK),
    ),
    (
        {
            "type": "template",
            "name": "promo",
            "language": "id",
            "header": {"type": "text", "name": "name", "text": "Budi"},
            "body": {
                "amount": {
                    "type": "currency",
                    "fallback": "Rp 5",
                    "code": "IDR",
                    "amount_1000": 5000,
                },
                "when": {"type": "date_time", "fallback": "today"},
            },
            "buttons": [
                {"type": "url", "text": "p/1", "index": 1},
                {"type": "quick_reply", "payload": "yes", "index": 0},
            ],
        },
        blazz.Template(
            "promo",
            language="id",
            header={"name": "Budi"},
            body={
                "amount": blazz.Currency("Rp 5", "IDR", 5000),
                "when": blazz.DateTime("today"),
            },
            buttons=[blazz.UrlSuffix("p/1", index=1), blazz.QuickReply("yes", index=0)],
        ),
    ),
    (
        {
            "type": "template",
            "name": "shop",
            "language": "en_US",
            "header": {"type": "location", "latitude": 1, "longitude": 2},
            "body": ["Budi"],
            "buttons": [
                {"type": "copy_code", "code": "HEMAT"},
                {"type": "flow", "token": "t", "data": {"a": 1}},
                {"type": "catalog", "thumbnail": "sku-1"},
            ],
        },
        blazz.Template(
            "shop",
            language="en_US",
            header=blazz.Location(1, 2),
            body=["Budi"],
            buttons=[
                blazz.CopyCode("HEMAT"),
                blazz.OpenFlow("t", data={"a": 1}),
                blazz.OpenCatalog("sku-1"),
            ],
        ),
    ),
]


@pytest.mark.parametrize(("body", "message"), KINDS, ids=range(len(KINDS)))
def test_a_kind_becomes_its_message(body: dict[str, Any], message: blazz.Message) -> None:
    assert ANY.validate_python(body).value({}) == message


def test_files_stand_in_for_their_ids_and_links() -> None:
    upload = blazz.Upload(b"\x89PNG", "image/png", "a.png")
    by_id = ANY.validate_python({"type": "image", "media_id": "17"})
    by_link = ANY.validate_python({"type": "image", "link": LINK})
    assert by_id.media_ids() == ("17",)
    assert by_link.links() == (LINK,)
    assert by_id.value({"17": upload}).source is upload
    assert by_link.value({LINK: upload}).source is upload


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "fax"},
        {"type": "text"},
        {"type": "text", "body": ""},
        {"type": "text", "body": "x" * 4097},
        {"type": "text", "body": "x", "colour": "red"},
        {"type": "image"},
        {"type": "image", "link": LINK, "media_id": "17"},
        {"type": "image", "link": "/etc/passwd"},
        {"type": "image", "link": "file:///etc/passwd"},
        {"type": "image", "link": "{link}"},
        {"type": "image", "media_id": "../17"},
        {"type": "document", "link": LINK, "filename": "../a.pdf"},
        {"type": "location", "latitude": 91, "longitude": 0},
        {"type": "location", "latitude": "NaN", "longitude": 0},
        {"type": "contacts", "contacts": []},
        {"type": "poll", "question": "?", "choices": ["one"]},
        {"type": "buttons", "body": "?", "buttons": []},
        {"type": "list", "body": "?", "button": "x" * 21, "sections": []},
        {"type": "template", "name": "Promo", "language": "id"},
        {"type": "template", "name": "p", "language": "id", "body": ["a\nb"]},
    ],
)
def test_what_breaks_a_limit_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ANY.validate_python(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.sampled_from([body for body, _ in KINDS]),
    st.sampled_from(["body", "text", "header", "buttons", "link", "name", "contacts", "sections"]),
    _JSON,
)
def test_whatever_stands_in_a_field_the_answer_is_clear(
    body: dict[str, Any], field: str, value: Any
) -> None:
    try:
        message = ANY.validate_python({**body, field: value})
    except ValidationError:
        return
    try:
        message.value({})
    except InvalidValue:  # WhatsApp's finer rules: answered 422 as well
        return
