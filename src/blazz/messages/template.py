"""Templates: messages that Meta approved beforehand, with parameters to fill in.

Only a template reaches a person who has not written in the last 24 hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, TypeAlias

from blazz.errors import InvalidValue
from blazz.messages.base import (
    URL,
    Message,
    check_count,
    check_kind,
    check_pattern,
    check_text,
    frozen_list,
    set_field,
)
from blazz.messages.frozen import FrozenMapping, freeze
from blazz.messages.interactive import check_header
from blazz.messages.location import Location
from blazz.messages.media import Document, Image, Video
from blazz.messages.placeholders import fixed_part

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Z]{2})?")
_PARAMETER = re.compile(r"[a-z0-9_]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_NO_SPACE = re.compile(r"[^\s\x00-\x20]{1,2000}")


@dataclass(frozen=True, slots=True)
class Currency:
    """An amount of money that WhatsApp writes in the reader's way.

    Attributes:
        fallback: The amount as text, for readers that cannot show it otherwise.
        code: The ISO 4217 code, such as `IDR`.
        amount_1000: The amount times 1000: 100990 is 100.99.
    """

    fallback: str
    code: str
    amount_1000: int

    def __post_init__(self) -> None:
        _check_parameter("Currency.fallback", self.fallback)
        rule = "three capital letters (ISO 4217)"
        check_pattern("Currency.code", self.code, _CURRENCY, rule)
        if isinstance(self.amount_1000, bool) or not isinstance(self.amount_1000, int):
            raise InvalidValue("Currency.amount_1000", "must be a whole number", self.amount_1000)
        if not -(2**31) <= self.amount_1000 < 2**31:
            raise InvalidValue("Currency.amount_1000", "must fit 32 bits", self.amount_1000)


@dataclass(frozen=True, slots=True)
class DateTime:
    """A point in time as text; the Cloud API shows it as it is."""

    fallback: str

    def __post_init__(self) -> None:
        _check_parameter("DateTime.fallback", self.fallback)


@dataclass(frozen=True, slots=True)
class QuickReply:
    """What a quick-reply button sends back when it is tapped, up to 256 characters.

    Attributes:
        payload: Comes back in the recipient's answer.
        index: The button's place in the template from 0; None: its place in `Template.buttons`.
    """

    payload: str
    index: int | None = None

    def __post_init__(self) -> None:
        check_text("QuickReply.payload", self.payload, longest=256)
        _check_index("QuickReply.index", self.index)


@dataclass(frozen=True, slots=True)
class UrlSuffix:
    """What is put at the end of a button's link, up to 2000 characters.

    The button of an authentication template takes the code itself.
    """

    text: str = field(metadata=URL)
    index: int | None = None

    def __post_init__(self) -> None:
        rule = "1 to 2000 characters without spaces"
        check_text("UrlSuffix.text", self.text)
        check_pattern("UrlSuffix.text", self.text, _NO_SPACE, rule)
        _check_index("UrlSuffix.index", self.index)


@dataclass(frozen=True, slots=True)
class CopyCode:
    """The code that a tap copies, up to 20 characters."""

    code: str
    index: int | None = None

    def __post_init__(self) -> None:
        check_text("CopyCode.code", self.code, longest=20)
        _check_index("CopyCode.index", self.index)


@dataclass(frozen=True, slots=True)
class OpenFlow:
    """What a button gives to the Flow that it opens.

    Attributes:
        token: Comes back with the answer; tells which message it belongs to.
        data: The data of the first screen: a dict of JSON values.
        index: The button's place in the template from 0; None: its place in `Template.buttons`.
    """

    token: str | None = None
    data: Mapping[str, Any] | None = None
    index: int | None = None

    def __post_init__(self) -> None:
        if self.token is not None:
            check_text("OpenFlow.token", self.token)
        if self.data is not None:
            check_kind("OpenFlow.data", self.data, Mapping)
            set_field(self, "data", freeze("OpenFlow.data", self.data))
        _check_index("OpenFlow.index", self.index)


@dataclass(frozen=True, slots=True)
class OpenCatalog:
    """The product whose picture stands on a button that opens the catalogue.

    Attributes:
        thumbnail: The product's content id; None: the first one of the catalogue.
        index: The button's place in the template from 0; None: its place in `Template.buttons`.
    """

    thumbnail: str | None = None
    index: int | None = None

    def __post_init__(self) -> None:
        if self.thumbnail is not None:
            check_text("OpenCatalog.thumbnail", self.thumbnail)
        _check_index("OpenCatalog.index", self.index)


Parameter: TypeAlias = str | Currency | DateTime
"""What fills a place in a template; text stands on one line and is not empty."""
Parameters: TypeAlias = Sequence[Parameter] | Mapping[str, Parameter]
"""By position (`{{1}}`, `{{2}}` in the template) or by name (`{{first_name}}`)."""
TemplateHeader: TypeAlias = str | Mapping[str, str] | Image | Video | Document | Location
"""The parameter of a text header, by position or name; or the media or place of the header."""
TemplateButton: TypeAlias = QuickReply | UrlSuffix | CopyCode | OpenFlow | OpenCatalog

_BUTTONS = (QuickReply, UrlSuffix, CopyCode, OpenFlow, OpenCatalog)


@dataclass(frozen=True, slots=True)
class Template(Message):
    """A template that Meta approved, by its name and language.

    Attributes:
        name: Lowercase letters, digits and underscores.
        language: The language code it was approved in, such as `id` or `en_US`.
        header: The parameter of a text header, or an image, video, document or location.
        body: The parameters of the body, a list or a dict by name.
        buttons: The parameters of those buttons that take one.

    Raises:
        InvalidValue: A parameter is empty or has a newline, a tab or five spaces in a row (Meta
            refuses these, error 132018), or another limit is broken.

    Example:
        >>> Template("promo", language="id", body=["Budi", "HEMAT10"]).body
        ('Budi', 'HEMAT10')
    """

    capability: ClassVar[str] = "template"
    name: str
    _: KW_ONLY
    language: str
    header: TemplateHeader | None = None
    body: Parameters = ()
    buttons: Sequence[TemplateButton] = ()

    def __post_init__(self) -> None:
        rule = "1 to 512 lowercase letters, digits or underscores"
        check_pattern("Template.name", self.name, _NAME, rule)
        rule = "a language code such as id, en_US or pt_BR"
        check_pattern("Template.language", self.language, _LANGUAGE, rule)
        if self.header is not None:
            set_field(self, "header", _checked_header(self.header))
        set_field(self, "body", _checked_parameters("Template.body", self.body))
        if self.buttons != ():
            buttons = frozen_list("Template.buttons", self.buttons, *_BUTTONS)
            set_field(self, "buttons", buttons)
            _check_places(self.placed_buttons())

    def placed_buttons(self) -> list[tuple[int, TemplateButton]]:
        """The buttons with their places in the template, from 0."""
        return [
            (position if button.index is None else button.index, button)
            for position, button in enumerate(self.buttons)
        ]


def _checked_header(header: TemplateHeader) -> TemplateHeader:
    if isinstance(header, str):
        _check_parameter("Template.header", header, longest=60)
        return header
    if isinstance(header, Mapping):
        check_count("Template.header", header, most=1)
        return _named("Template.header", header, longest=60, kinds=(str,))
    if not isinstance(header, Location):
        check_kind("Template.header", header, str, Mapping, Image, Video, Document, Location)
        check_header("Template.header", header)
    return header


def _checked_parameters(field_name: str, values: Parameters) -> Parameters:
    if isinstance(values, Mapping):
        return _named(field_name, values) if values else ()
    parameters = frozen_list(field_name, values, str, Currency, DateTime)
    for position, value in enumerate(parameters):
        if isinstance(value, str):
            _check_parameter(f"{field_name}[{position}]", value)
    return parameters


def _named(
    field_name: str,
    values: Mapping[str, Any],
    *,
    longest: int = 32768,
    kinds: tuple[type, ...] = (str, Currency, DateTime),
) -> FrozenMapping[Any]:
    for name, value in values.items():
        rule = "parameter names are lowercase letters, digits or underscores"
        check_pattern(field_name, name, _PARAMETER, rule)
        place = f"{field_name}[{name!r}]"
        check_kind(place, value, *kinds)
        if isinstance(value, str):
            _check_parameter(place, value, longest=longest)
    return values if isinstance(values, FrozenMapping) else FrozenMapping(values)


def _check_parameter(field_name: str, value: str, *, longest: int = 32768) -> None:
    check_text(field_name, value, longest=longest)
    if "\n" in value or "\r" in value or "\t" in value:
        rule = "a template parameter has no newline and no tab (Meta error 132018)"
        raise InvalidValue(field_name, rule, value)
    if "     " in fixed_part(value, stand_in="x"):
        rule = "a template parameter has at most 4 spaces in a row (Meta error 132018)"
        raise InvalidValue(field_name, rule, value)


def _check_index(field_name: str, index: int | None) -> None:
    """A template has at most ten buttons."""
    if index is not None and (type(index) is not int or not 0 <= index <= 9):
        raise InvalidValue(field_name, "0 to 9", index)


def _check_places(buttons: Iterable[tuple[int, TemplateButton]]) -> None:
    taken: set[int] = set()
    for place, button in buttons:
        field_name = f"{type(button).__name__}.index"
        _check_index(field_name, place)
        if place in taken:
            raise InvalidValue(field_name, "each button takes one parameter", place)
        taken.add(place)
