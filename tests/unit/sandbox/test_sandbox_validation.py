"""What Meta refuses is refused with Meta's codes, and nothing ends in anything but an answer."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.validation.envelope import (
    MESSAGE_TYPES,
    ReadRequest,
    SendRequest,
    normalized_phone,
    read_request,
)
from tests.unit.sandbox.judging import send_examples, send_is_valid
from tests.unit.sandbox.worlds import BUDI, Town, text_body

WAMID = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MEM2RUJFNkI0RENGQTVDRjUA"


def message(kind: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": BUDI, "type": kind, kind: content, **more}


def interactive(kind: str, action: Any, **more: Any) -> dict[str, Any]:
    parts = {"type": kind, "body": {"text": "Choose"}, "action": action, **more}
    return message("interactive", parts)


def buttons(*titles: str) -> dict[str, Any]:
    replies = [
        {"type": "reply", "reply": {"id": f"b{place}", "title": title}}
        for place, title in enumerate(titles)
    ]
    return interactive("button", {"buttons": replies})


def rows(*counts: int, title: str = "Row") -> dict[str, Any]:
    sections = [
        {
            "title": f"Section {place}",
            "rows": [{"id": f"{place}.{row}", "title": title} for row in range(count)],
        }
        for place, count in enumerate(counts)
    ]
    return interactive("list", {"button": "Open", "sections": sections})


GOOD = [
    text_body(),
    text_body(to="62 (812) 3456-7890"),
    {
        "messaging_product": "whatsapp",
        "recipient": "US.13491208655302741918",
        "text": {"body": "x"},
    },
    text_body(body="x" * 4096, biz_opaque_callback_data="t" * 512),
    text_body(context={"message_id": WAMID}),
    message("image", {"id": "123", "caption": "x" * 1024}),
    message("video", {"link": "https://example.com/a.mp4"}),
    message("audio", {"id": "1", "voice": True}),
    message("document", {"link": "http://example.com/a.pdf", "filename": "a.pdf"}),
    message("sticker", {"id": "1"}),
    message("location", {"latitude": "1.5", "longitude": -181 + 1}),
    message("contacts", [{"name": {"formatted_name": "A B", "first_name": "A"}}]),
    message("reaction", {"message_id": WAMID, "emoji": "👍"}),
    message("reaction", {"message_id": WAMID, "emoji": ""}),
    buttons("One", "Two", "Three"),
    rows(5, 5),
    interactive(
        "cta_url",
        {"name": "cta_url", "parameters": {"display_text": "Go", "url": "https://example.com"}},
    ),
    interactive("location_request_message", {"name": "send_location"}),
    interactive("product", {"catalog_id": "1", "product_retailer_id": "2"}),
    interactive("carousel", {"cards": [{}, {}]}),
    interactive("flow", {"name": "flow", "parameters": {"flow_id": "1", "flow_cta": "Open"}}),
]

BAD = [
    (7, 100),
    ({}, 100),
    ({"messaging_product": "telegram"}, 100),
    ({"messaging_product": "whatsapp", "text": {"body": "x"}}, 100),
    (text_body(to="budi"), 131009),
    (text_body(to=6281234567890), 100),
    (text_body(type="poem"), 131051),
    (text_body(type=7), 100),
    (text_body(text=None), 131008),
    (text_body(text="hi"), 100),
    (text_body(body="x" * 4097), 100),
    (text_body(body="   "), 100),
    (text_body(body=5), 100),
    (text_body(biz_opaque_callback_data="t" * 513), 100),
    (text_body(context={"message_id": "abc"}), 131009),
    (text_body(context={}), 131008),
    (text_body(recipient="12345", to=None), 131009),
    (text_body(recipient_type="group", to="!"), 131020),
    (text_body(recipient_type="crowd"), 100),
    (message("image", {}), 131008),
    (message("image", {"link": "ftp://example.com/a.png"}), 100),
    (message("image", {"id": "1", "caption": "x" * 1025}), 100),
    (message("audio", {"id": "1", "caption": "x"}), 100),
    (message("location", {"latitude": 91, "longitude": 0}), 131009),
    (message("location", {"latitude": True, "longitude": 0}), 100),
    (message("location", {"longitude": 0}), 131008),
    (message("contacts", []), 131009),
    (message("contacts", [{"name": {"formatted_name": "A"}}]), 131008),
    (message("reaction", {"message_id": WAMID, "emoji": "ok"}), 131009),
    (message("reaction", {"message_id": WAMID}), 131008),
    (buttons(), 131009),
    (buttons("1", "2", "3", "4"), 131009),
    (buttons("x" * 21), 100),
    (buttons("Same", "Same"), 131009),
    (rows(6, 5), 131009),
    (rows(1, title="x" * 25), 100),
    (rows(), 131009),
    (interactive("dance", {}), 100),
    (interactive("button", {"buttons": [7]}), 100),
    (message("interactive", {"type": "button", "action": {"buttons": []}}), 131008),
    (interactive("cta_url", {"name": "cta_url", "parameters": {"display_text": "x"}}), 131008),
    (interactive("carousel", {"cards": [{}]}), 131009),
    ({"messaging_product": "whatsapp", "status": "read"}, 100),
    ({"messaging_product": "whatsapp", "status": "eaten", "message_id": WAMID}, 100),
    ({"messaging_product": "whatsapp", "status": "read", "message_id": "x"}, 131009),
]


@pytest.mark.parametrize("body", GOOD)
def test_what_meta_takes_is_taken(body: dict[str, Any]) -> None:
    assert isinstance(read_request(body), SendRequest)


@pytest.mark.parametrize(("body", "code"), BAD)
def test_what_meta_refuses_is_refused_with_its_code(body: Any, code: int) -> None:
    with pytest.raises(Refusal) as caught:
        read_request(body)

    assert caught.value.code == code
    assert caught.value.details or caught.value.message


def test_marking_as_read() -> None:
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": WAMID}

    assert read_request(body) == ReadRequest(WAMID, typing=False)
    assert read_request({**body, "typing_indicator": {"type": "text"}}) == ReadRequest(
        WAMID, typing=True
    )


def test_a_phone_number_takes_precedence_over_a_user_id() -> None:
    request = read_request(text_body(recipient="US.13491208655302741918"))

    assert isinstance(request, SendRequest)
    assert request.recipient.phone == "6281234567890"
    assert request.recipient.given == BUDI


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+62 812-3456-7890", "6281234567890"),
        ("16505551234", "16505551234"),
        ("+1 (631) 555\u20115555", "16315555555"),
        ("٠١٢٣٤٥٦٧", None),
        ("+", None),
        ("12345678901234567", None),
    ],
)
def test_phone_numbers_in_usual_spellings(text: str, digits: str | None) -> None:
    assert normalized_phone(text) == digits


NAMES = """
    id link caption body text type action buttons sections rows reply title parameters name url
    display_text code language components sub_type index to recipient context message_id header
    footer product_items emoji latitude longitude formatted_name first_name cards voice
