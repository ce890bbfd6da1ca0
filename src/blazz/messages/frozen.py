"""Read-only, hashable stand-ins for lists and dicts, so that a message is frozen all the way."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from blazz.errors import InvalidValue
from blazz.messages.base import check_text

V_co = TypeVar("V_co", covariant=True)


class FrozenMapping(Mapping[str, V_co], Generic[V_co]):
    """A dict that cannot change; equal to any mapping with the same entries.

    Example:
        >>> FrozenMapping({"name": "Budi"}) == {"name": "Budi"}
        True
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, V_co]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, key: str) -> V_co:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        return repr(self._entries)


def freeze(field: str, value: object) -> object:
    """Freeze a JSON value: dicts become `FrozenMapping`, lists become tuples.

    Raises:
        InvalidValue: Something in it has no place in JSON.
    """
    if isinstance(value, Mapping):
        for key in value:
            check_text(f"{field} key", key, shortest=0)
        return FrozenMapping({key: freeze(field, inner) for key, inner in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(freeze(field, inner) for inner in value)
    if isinstance(value, str):
        check_text(field, value, shortest=0)
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidValue(field, "must be a finite number", value)
    elif value is not None and not isinstance(value, (int, float)):
        raise InvalidValue(field, "must be JSON: text, numbers, lists, dicts or None", value)
    return value


def thaw(value: object) -> object:
    """Turn what `freeze` made back into plain dicts and lists."""
    if isinstance(value, FrozenMapping):
        return {key: thaw(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [thaw(inner) for inner in value]
    return value
