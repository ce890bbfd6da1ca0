"""Messages that the recipient answers by tapping: reply buttons, a list, a link button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar, TypeAlias

from blazz.errors import InvalidValue
from blazz.messages.base import (
    URL,
    Message,
    check_count,
    check_kind,
    check_link,
    check_optional,
    check_text,
    check_unique,
    frozen_list,
    set_field,
)
from blazz.messages.media import Document, Image, Video

Header: TypeAlias = str | Image | Video | Document
"""What stands above the body: a text of up to 60 characters, or media without a caption."""


@dataclass(frozen=True, slots=True)
class Button:
    """A reply button: a title of up to 20 characters, and an id of up to 256 that comes back."""

    id: str
    title: str

    def __post_init__(self) -> None:
        check_text("Button.id", self.id, longest=256)
        if self.id != self.id.strip():
            raise InvalidValue("Button.id", "must not start or end with a space", self.id)
        check_text("Button.title", self.title, longest=20)


@dataclass(frozen=True, slots=True)
class Buttons(Message):
    """A text with one to three reply buttons.

    Attributes:
        body: Up to 1024 characters.
        buttons: One to three, with different ids and titles.
        header: A text of up to 60 characters, or an image, video or document.
        footer: Up to 60 characters.

    Example:
        >>> Buttons("Shall we deliver today?", [Button("yes", "Yes"), Button("no", "No")]).footer
    """

    capability: ClassVar[str] = "buttons"
    body: str
    buttons: Sequence[Button]
    _: KW_ONLY
    header: Header | None = None
    footer: str | None = None

    def __post_init__(self) -> None:
        check_text("Buttons.body", self.body, longest=1024)
        buttons = frozen_list("Buttons.buttons", self.buttons, Button)
        set_field(self, "buttons", buttons)
        check_count("Buttons.buttons", buttons, most=3)
        check_unique("Buttons.buttons ids", [button.id for button in buttons])
        check_unique("Buttons.buttons titles", [button.title for button in buttons])
        check_header("Buttons.header", self.header)
        check_optional("Buttons.footer", self.footer, longest=60)


@dataclass(frozen=True, slots=True)
class Row:
    """A choice in a list: id up to 200 characters, title up to 24, description up to 72."""

    id: str
    title: str
    description: str | None = None

    def __post_init__(self) -> None:
        check_text("Row.id", self.id, longest=200)
        check_text("Row.title", self.title, longest=24)
        check_optional("Row.description", self.description, longest=72)


@dataclass(frozen=True, slots=True)
class Section:
    """A group of rows under a title of up to 24 characters; None only if it is the sole one."""

    title: str | None
    rows: Sequence[Row]

    def __post_init__(self) -> None:
        check_optional("Section.title", self.title, longest=24)
        rows = frozen_list("Section.rows", self.rows, Row)
        set_field(self, "rows", rows)
        check_count("Section.rows", rows, most=10)


@dataclass(frozen=True, slots=True)
class List(Message):
    """A text with a button that opens a list to choose one row from.

    Attributes:
        body: Up to 4096 characters.
        button: What the button says, up to 20 characters.
        sections: Up to 10, with up to 10 rows in all.
        header: A text of up to 60 characters.
        footer: Up to 60 characters.

    Example:
        >>> menu = List("What may it be?", "Menu", [Section(None, [Row("soto", "Soto ayam")])])
        >>> menu.sections[0].rows[0].title
        'Soto ayam'
    """

    capability: ClassVar[str] = "list"
    body: str
    button: str
    sections: Sequence[Section]
    _: KW_ONLY
    header: str | None = None
    footer: str | None = None

    def __post_init__(self) -> None:
        check_text("List.body", self.body, longest=4096)
        check_text("List.button", self.button, longest=20)
        sections = frozen_list("List.sections", self.sections, Section)
        set_field(self, "sections", sections)
        check_count("List.sections", sections, most=10)
        if len(sections) > 1 and any(section.title is None for section in sections):
            rule = "every section needs a title when there is more than one"
            raise InvalidValue("Section.title", rule, None)
        rows = [row for section in sections for row in section.rows]
        check_count("List rows in all sections", rows, most=10)
        check_unique("List row ids", [row.id for row in rows])
        check_optional("List.header", self.header, longest=60)
        check_optional("List.footer", self.footer, longest=60)


@dataclass(frozen=True, slots=True)
class CallToAction(Message):
    """A text with a button that opens a link.

    Attributes:
        body: Up to 1024 characters.
        text: What the button says, up to 20 characters.
        url: The link, `https://` or `http://`.
        header: A text of up to 60 characters, or an image, video or document.
        footer: Up to 60 characters.

    Example:
        >>> CallToAction("Your parcel is on its way.", "Track", "https://example.com/p/1").text
        'Track'
    """

    capability: ClassVar[str] = "call_to_action"
    body: str
    text: str
    url: str = field(metadata=URL)
    _: KW_ONLY
    header: Header | None = None
    footer: str | None = None

    def __post_init__(self) -> None:
        check_text("CallToAction.body", self.body, longest=1024)
        check_text("CallToAction.text", self.text, longest=20)
        check_link("CallToAction.url", self.url)
        check_header("CallToAction.header", self.header)
        check_optional("CallToAction.footer", self.footer, longest=60)


def check_header(field_name: str, header: Header | None) -> None:
    """Check a header: a short text, or media without a caption.

    Raises:
        InvalidValue: It is neither.
    """
    if header is None:
        return
    if isinstance(header, str):
        check_text(field_name, header, longest=60)
        return
    check_kind(field_name, header, str, Image, Video, Document)
    if header.caption is not None:
        raise InvalidValue(field_name, "media in a header has no caption", header.caption)