"""
keys = st.sampled_from(NAMES.split())
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.just(WAMID)
    | st.just("1"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from(sorted(MESSAGE_TYPES)),
    json_values,
    st.dictionaries(
        st.sampled_from(["to", "type", "context", "recipient", "recipient_type", "status",
                         "message_id", "typing_indicator", "biz_opaque_callback_data"]),
        json_values,
        max_size=3,
    ),
)  # fmt: skip
def test_no_request_ends_in_anything_but_an_answer(
    kind: str, content: Any, more: dict[str, Any]
) -> None:
    town = Town(throughput=None)
    with closing(town), suppress(Refusal):
        assert town.send({**message(kind, content), **more}).body


def test_meta_s_own_examples_are_taken() -> None:
    """Their placeholders are filled in; templates are judged by templates' own tests."""
    for example in send_examples().values():
        body = _filled(example)
        if body.get("type") not in (None, "template"):  # one of them forgot its type
            read_request(body)


@pytest.mark.parametrize("body", GOOD)
def test_what_is_taken_fits_meta_s_description(body: dict[str, Any]) -> None:
    lenient = {"audio", "location", "interactive"}  # the description lacks some of their fields
    if body.get("type") in lenient or "type" not in body:
        return
    assert send_is_valid(body) in (None, True)


def _filled(value: Any) -> Any:
    """An example with something in place of what is in angle brackets or braces."""
    if isinstance(value, dict):
        return {name: _filled_as(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return value


def _filled_as(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return _filled(value)
    if name == "to":
        return BUDI
    if name in ("link", "url"):
        return "https://example.com/a"
    if name == "message_id":
        return WAMID
    if name == "emoji":
        return "👍"
    if value.startswith("<") and name == "type":
        return "text"
    return value[-20:] if "<" in value else value
