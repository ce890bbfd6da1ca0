"""Which metrics and labels an expression of PromQL names."""

from __future__ import annotations

import re

_WORDS = frozenset(
    [
        "and",
        "or",
        "unless",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "bool",
        "offset",
        "vector",
    ]
)
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?")
_MATCHER = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)")


def selectors(expression: str) -> dict[str, set[str]]:
    """The metrics that an expression reads, each with the labels that it is selected by."""
    text = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", " ", expression)
    text = re.sub(r"\[[^\]]*\]", " ", text)
    found: dict[str, set[str]] = {}
    place = 0
    while (match := _SELECTOR.search(text, place)) is not None:
        place = match.end()
        name, matchers = match.groups()
        is_call = matchers is None and text[place:].lstrip().startswith("(")
        if name not in _WORDS and not is_call and not _is_unit(text, match.start()):
            found.setdefault(name, set()).update(_MATCHER.findall(_unquoted(matchers or "")))
    return found


def _is_unit(text: str, place: int) -> bool:
    """Whether it is the end of a number, such as the e of 1e3."""
    return place > 0 and text[place - 1].isdigit()


def _unquoted(matchers: str) -> str:
    return re.sub(r'"[^"]*"', '""', matchers)
