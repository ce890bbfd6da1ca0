"""Every limit: the last value that fits is taken, one more is refused by name, limit and value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from blazz.errors import InvalidValue
from blazz.messages import (
    Button,
    Buttons,
    CallToAction,
    ContactAddress,
    ContactCard,
    ContactEmail,
    ContactPhone,
    Contacts,
    CopyCode,
    Currency,
    Document,
    Image,
    List,
    Location,
    MediaId,
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
    Video,
)

LINK = "https://example.com/a"
MEDIA = MediaId("1")
ONE = [Button("a", "A")]
ROWS = [Section(None, [Row("a", "A")])]


def _template(**parts: object) -> Template:
    return Template("promo", language="id", **parts)  # type: ignore[arg-type]


LENGTHS: list[tuple[str, int, Callable[[str], object]]] = [
    ("Text.body", 4096, Text),
    ("Image.caption", 1024, lambda text: Image(LINK, text)),
    ("Video.caption", 1024, lambda text: Video(LINK, text)),
    ("Document.caption", 1024, lambda text: Document(LINK, text)),
    ("Document.filename", 255, lambda text: Document(LINK, filename=text)),
    ("Upload.filename", 255, lambda text: Upload(b"x", "text/plain", text)),
    ("Button.id", 256, lambda text: Button(text, "A")),
    ("Button.title", 20, lambda text: Button("a", text)),
    ("Buttons.body", 1024, lambda text: Buttons(text, ONE)),
    ("Buttons.header", 60, lambda text: Buttons("?", ONE, header=text)),
    ("Buttons.footer", 60, lambda text: Buttons("?", ONE, footer=text)),
    ("Row.id", 200, lambda text: Row(text, "A")),
    ("Row.title", 24, lambda text: Row("a", text)),
    ("Row.description", 72, lambda text: Row("a", "A", text)),
    ("Section.title", 24, lambda text: Section(text, [Row("a", "A")])),
    ("List.body", 4096, lambda text: List(text, "Menu", ROWS)),
    ("List.button", 20, lambda text: List("?", text, ROWS)),
    ("List.header", 60, lambda text: List("?", "Menu", ROWS, header=text)),
    ("List.footer", 60, lambda text: List("?", "Menu", ROWS, footer=text)),
    ("CallToAction.body", 1024, lambda text: CallToAction(text, "Go", LINK)),
    ("CallToAction.text", 20, lambda text: CallToAction("?", text, LINK)),
    ("CallToAction.header", 60, lambda text: CallToAction("?", "Go", LINK, header=text)),
    ("CallToAction.footer", 60, lambda text: CallToAction("?", "Go", LINK, footer=text)),
    ("Template.header", 60, lambda text: _template(header=text)),
    ("Template.header['name']", 60, lambda text: _template(header={"name": text})),
    ("Template.body[1]", 32768, lambda text: _template(body=["a", text])),
    ("Template.body['name']", 32768, lambda text: _template(body={"name": text})),
    ("QuickReply.payload", 256, QuickReply),
    ("CopyCode.code", 20, CopyCode),
]


@pytest.mark.parametrize(("field", "longest", "make"), LENGTHS, ids=[row[0] for row in LENGTHS])
def test_a_text_has_a_longest_length(
    field: str, longest: int, make: Callable[[str], object]
) -> None:
    make("x" * longest)
    make("\N{PILE OF POO}" * longest)
    with pytest.raises(InvalidValue) as caught:
        make("x" * (longest + 1))

    assert caught.value.field == field
    assert str(caught.value).startswith(
        f"{field}: at most {longest} characters, this has {longest + 1}; got 'xxx"
    )


EMPTY: list[tuple[str, Callable[[str], object]]] = [
    *[(field, make) for field, _, make in LENGTHS],
    ("Location.name", lambda text: Location(0, 0, name=text)),
    ("Location.address", lambda text: Location(0, 0, address=text)),
    ("Reaction.message_id", lambda text: Reaction(text, "")),
    ("UrlSuffix.text", UrlSuffix),
    ("Currency.fallback", lambda text: Currency(text, "IDR", 1)),
    ("Image.source", Image),
    ("CallToAction.url", lambda text: CallToAction("?", "Go", text)),
    ("ContactName.formatted", ContactCard),
]


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000"])
@pytest.mark.parametrize(("field", "make"), EMPTY, ids=[row[0] for row in EMPTY])
def test_a_text_is_not_empty(field: str, make: Callable[[str], object], text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        make(text)

    assert caught.value.field == field
    assert caught.value.value == text


@pytest.mark.parametrize(("field", "make"), EMPTY, ids=[row[0] for row in EMPTY])
def test_a_text_has_no_half_characters(field: str, make: Callable[[str], object]) -> None:
    with pytest.raises(InvalidValue) as caught:
        make("https://example.com/\ud83d"[-20:])

    assert caught.value.field == field


def _buttons(count: int) -> Buttons:
    return Buttons("?", [Button(f"id {n}", f"title {n}") for n in range(count)])


def _sections(*counts: int) -> List:
    sections = [
        Section(f"Part {n}", [Row(f"{n}.{m}", "Row") for m in range(count)])
        for n, count in enumerate(counts)
    ]
    return List("?", "Menu", sections)


COUNTS: list[tuple[str, str, Callable[[], object], Callable[[], object]]] = [
    ("Buttons.buttons", "1 to 3", lambda: _buttons(3), lambda: _buttons(4)),
    ("Buttons.buttons", "1 to 3", lambda: _buttons(1), lambda: _buttons(0)),
    ("List.sections", "1 to 10", lambda: _sections(*[1] * 10), lambda: _sections(*[1] * 11)),
    ("List.sections", "1 to 10", lambda: _sections(1), _sections),
    ("Section.rows", "1 to 10", lambda: _sections(10), lambda: _sections(11)),
    ("Section.rows", "1 to 10", lambda: _sections(1), lambda: _sections(0)),
    (
        "List rows in all sections",
        "1 to 10",
        lambda: _sections(5, 5),
        lambda: _sections(5, 6),
    ),
    (
        "Template.header",
        "1 to 1",
        lambda: _template(header={"a": "1"}),
        lambda: _template(header={"a": "1", "b": "2"}),
    ),
]


@pytest.mark.parametrize(("field", "range_", "fits", "breaks"), COUNTS)
def test_a_list_has_a_range(
    field: str, range_: str, fits: Callable[[], object], breaks: Callable[[], object]
) -> None:
    fits()
    with pytest.raises(InvalidValue, match=f"{range_} are allowed, this has ") as caught:
        breaks()

    assert caught.value.field == field


REFUSED: list[tuple[str, str, Callable[[], object]]] = [
    ("Contacts.cards", "at least one card", lambda: Contacts([])),
    ("ContactAddress", "at least one part", lambda: ContactAddress(label="HOME")),
    ("ContactAddress.country_code", "two letters", lambda: ContactAddress(country_code="IDN")),
    ("ContactEmail.email", "an email address", lambda: ContactEmail("siti")),
    ("ContactPhone.wa_id", "5 to 20 digits", lambda: ContactPhone("1", wa_id="+62812")),
    ("ContactCard.phones[0]", "text or ContactPhone", lambda: ContactCard("A", phones=[7])),  # type: ignore[list-item]
    (
        "ContactCard.birthday",
        "without a time",
        lambda: ContactCard("A", birthday=dt.datetime(2000, 1, 1, tzinfo=dt.UTC)),
    ),
    ("Organization", "at least one part", Organization),
    ("Buttons.buttons ids", "unique", lambda: Buttons("?", [Button("a", "A"), Button("a", "B")])),
    (
        "Buttons.buttons titles",
        "unique",
        lambda: Buttons("?", [Button("a", "A"), Button("b", "A")]),
    ),
    (
        "List row ids",
        "unique",
        lambda: List("?", "Menu", [Section(None, [Row("a", "A"), Row("a", "B")])]),
    ),
    (
        "Section.title",
        "more than one",
        lambda: List("?", "Menu", [Section(None, [Row(n, "A")]) for n in "ab"]),
    ),
    ("Button.id", "start or end with a space", lambda: Button(" a", "A")),
    ("Button.id", "start or end with a space", lambda: Button("a ", "A")),
    ("Buttons.header", "no caption", lambda: Buttons("?", ONE, header=Image(LINK, "A cat"))),
    ("Template.header", "no caption", lambda: _template(header=Video(LINK, "A clip"))),
    ("Location.latitude", "-90 to 90", lambda: Location(90.0001, 0)),
    ("Location.latitude", "-90 to 90", lambda: Location(float("nan"), 0)),
    ("Location.longitude", "-180 to 180", lambda: Location(0, -180.0001)),
    ("Location.longitude", "-180 to 180", lambda: Location(0, float("inf"))),
    ("Location.latitude", "a number", lambda: Location(True, 0)),
    ("Template.name", "lowercase", lambda: Template("Promo", language="id")),
    ("Template.name", "1 to 512", lambda: Template("x" * 513, language="id")),
    ("Template.name", "lowercase", lambda: Template("promo\n", language="id")),
    ("Template.language", "such as id", lambda: Template("promo", language="en-US")),
    ("Template.language", "such as id", lambda: Template("promo", language="EN")),
    ("Template.body[0]", "no newline", lambda: _template(body=["a\nb"])),
    ("Template.body[0]", "no newline", lambda: _template(body=["a\rb"])),
    ("Template.body[0]", "no tab", lambda: _template(body=["a\tb"])),
    ("Template.body[0]", "at most 4 spaces", lambda: _template(body=["a     b"])),
    ("Template.body['a']", "no newline", lambda: _template(body={"a": "a\nb"})),
    ("Template.header", "no newline", lambda: _template(header="a\nb")),
    ("Currency.fallback", "no newline", lambda: Currency("a\nb", "IDR", 1)),
    ("Template.body", "lowercase", lambda: _template(body={"First": "Budi"})),
    ("Template.body", "must be a list", lambda: _template(body="Budi")),
    ("Template.body[0]", "text or Currency", lambda: _template(body=[7])),
    ("Currency.code", "three capital", lambda: Currency("1", "idr", 1)),
    ("Currency.amount_1000", "whole number", lambda: Currency("1", "IDR", 1.5)),  # type: ignore[arg-type]
    ("Currency.amount_1000", "32 bits", lambda: Currency("1", "IDR", 2**31)),
    ("UrlSuffix.text", "without spaces", lambda: UrlSuffix("a b")),
    ("UrlSuffix.text", "1 to 2000", lambda: UrlSuffix("x" * 2001)),
    ("QuickReply.index", "0 to 9", lambda: QuickReply("a", index=10)),
    ("QuickReply.index", "0 to 9", lambda: QuickReply("a", index=-1)),
    ("QuickReply.index", "0 to 9", lambda: _template(buttons=[QuickReply("a")] * 11)),
    (
        "UrlSuffix.index",
        "takes one parameter",
        lambda: _template(buttons=[QuickReply("a", 1), UrlSuffix("b")]),
    ),
    ("OpenFlow.data", "must be JSON", lambda: OpenFlow(data={"a": {1, 2}})),
    ("OpenFlow.data", "finite", lambda: OpenFlow(data={"a": [float("inf")]})),
    ("OpenFlow.data key", "must be text", lambda: OpenFlow(data={1: "a"})),  # type: ignore[dict-item]
    ("Reaction.emoji", "one emoji", lambda: Reaction("wamid.1", "nice")),
    ("Reaction.emoji", "one emoji", lambda: Reaction("wamid.1", "\N{THUMBS UP SIGN} yes")),
    ("CallToAction.url", "https://", lambda: CallToAction("?", "Go", "ftp://example.com")),
    ("CallToAction.url", "https://", lambda: CallToAction("?", "Go", "javascript:alert(1)")),
    ("CallToAction.url", "https://", lambda: CallToAction("?", "Go", "https://")),
    ("CallToAction.url", "https://", lambda: CallToAction("?", "Go", "https://a b")),
    ("CallToAction.url", "https://", lambda: CallToAction("?", "Go", "https://a\r\nX: y")),
]


@pytest.mark.parametrize(("field", "why", "make"), REFUSED)
def test_what_is_wrong_is_named(field: str, why: str, make: Callable[[], object]) -> None:
    with pytest.raises(InvalidValue, match=why) as caught:
        make()

    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: {caught.value.limit}; got ")


def test_what_is_at_the_limit_is_taken() -> None:
    Location(90, -180)
    Location(-90.0, 180.0)
    Template("x" * 512, language="pt_BR")
    Template("promo", language="fil", body=["a    b"])
    UrlSuffix("x" * 2000)
    Currency("1", "IDR", -(2**31))
    QuickReply("a", index=9)
    Reaction("wamid.1", "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}\u200d\N{BOY}")
    Reaction("wamid.1", "1\ufe0f\u20e3")
    CallToAction("?", "Go", "HTTP://EXAMPLE.com:8080/a?b=c#d")
