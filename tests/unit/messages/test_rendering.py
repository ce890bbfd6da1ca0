"""Rendering: values land in their slots, nowhere else, and limits hold afterwards as well."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue
from blazz.messages import (
    Button,
    Buttons,
    CallToAction,
    ContactCard,
    ContactName,
    Contacts,
    CopyCode,
    Currency,
    DateTime,
    Document,
    Image,
    List,
    Location,
    MediaId,
    Message,
    OpenFlow,
    Organization,
    QuickReply,
    Reaction,
    Row,
    Section,
    Template,
    Text,
    Upload,
    UrlSuffix,
)
from blazz.messages.rendering import Renderer, columns, render
from tests.unit.messages.examples import EXAMPLES
from tests.unit.messages.strategies import messages

# Any text that is a whole value by itself: not blank, no half characters.
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map("v{}".format)
lines = values.map(lambda value: " ".join(value.split()))
tricky = st.sampled_from(
    ["{b}", "{{", "}}", "{", "}", "{0}", "{a.__class__}", "{b!r}", "{b:>10}", "%s", "%(b)s", "$b"]
)

EVERYWHERE = Template(
    "promo_{a}",
    language="{a}",
    header=Image("https://example.com/{a}.png"),
    body=["{a}", Currency("Rp {a}", "IDR", 1000)],
    buttons=[QuickReply("{a}"), UrlSuffix("{a}"), CopyCode("{a}"), OpenFlow("{a}", {"k": ["{a}"]})],
)


@given(messages(without="{}"), st.dictionaries(st.text(), st.text()))
def test_without_placeholders_nothing_changes(message: Message, row: dict[str, str]) -> None:
    assert columns(message) == set()
    assert render(message, row) is message


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_needs_no_columns(name: str) -> None:
    assert columns(EXAMPLES[name]) == set()


@given(values | tricky, values | tricky)
def test_a_value_stays_in_its_slot(a: str, b: str) -> None:
    message = Text("{a}-{b}-{a} {{b}}")

    assert columns(message) == {"a", "b"}
    assert render(message, {"a": a, "b": b}).body == f"{a}-{b}-{a} {{b}}"


@given(lines | tricky, lines | tricky)
def test_a_value_adds_no_parameter(a: str, b: str) -> None:
    positional = Template("promo", language="id", body=["{a}", "x {b}"])
    named = Template("promo", language="id", body={"one": "{a}", "two": "x {b}"})
    row = {"a": a, "b": b}

    assert render(positional, row).body == (a, f"x {b}")
    assert render(named, row).body == {"one": a, "two": f"x {b}"}


@given(values | tricky)
def test_a_value_changes_neither_host_nor_query_of_a_link(value: str) -> None:
    message = CallToAction("?", "Go", "https://example.com/p/{a}?page=1&code={a}#top")

    url = urlsplit(render(message, {"a": value}).url)

    assert (url.scheme, url.netloc, url.fragment) == ("https", "example.com", "top")
    assert unquote(url.path) == f"/p/{value}"
    assert url.path.count("/") == 2
    assert parse_qs(url.query, strict_parsing=True) == {"page": ["1"], "code": [value]}


def test_a_link_that_is_one_placeholder_is_taken_as_it_is() -> None:
    link = "https://cdn.example.com/a/b.png?size=2&v=%20"

    assert render(Image("{picture}"), {"picture": link}).source == link
    assert render(UrlSuffixes, {"suffix": "a/b?c=d"}).buttons == (UrlSuffix("a/b?c=d"),)


UrlSuffixes = Template("promo", language="id", buttons=[UrlSuffix("{suffix}")])


@pytest.mark.parametrize(
    "link", ["photo.jpg", "{again}", "javascript:alert(1)", "", "{a} https://"]
)
def test_a_link_from_a_column_must_be_a_link(link: str) -> None:
    with pytest.raises(InvalidValue, match=r"^Image.source: must"):
        render(Image("{picture}"), {"picture": link})


PLACES: list[tuple[Message, Message]] = [
    (Text("Hi {a}"), Text("Hi 1")),
    (Image("https://x.example/{a}", "By {a}"), Image("https://x.example/1", "By 1")),
    (Image(MediaId("{a}")), Image(MediaId("1"))),
    (
        Document(Upload(b"x", "text/plain", "{a}.txt"), filename="{a}.pdf"),
        Document(Upload(b"x", "text/plain", "1.txt"), filename="1.pdf"),
    ),
    (Location(0, 0, "Shop {a}", "Street {a}"), Location(0, 0, "Shop 1", "Street 1")),
    (Reaction("{a}", "{a}\N{HEAVY BLACK HEART}"), Reaction("1", "1\N{HEAVY BLACK HEART}")),
    (
        Contacts(
            [
                ContactCard(
                    ContactName("Dr {a}", first="{a}"),
                    phones=["{a}"],
                    emails=["{a}@x.example"],
                    urls=["https://x.example/{a}"],
                    org=Organization(company="{a}"),
                )
            ]
        ),
        Contacts(
            [
                ContactCard(
                    ContactName("Dr 1", first="1"),
                    phones=["1"],
                    emails=["1@x.example"],
                    urls=["https://x.example/1"],
                    org=Organization(company="1"),
                )
            ]
        ),
    ),
    (
        Buttons("{a}?", [Button("id {a}", "T {a}")], header="H {a}", footer="F {a}"),
        Buttons("1?", [Button("id 1", "T 1")], header="H 1", footer="F 1"),
    ),
    (
        List("{a}?", "B {a}", [Section("S {a}", [Row("{a}", "R {a}", "D {a}")])], header="{a}"),
        List("1?", "B 1", [Section("S 1", [Row("1", "R 1", "D 1")])], header="1"),
    ),
    (
        CallToAction("{a}", "T {a}", "https://x.example/{a}", header=Document(MediaId("{a}"))),
        CallToAction("1", "T 1", "https://x.example/1", header=Document(MediaId("1"))),
    ),
    (
        dataclasses.replace(EVERYWHERE, language="id"),
        Template(
            "promo_1",
            language="id",
            header=Image("https://example.com/1.png"),
            body=["1", Currency("Rp 1", "IDR", 1000)],
            buttons=[QuickReply("1"), UrlSuffix("1"), CopyCode("1"), OpenFlow("1", {"k": ["1"]})],
        ),
    ),
    (
        Template(
            "promo", language="id", header={"a": "{a}"}, body={"b": "{a}", "c": DateTime("x")}
        ),
        Template("promo", language="id", header={"a": "1"}, body={"b": "1", "c": DateTime("x")}),
    ),
    (
        Template("promo", language="id", header=Location(0, 0, "{a}")),
        Template("promo", language="id", header=Location(0, 0, "1")),
    ),
]


@pytest.mark.parametrize(("message", "expected"), PLACES, ids=[repr(p[0])[:20] for p in PLACES])
def test_every_text_of_a_message_may_vary(message: Message, expected: Message) -> None:
    assert columns(message) == {"a"}
    assert render(message, {"a": "1", "unused": "2"}) == expected


def test_a_renderer_serves_many_rows() -> None:
    renderer = Renderer(Template("promo", language="{lang}", body=["{name}"]))

    assert renderer.columns == {"lang", "name"}
    assert renderer.render({"lang": "id", "name": "Budi"}).body == ("Budi",)
    assert renderer.render({"lang": "en_US", "name": "Siti"}).language == "en_US"


def test_a_missing_column_is_named_with_those_there_are() -> None:
    message = Template("promo", language="id", body=["{name}", "Kode {code}"])

    with pytest.raises(InvalidValue) as caught:
        render(message, {"phone": "+62812", "name": "Budi"})

    assert str(caught.value) == (
        "Template.body[1]: the column 'code' is missing, the row has: phone, name; got '{code}'"
    )
    with pytest.raises(InvalidValue, match="the row has: none"):
        render(message, {})


@pytest.mark.parametrize("value", [None, 7, b"x", ["x"]])
@pytest.mark.parametrize(
    "message",
    [
        Text("{a}"),
        Text("Hi {a}"),
        CallToAction("?", "Go", "https://x.example/{a}"),
        Template("promo", language="id", buttons=[OpenFlow(data={"k": "{a}"})]),
    ],
)
def test_a_value_is_text(message: Message, value: object) -> None:
    with pytest.raises(InvalidValue, match="must be text"):
        render(message, {"a": value})  # type: ignore[dict-item]


@pytest.mark.parametrize("message", [Text("{a}"), CallToAction("?", "Go", "https://x.example/{a}")])
def test_a_value_has_no_half_characters(message: Message) -> None:
    with pytest.raises(InvalidValue, match="whole Unicode characters"):
        render(message, {"a": "\ud83d"})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        ("a\nb", "no newline"),
        ("a\tb", "no tab"),
        ("a     b", "at most 4 spaces"),
    ],
)
def test_a_template_parameter_is_checked_when_it_is_filled_in(value: str, why: str) -> None:
    message = Template("promo", language="id", body=["x", "{a}"])

    with pytest.raises(InvalidValue, match=why) as caught:
        render(message, {"a": value})

    assert caught.value.field == "Template.body[1]"
    assert caught.value.value == value


def test_five_spaces_may_come_together_in_rendering() -> None:
    message = Template("promo", language="id", body=["a  {a}  b"])

    with pytest.raises(InvalidValue, match="at most 4 spaces"):
        render(message, {"a": " "})


def test_titles_that_become_equal_are_refused() -> None:
    message = Buttons("?", [Button("a", "{a}"), Button("b", "{b}")])

    with pytest.raises(InvalidValue, match="unique"):
        render(message, {"a": "Yes", "b": "Yes"})


def test_a_path_cannot_vary() -> None:
    with pytest.raises(InvalidValue, match=r"^Document.source: a path cannot vary"):
        columns(Document(Path("bills/{name}.pdf")))
    assert columns(Document(Path("bills/{}.pdf"))) == set()


literals = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.tuples(literals, st.sampled_from("abc")), min_size=1), values, values, values)
def test_literals_and_values_alternate(
    parts: list[tuple[str, str]], a: str, b: str, c: str
) -> None:
    row = {"a": a, "b": b, "c": c}
    escaped = [(text.replace("{", "{{").replace("}", "}}"), name) for text, name in parts]
    message = Text("".join(f"{text}{{{name}}}" for text, name in escaped))

    assert columns(message) == {name for _, name in parts}
    assert render(message, row).body == "".join(text + row[name] for text, name in parts)


def test_an_error_of_the_row_itself_comes_through() -> None:
    class Broken(dict[str, str]):
        def __getitem__(self, name: str) -> str:
            raise KeyError("the row is broken")

    with pytest.raises(KeyError, match="the row is broken"):
        render(Text("{a}"), Broken(a="1"))


def test_a_failure_leaves_nothing_behind() -> None:
    renderer = Renderer(Template("promo", language="{lang}"))
    with pytest.raises(InvalidValue):
        renderer.render({"lang": "{lang}"})

    # Placeholders are open again once the rendering is over.
    assert Template("promo", language="{lang}").language == "{lang}"
