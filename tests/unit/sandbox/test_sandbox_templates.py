"""Template messages must fit their template; templates must be formed as Meta asks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.templates import TemplateBook, new_template, placeholders
from blazz.sandbox.validation.definition import check_definition
from blazz.sandbox.validation.template import check_components, check_fit
from tests.unit.sandbox.conftest import MakeTown
from tests.unit.sandbox.worlds import Town, template_body

WABA = "102290129340398"
ORDER = new_template(
    WABA,
    "order",
    "en",
    category="UTILITY",
    components=[
        {"type": "HEADER", "format": "TEXT", "text": "Order {{number}}"},
        {"type": "BODY", "text": "Hi {{name}}, it comes on {{day}}."},
        {
            "type": "BUTTONS",
            "buttons": [{"type": "URL", "url": "https://e.com/{{1}}", "text": "T"}],
        },
    ],
)
PICTURE = new_template(
    WABA,
    "picture",
    "en",
    category="MARKETING",
    components=[{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look, {{1}}!"}],
)


def text(value: str, name: str | None = None) -> dict[str, Any]:
    item = {"type": "text", "text": value}
    return item if name is None else {**item, "parameter_name": name}


def component(kind: str, *parameters: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "parameters": list(parameters), **more}


ORDER_PARTS = [
    component("header", text("A1", "number")),
    component("body", text("Ana", "name"), text("Monday", "day")),
    component("button", text("a1"), sub_type="url", index="0"),
]
IMAGE = {"type": "image", "image": {"link": "https://example.com/a.png"}}


def refusal(parts: list[Any], template: Any) -> Refusal | None:
    try:
        given = check_components({"components": parts})
        check_fit(given, template, "name", "en")
    except Refusal as error:
        return error
    return None


def test_parameters_that_fit() -> None:
    assert refusal(ORDER_PARTS, ORDER) is None
    assert refusal([component("header", IMAGE), component("body", text("you"))], PICTURE) is None


@pytest.mark.parametrize(
    ("parts", "template", "code", "details"),
    [
        ([], None, 132001, "does not exist in en"),
        ([], ORDER, 132000, "header: number of localizable_params (0)"),
        (
            [ORDER_PARTS[0], component("body", text("Ana", "name"))],
            ORDER,
            132000,
            "(1) does not match the expected number of params (2)",
        ),
        (
            [
                ORDER_PARTS[0],
                component("body", text("a", "name"), text("b", "dai")),
                ORDER_PARTS[2],
            ],
            ORDER,
            100,
            "day",
        ),
        ([ORDER_PARTS[0], ORDER_PARTS[1]], ORDER, 131008, "Button at index 0"),
        (
            [*ORDER_PARTS, component("button", text("x"), sub_type="url", index=3)],
            ORDER,
            132018,
            "index 3",
        ),
        ([component("body", text("you"))], PICTURE, 132012, "expected IMAGE, received UNKNOWN"),
        (
            [component("header", text("you")), component("body", text("you"))],
            PICTURE,
            132012,
            "received TEXT",
        ),
        ([component("header", IMAGE), component("body", IMAGE)], PICTURE, 132012, "body"),
        ([component("body", text("two\nlines"))], PICTURE, 132018, "new-line"),
        ([component("body", text("x" * 1025))], PICTURE, 132012, "header"),
        (
            [component("header", IMAGE), component("body", text("x" * 1025))],
            PICTURE,
            132005,
            "1024",
        ),
        ([component("tail")], PICTURE, 100, "must be one of"),
        ([component("button", sub_type="url")], PICTURE, 131008, "index"),
        ([component("button", sub_type="url", index="one")], PICTURE, 100, "integer"),
        ([component("body", 7)], PICTURE, 100, "JSON object"),
        ([component("header", {"type": "image", "image": {}})], PICTURE, 131008, "link"),
    ],
)
def test_parameters_that_do_not_fit(
    parts: list[Any], template: Any, code: int, details: str
) -> None:
    found = refusal(parts, template)

    assert found is not None
    assert found.code == code
    assert details in f"{found.details} {found.message}"


@pytest.mark.parametrize(
    ("status", "code"),
    [("PENDING", 132001), ("REJECTED", 132001), ("PAUSED", 132015), ("DISABLED", 132016)],
)
def test_only_approved_templates_can_be_sent(town: Town, status: str, code: int) -> None:
    for template in town.templates.listed(WABA):
        town.templates.set_status(template, status)

    with pytest.raises(Refusal) as caught:
        town.send(template_body())

    assert caught.value.code == code


def test_a_template_message_tells_its_status_and_category(town: Town) -> None:
    outcome = town.send(template_body())

    assert outcome.body["messages"][0]["message_status"] == "accepted"
    assert {status["pricing"]["category"] for status in town.statuses()[:2]} == {"marketing"}


def test_any_template_is_accepted_on_demand(make_town: MakeTown) -> None:
    with pytest.raises(Refusal):
        make_town().send(template_body(name="unheard_of"))

    assert make_town(any_template=True).send(template_body(name="unheard_of")).body


def test_authentication_templates_need_a_phone_number(town: Town) -> None:
    body = template_body(name="login_code", parameters=("123",))
    body["template"]["components"].append(
        component("button", text("123"), sub_type="url", index="0")
    )
    assert town.send(body).body

    del body["to"]
    with pytest.raises(Refusal) as caught:
        town.send({**body, "recipient": "ID.13491208655302741918"})

    assert caught.value.code == 131062


@given(st.lists(st.integers(1, 30)), st.lists(st.sampled_from(["name", "day", "x_1"])))
def test_placeholders_are_counted_once(positions: list[int], names: list[str]) -> None:
    marks = [f"{{{{{mark}}}}}" for mark in [*positions, *names]]
    found = placeholders(" and ".join(marks))

    assert found.count == len(set(positions)) + len(set(names))
    assert found.names == set(names)


def test_the_book_keeps_languages_apart() -> None:
    book = TemplateBook()
    book.open_account(WABA)
    assert set(book.languages(WABA, "promo")) == {"id", "en", "en_US"}

    (english,) = [it for it in book.listed(WABA) if (it.name, it.language) == ("promo", "en")]
    assert book.delete(WABA, "promo", english.id) == 1
    assert set(book.languages(WABA, "promo")) == {"id", "en_US"}
    assert book.delete(WABA, "promo") == 2
    assert book.delete(WABA, "promo") == 0


def definition(**more: Any) -> dict[str, Any]:
    components = [{"type": "BODY", "text": "Hello {{1}}!"}]
    base = {"name": "a_1", "language": "en_US", "category": "UTILITY", "components": components}
    return {**base, **more}


def test_a_template_that_meta_takes() -> None:
    found = check_definition(definition(category="marketing"))

    assert (found.name, found.language, found.category) == ("a_1", "en_US", "MARKETING")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "With Space"}, 100),
        ({"name": None}, 131008),
        ({"language": "english"}, 100),
        ({"category": "SPAM"}, 100),
        ({"components": []}, 131009),
        ({"components": [{"type": "FOOTER", "text": "x"}]}, 100),
        ({"components": [{"type": "BODY", "text": "x" * 1025}]}, 2388040),
        ({"components": [{"type": "BODY", "text": "{{1}} first"}]}, 2388299),
        ({"components": [{"type": "BODY"}]}, 131008),
        ({"components": [{"type": "BODY", "text": "a"}, {"type": "body", "text": "b"}]}, 100),
        ({"components": [{"type": "BODY", "text": "a", "example": 5}]}, 100),
        ({"components": [{"type": "BODY", "text": "a"}, {"type": "BUTTONS", "buttons": [1]}]}, 100),
        ({"components": [{"type": "HEADER", "format": "SMELL"}]}, 100),
    ],
)
def test_a_template_that_meta_refuses(changes: dict[str, Any], code: int) -> None:
    with pytest.raises(Refusal) as caught:
        check_definition(definition(**changes))

    assert caught.value.code == code
