"""Filling `{column}` placeholders of a message in from a row, once for each recipient.

    >>> from blazz.messages import Template
    >>> promo = Template("promo", language="id", body=["{name}", "{code}"])
    >>> sorted(columns(promo))
    ['code', 'name']
    >>> render(promo, {"name": "Budi", "code": "HEMAT10"}).body
    ('Budi', 'HEMAT10')

Only plain column names stand in the braces, and a row's value is never read for placeholders: it
can name neither attributes nor formats nor other columns. Within a link, a value is percent-encoded
(as RFC 6570 does for `{var}`), so it cannot change the host or add a query; a link that is a single
placeholder is taken as it is. `{{` and `}}` become braces.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote

from blazz.errors import InvalidValue
from blazz.messages.base import Message, check_unicode
from blazz.messages.frozen import FrozenMapping
from blazz.messages.placeholders import filled_in, is_open, split

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

M = TypeVar("M", bound=Message)

_Row: TypeAlias = Mapping[str, str]
_Build: TypeAlias = Callable[[_Row], Any]


def columns(message: Message) -> set[str]:
    """The columns that a message needs.

    Raises:
        InvalidValue: A brace stands alone or encloses something other than a column name.
    """
    return set(Renderer(message).columns)


def render(message: M, row: Mapping[str, str]) -> M:
    """Fill a message's placeholders in. For many rows, keep a `Renderer`.

    Raises:
        InvalidValue: The row lacks a column, or a limit is broken once it is filled in.
    """
    return Renderer(message).render(row)


class Renderer(Generic[M]):
    """A message, read once so that it is quickly filled in for many rows.

    Attributes:
        columns: The columns that the message needs.

    Raises:
        InvalidValue: A brace stands alone or encloses something other than a column name.
    """

    __slots__ = ("_build", "_fields", "_message", "columns")

    def __init__(self, message: M) -> None:
        self._message = message
        self._fields: dict[str, str] = {}  # each column, and the first field that it stands in
        self._build = _compile(message, type(message).__name__, self._fields, url=False)
        self.columns = frozenset(self._fields)

    def render(self, row: Mapping[str, str]) -> M:
        """Fill the placeholders in from one row; checks every limit again.

        Raises:
            InvalidValue: The row lacks a column, or a limit is broken once it is filled in.
        """
        if self._build is None:
            return self._message
        mark = filled_in.set(True)
        try:
            message: M = self._build(row)
        except (KeyError, TypeError, UnicodeEncodeError):
            self._check_row(row)
            raise
        finally:
            filled_in.reset(mark)
        return message

    def _check_row(self, row: Mapping[str, str]) -> None:
        for column, field in self._fields.items():
            if column not in row:
                there = ", ".join(map(str, row)) or "none"
                rule = f"the column {column!r} is missing, the row has: {there}"
                raise InvalidValue(field, rule, f"{{{column}}}")
            if not isinstance(row[column], str):
                raise InvalidValue(field, f"the column {column!r} must be text", row[column])
            check_unicode(field, row[column])


def _compile(value: object, field: str, found: dict[str, str], *, url: bool) -> _Build | None:
    """Make what builds a value from a row, or None where nothing varies.

    Args:
        value: A message or a part of one.
        field: Its name, for errors.
        found: Takes each column that is found, with the field it stands in.
        url: The value is a link, so what is filled in must be encoded.
    """
    if isinstance(value, str):
        return _compile_text(value, field, found, url=url)
    if isinstance(value, tuple):
        return _compile_items(value, field, found)
    if isinstance(value, FrozenMapping):
        return _compile_mapping(value, field, found)
    if isinstance(value, PurePath):
        if is_open(str(value)):
            rule = (
                "a path cannot vary from row to row; upload the files and use MediaId('{column}')"
            )
            raise InvalidValue(field, rule, value)
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _compile_fields(value, found)
    return None


def _compile_text(text: str, field: str, found: dict[str, str], *, url: bool) -> _Build | None:
    if "{" not in text and "}" not in text:
        return None
    literals, names = split(field, text)
    for name in names:
        found.setdefault(name, field)
    if not names:
        return lambda _row: literals[0]
    whole = literals == ["", ""]
    pieces = [piece for pair in zip(literals, [*names, ""], strict=True) for piece in pair][:-1]
    holes = [(2 * position + 1, name) for position, name in enumerate(names)]

    def fill(row: _Row) -> str:
        filled = pieces.copy()
        for position, name in holes:
            filled[position] = row[name]
        return "".join(filled)

    def fill_url(row: _Row) -> str:
        filled = pieces.copy()
        for position, name in holes:
            # Naming the encoding makes it refuse bytes.
            filled[position] = quote(row[name], safe="", encoding="utf-8")
        return "".join(filled)

    return fill_url if url and not whole else fill


def _compile_items(items: tuple[object, ...], field: str, found: dict[str, str]) -> _Build | None:
    builds = [
        _compile(item, f"{field}[{position}]", found, url=False)
        for position, item in enumerate(items)
    ]
    if not any(builds):
        return None
    steps = list(zip(items, builds, strict=True))
    return lambda row: tuple([build(row) if build else item for item, build in steps])


def _compile_mapping(
    mapping: FrozenMapping[object], field: str, found: dict[str, str]
) -> _Build | None:
    steps = [
        (key, item, _compile(item, f"{field}[{key!r}]", found, url=False))
        for key, item in mapping.items()
    ]
    if not any(build for _, _, build in steps):
        return None
    return lambda row: FrozenMapping(
        {key: build(row) if build else item for key, item, build in steps}
    )


def _compile_fields(value: DataclassInstance, found: dict[str, str]) -> _Build | None:
    kind = type(value)
    fixed: dict[str, object] = {}
    varying: list[tuple[str, _Build]] = []
    for field in dataclasses.fields(value):
        inner = getattr(value, field.name)
        place = f"{kind.__name__}.{field.name}"
        build = _compile(inner, place, found, url=field.metadata.get("url", False))
        if build is None:
            fixed[field.name] = inner
        else:
            varying.append((field.name, build))
    if not varying:
        return None
    return lambda row: kind(**fixed, **{name: build(row) for name, build in varying})
