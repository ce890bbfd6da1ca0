"""Reading the fields of a request, and refusing them in Meta's words.

Every function takes whatever JSON holds: no input may raise anything but a `Refusal`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from blazz.sandbox.graph_errors import Refusal

JsonObject: TypeAlias = Mapping[str, Any]


def invalid(details: str) -> Refusal:
    """Refuse a value."""
    return Refusal(131009, details)


def missing(path: str) -> Refusal:
    """Refuse because a parameter inside the request is missing."""
    return Refusal(131008, f"Required parameter is missing: {path}")


def parameter(path: str, rule: str) -> Refusal:
    """Refuse a parameter of the wrong type or size, as Graph itself does."""
    return Refusal(100, f"Param {path} {rule}.", message=f"(#100) Param {path} {rule}.")


def get_object(parent: JsonObject, key: str, path: str) -> JsonObject:
    """Read an object that must be there."""
    value = parent.get(key)
    if value is None:
        raise missing(path)
    if not isinstance(value, dict):
        raise parameter(path, "must be a JSON object")
    return value


def get_list(parent: JsonObject, key: str, path: str) -> list[Any]:
    """Read a list that must be there."""
    value = parent.get(key)
    if value is None:
        raise missing(path)
    if not isinstance(value, list):
        raise parameter(path, "must be an array")
    return value


def get_objects(
    parent: JsonObject, key: str, path: str, *, least: int = 1, most: int
) -> list[JsonObject]:
    """Read a list of objects with a limited length."""
    values = get_list(parent, key, path)
    if not least <= len(values) <= most:
        raise invalid(f"{path} count is invalid. Min allowed: {least}, Max allowed: {most}")
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            raise parameter(f"{path}[{index}]", "must be a JSON object")
    return values


def get_text(parent: JsonObject, key: str, path: str, *, longest: int, shortest: int = 1) -> str:
    """Read a text that must be there, with a limited length."""
    value = parent.get(key)
    if value is None:
        raise missing(path)
    if not isinstance(value, str):
        raise parameter(path, "must be a string")
    if len(value) > longest:
        raise parameter(path, f"must be at most {longest} characters long")
    if len(value) < shortest or (shortest and not value.strip()):
        raise parameter(path, f"must be at least {shortest} characters long")
    return value


def get_optional_text(parent: JsonObject, key: str, path: str, *, longest: int) -> str | None:
    """Read a text that may be missing."""
    if parent.get(key) is None:
        return None
    return get_text(parent, key, path, longest=longest, shortest=0)


def get_choice(parent: JsonObject, key: str, path: str, choices: Collection[str]) -> str:
    """Read a text that must be one of a few, in any letter case."""
    value = parent.get(key)
    if value is None:
        raise missing(path)
    if not isinstance(value, str) or value.lower() not in choices:
        known = ", ".join(sorted(choices))
        raise parameter(path, f"must be one of {{{known}}}")
    return value.lower()


def get_number(parent: JsonObject, key: str, path: str, *, least: float, most: float) -> float:
    """Read a number; numbers in text are accepted, as Graph does."""
    value = parent.get(key)
    if value is None:
        raise missing(path)
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise parameter(path, "must be a number")
    if not least <= number <= most:
        raise invalid(f"{path} must be between {least:g} and {most:g}")
    return number


def get_link(parent: JsonObject, key: str, path: str) -> str:
    """Read a URL of http or https."""
    value = get_text(parent, key, path, longest=2048)
    if not value.lower().startswith(("http://", "https://")):
        raise parameter(path, "must be a valid URI")
    return value
