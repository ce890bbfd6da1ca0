"""`{column}` placeholders in text: finding them, and what is left to check without them.

A column name is a letter or underscore and then up to 63 letters, digits, underscores, spaces or
hyphens. Nothing else may stand in the braces: no attributes, no formats, no expressions.
"""

from __future__ import annotations

import re
from contextvars import ContextVar

from blazz.errors import InvalidValue

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<column>[^\W\d](?:[\w -]{0,62}\w)?)\}|[{}]")

filled_in: ContextVar[bool] = ContextVar("blazz.messages.filled_in", default=False)
"""True while a message is being rendered: what looks like a placeholder then is plain text."""


def fixed_part(text: str, *, stand_in: str = "") -> str:
    """Leave out the placeholders: the part that a check may judge before they are filled in.

    Args:
        text: The text.
        stand_in: What to put in the place of each.

    Example:
        >>> fixed_part("Hi {name}!")
        'Hi !'
    """
    if "{" not in text or filled_in.get():
        return text
    return _TOKEN.sub(lambda token: stand_in if token["column"] else token[0][0], text)


def is_open(text: str) -> bool:
    """Tell whether something in the text is yet to be filled in.

    Example:
        >>> is_open("Hi {name}!"), is_open("Hi {{name}}!")
        (True, False)
    """
    if "{" not in text or filled_in.get():
        return False
    return any(token["column"] for token in _TOKEN.finditer(text))


def starts_open(text: str) -> bool:
    """Tell whether the text starts with something that is yet to be filled in."""
    if not text.startswith("{") or filled_in.get():
        return False
    first = _TOKEN.match(text)
    return first is not None and first["column"] is not None


def split(field: str, text: str) -> tuple[list[str], list[str]]:
    """Split into the literal pieces and the columns between them; `{{` and `}}` become braces.

    Raises:
        InvalidValue: A brace stands alone, or encloses something other than a column name.

    Example:
        >>> split("Text.body", "Hi {name}, {{ok}}")
        (['Hi ', ', {ok}'], ['name'])
    """
    literals, columns, literal, end = [], [], "", 0
    for token in _TOKEN.finditer(text):
        literal += text[end : token.start()]
        end = token.end()
        if token["column"]:
            literals.append(literal)
            columns.append(token["column"])
            literal = ""
        elif len(token[0]) == 2:
            literal += token[0][0]
        else:
            rule = "a placeholder is {column}, a plain column name; write {{ or }} for a brace"
            raise InvalidValue(field, rule, text)
    literals.append(literal + text[end:])
    return literals, columns
