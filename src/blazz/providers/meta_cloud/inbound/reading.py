"""Read fields out of JSON that may be anything: the value, or None, never an exception."""

from __future__ import annotations

import functools
import math
from datetime import UTC, date, datetime
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]

_LATEST_SECONDS = 100_000_000_000
"""Above this a time stamp is in milliseconds: it would be the year 5138."""

_DEEPEST: Final = 100


class Unreadable(Exception):
    """An update lacks what it cannot be without; the message says what."""


def text(source: Json, name: str) -> str | None:
    """Read a text, as `storable` has it; a number counts as text, an empty text as none."""
    value = source.get(name)
    if type(value) is str:
        if value.isascii() and "\0" not in value:
            return value or None
        return storable(value) or None
    if type(value) is int or type(value) is float:
        return str(value)
    return None


def storable(value: str) -> str:
    """Make text that UTF-8 can spell and databases take, as JSON's need not be.

    Halves of surrogate pairs become U+FFFD, and NUL is left out.
    """
    whole = value.replace("\0", "").encode("utf-16", "surrogatepass")
    return whole.decode("utf-16", "replace")


def tame(value: Any, deepest: int = _DEEPEST) -> Any:  # noqa: ANN401  # JSON can be anything
    """Make JSON that any program can write and store again.

    Its texts and names are as `storable` has them; a number that no float holds (`1e999`) is None.

    Raises:
        Unreadable: It is nested more than 100 deep, which writers of JSON refuse.
    """
    if type(value) is str:
        return storable(value)
    if type(value) is float:
        return value if math.isfinite(value) else None
    if type(value) not in (dict, list):
        return value
    if not deepest:
        raise Unreadable("it is nested too deeply")
    if type(value) is list:
        return [tame(item, deepest - 1) for item in value]
    return {storable(name): tame(item, deepest - 1) for name, item in value.items()}


def required(source: Json, name: str, where: str) -> str:
    """Read a text that must be there.

    Raises:
        Unreadable: It is not; names `where` it should be.
    """
    value = text(source, name)
    if value is None:
        raise Unreadable(f"{where}.{name} is missing")
    return value


def integer(source: Json, name: str) -> int | None:
    """Read a whole number, also when it is written as text."""
    value = number(source, name)
    return int(value) if value is not None and value.is_integer() else None


def number(source: Json, name: str) -> float | None:
    """Read a finite number, also when it is written as text."""
    value = source.get(name)
    if type(value) is bool or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def flag(source: Json, name: str) -> bool | None:
    """Read a yes or no, also when it is written as text."""
    value = source.get(name)
    if type(value) is bool:
        return value
    return {"true": True, "false": False}.get(value.lower()) if type(value) is str else None


def inner(source: Json, name: str) -> Json:
    """Read an object; an empty one if there is none."""
    value = source.get(name)
    return value if type(value) is dict else {}


def each(source: Json, name: str) -> list[Json]:
    """Read the objects of a list; whatever else is in it is left out."""
    value = source.get(name)
    if type(value) is not list:
        return []
    if len(value) == 1 and type(value[0]) is dict:
        return value
    return [item for item in value if type(item) is dict]


def texts(source: Json, name: str) -> tuple[str, ...]:
    """Read the texts of a list; whatever else is in it is left out."""
    value = source.get(name)
    if type(value) is not list:
        return ()
    found = (text({"item": item}, "item") for item in value)
    return tuple(item for item in found if item is not None)


def moment(source: Json, name: str) -> datetime | None:
    """Read a time: seconds or milliseconds since 1970, also as text, or ISO 8601."""
    value = source.get(name)
    if type(value) is str:
        if len(value) == 10 and value.isdecimal():  # every second from 2001 to 2286
            return _second(value)
        if len(value) > 16 or not value.isdecimal():
            return _iso(value)
        value = int(value)
    elif type(value) is not int and type(value) is not float:
        return None
    if 0 <= value < _LATEST_SECONDS:
        return datetime.fromtimestamp(value, UTC)
    if 0 <= value < 1000 * _LATEST_SECONDS:
        return datetime.fromtimestamp(value / 1000, UTC)
    return None


# When it matters, many updates tell of the same second.
@functools.lru_cache(maxsize=64)
def _second(digits: str) -> datetime:
    return datetime.fromtimestamp(int(digits), UTC)


def day(source: Json, name: str) -> date | None:
    """Read a day, as ISO 8601 writes it."""
    value = source.get(name)
    try:
        return date.fromisoformat(value) if type(value) is str else None
    except ValueError:
        return None


def _iso(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
