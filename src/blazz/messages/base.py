"""What every message is, and the checks that its fields pass when it is made."""

from __future__ import annotations

from collections.abc import Sized
from typing import ClassVar

from blazz.errors import InvalidValue


class Message:
    """Something that can be sent. A message is frozen; its limits are checked when it is made.

    Attributes:
        capability: The name of the `blazz.providers.base.Capability` that a provider must have.
    """

    __slots__ = ()
    capability: ClassVar[str]


def check_text(field: str, value: str, *, longest: int, shortest: int = 1) -> None:
    """Check a text's length, in characters.

    Raises:
        InvalidValue: It is not text, too short or too long; names the field and the limit.
    """
    if not isinstance(value, str):
        raise InvalidValue(field, "must be text", value)
    if len(value) < shortest or (not value.strip() and shortest):
        raise InvalidValue(field, "must not be empty", value)
    if len(value) > longest:
        raise InvalidValue(field, f"at most {longest} characters, this has {len(value)}", value)


def check_count(field: str, value: Sized, *, most: int, least: int = 1) -> None:
    """Check how many there are.

    Raises:
        InvalidValue: Too few or too many; names the field and the limit.
    """
    if not least <= len(value) <= most:
        raise InvalidValue(field, f"{least} to {most} are allowed, this has {len(value)}", value)
