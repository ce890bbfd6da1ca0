"""What every message is, and the checks that its fields pass when it is made.

A text may hold `{column}` placeholders, which a campaign fills in for each recipient. A check then
judges the rest of the text; the whole is checked again when it is filled in (`rendering`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import ClassVar, TypeVar

from blazz.errors import InvalidValue
from blazz.messages.placeholders import fixed_part, is_open, starts_open

Item = TypeVar("Item")

URL = {"url": True}
"""The metadata of a field that holds a URL: what is filled into it is percent-encoded."""

_LINK = re.compile(r"https?://[^\s/?#\x00-\x20]+[^\s\x00-\x20]*", re.IGNORECASE)


class Message:
    """Something that can be sent. A message is frozen; its limits are checked when it is made.

    Attributes:
        capability: The name of the `blazz.providers.base.Capability` that a provider must have.
    """

    __slots__ = ()
    capability: ClassVar[str]

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of all capabilities that a provider must have to send it as it is."""
        return (self.capability,)


def check_text(field: str, value: str, *, longest: int | None = None, shortest: int = 1) -> None:
    """Check a text's length, in characters (Unicode code points).

    Raises:
        InvalidValue: It is not text, too short or too long; names the field and the limit.
    """
    if not isinstance(value, str):
        raise InvalidValue(field, "must be text", value)
    if shortest and (not value or value.isspace()):
        raise InvalidValue(field, "must not be empty", value)
    if longest is not None and len(value) > longest:
        length = len(fixed_part(value))
        if length > longest:
            raise InvalidValue(field, f"at most {longest} characters, this has {length}", value)
    if not value.isascii():
        check_unicode(field, value)


def check_unicode(field: str, value: str) -> None:
    """Check that a text can be written as UTF-8: no half of a surrogate pair.

    Raises:
        InvalidValue: It cannot.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        rule = f"must be whole Unicode characters, half of one is at position {error.start}"
        raise InvalidValue(field, rule, value) from error


def check_optional(field: str, value: str | None, *, longest: int | None = None) -> None:
    """Check a text that may be missing, but is not empty if it is there."""
    if value is not None:
        check_text(field, value, longest=longest)


def check_pattern(field: str, value: str, pattern: re.Pattern[str], rule: str) -> None:
    """Check a text's form.

    Raises:
        InvalidValue: It is not text or does not fit; says the rule in words.
    """
    if not isinstance(value, str):
        raise InvalidValue(field, "must be text", value)
    if not pattern.fullmatch(value) and not is_open(value):
        raise InvalidValue(field, rule, value)


def check_link(field: str, value: str) -> None:
    """Check that a text is a link that WhatsApp can open: `http://…` or `https://…`.

    Raises:
        InvalidValue: It is not.
    """
    check_text(field, value)
    if _LINK.fullmatch(value) or starts_open(value):
        return
    if not _LINK.fullmatch(fixed_part(value, stand_in="x")):
        raise InvalidValue(field, "must be a link that starts with https:// or http://", value)


def check_count(field: str, value: Sized, *, most: int, least: int = 1) -> None:
    """Check how many there are.

    Raises:
        InvalidValue: Too few or too many; names the field and the limit.
    """
    if not least <= len(value) <= most:
        raise InvalidValue(field, f"{least} to {most} are allowed, this has {len(value)}", value)


def check_unique(field: str, values: Sequence[str]) -> None:
    """Check that no two are the same.

    Raises:
        InvalidValue: Two are; the error carries the repeated one.
    """
    if len(set(values)) != len(values):
        repeated = next(value for value in values if values.count(value) > 1)
        raise InvalidValue(field, "must be unique, this one is repeated", repeated)


def check_kind(field: str, value: object, *kinds: type) -> None:
    """Check that a part is of one of the kinds that may stand there.

    Raises:
        InvalidValue: It is not; names them.
    """
    if not isinstance(value, kinds):
        names = ["text" if kind is str else kind.__name__ for kind in kinds]
        raise InvalidValue(field, f"must be {' or '.join(names)}", value)


def frozen_list(field: str, value: Iterable[Item], *kinds: type) -> tuple[Item, ...]:
    """Take a list as a tuple, which cannot change later.

    Raises:
        InvalidValue: It is not a list, or something in it is not of one of `kinds`.
    """
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise InvalidValue(field, "must be a list", value)
    items = tuple(value)
    for position, item in enumerate(items):
        if not isinstance(item, kinds):
            check_kind(f"{field}[{position}]", item, *kinds)
    return items


def set_field(instance: object, name: str, value: object) -> None:
    """Store a field's normal form while a frozen value is being made."""
    object.__setattr__(instance, name, value)
