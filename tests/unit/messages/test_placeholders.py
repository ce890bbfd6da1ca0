"""Placeholders: which names are columns, what braces mean, and which checks wait for the value."""

from __future__ import annotations

import pytest

from blazz.errors import InvalidValue
from blazz.messages import (
    Button,
    Buttons,
    CallToAction,
    CopyCode,
    List,
    Message,
    Row,
    Section,
    Template,
    Text,
)
from blazz.messages.rendering import Renderer, render


@pytest.mark.parametrize(
    "name", ["name", "Nama Lengkap", "first-name", "_x", "имя", "名前", "straße 2", "a" * 64]
)
def test_a_column_name_is_plain(name: str) -> None:
    assert render(Text(f"Hi {{{name}}}!"), {name: "Budi"}).body == "Hi Budi!"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{0}",
        "{1a}",
        "{ name }",
        "{name.first}",
        "{name[0]}",
        "{name!r}",
        "{name:>10}",
        "{name,x}",
        "{-x}",
        "{x-}",
        "{a\nb}",
        "{",
        "}",
        "{name",
        "name}",
        "{{name}",
        "{" + "a" * 65 + "}",
    ],
)
def test_what_is_no_plain_name_is_refused(text: str) -> None:
    Text(text)  # sent as it is, it is a text like any other
    with pytest.raises(InvalidValue, match="a plain column name") as caught:
        Renderer(Text(text))

    assert (caught.value.field, caught.value.value) == ("Text.body", text)


@pytest.mark.parametrize(
    ("text", "body"),
    [("{{name}}", "{name}"), ("{{{a}}}", "{1}"), ("}}{{", "}{"), ("100 % {a} %s", "100 % 1 %s")],
)
def test_doubled_braces_become_braces(text: str, body: str) -> None:
    assert render(Text(text), {"a": "1"}).body == body


SHORT: list[tuple[Message, str, int]] = [
    (Buttons("?", [Button("a", "{a_column_with_a_long_name}")]), "Button.title", 20),
    (Text("x" * 4090 + "{a_column_with_a_long_name}"), "Text.body", 6),
    (
        Template("promo", language="id", buttons=[CopyCode("{a_column_with_a_long_name}")]),
        "CopyCode.code",
        20,
    ),
    (
        List("?", "Menu", [Section(None, [Row("a", "{a_column_with_a_long_name}")])]),
        "Row.title",
        24,
    ),
]


@pytest.mark.parametrize(("message", "field", "longest"), SHORT, ids=[row[1] for row in SHORT])
def test_the_value_is_measured_not_the_name_of_its_column(
    message: Message, field: str, longest: int
) -> None:
    row = {"a_column_with_a_long_name": "x" * longest}

    render(message, row)
    for too_long in ("x" * (longest + 1), "{" + "x" * (longest - 1) + "}"):
        with pytest.raises(InvalidValue, match="at most") as caught:
            render(message, {"a_column_with_a_long_name": too_long})
        assert caught.value.field == field


def test_the_fixed_part_is_measured_at_once() -> None:
    with pytest.raises(InvalidValue, match="at most 20 characters, this has 21"):
        Button("a", "x" * 21 + "{name}")
    with pytest.raises(InvalidValue, match="at most 20 characters, this has 21"):
        Button("a", "{{" + "x" * 20)
    with pytest.raises(InvalidValue, match="no newline"):
        Template("promo", language="id", body=["{a}\n{b}"])
    with pytest.raises(InvalidValue, match="at most 4 spaces"):
        Template("promo", language="id", body=["{a}     {b}"])
    with pytest.raises(InvalidValue, match="must be a link"):
        CallToAction("?", "Go", "ftp://{host}/")


def test_a_pattern_waits_for_what_is_filled_in() -> None:
    message = Template("promo_{kind}", language="{lang}")

    assert render(message, {"kind": "a", "lang": "id"}) == Template("promo_a", language="id")
    with pytest.raises(InvalidValue, match=r"^Template.language"):
        render(message, {"kind": "a", "lang": "english"})
    with pytest.raises(InvalidValue, match=r"^Template.name"):
        render(message, {"kind": "{kind}", "lang": "id"})
