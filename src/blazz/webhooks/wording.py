"""Says what went wrong in one line that every database takes and every terminal can show."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 500
_MOST_PARTS: Final = 5


def described(error: BaseException) -> str:
    """Describe an exception; of a group, the exceptions in it.

    Example:
        >>> described(ValueError("no such order"))
        'ValueError: no such order'
        >>> described(ExceptionGroup("2 failed", [KeyError("a"), OSError("away")]))
        "ExceptionGroup: 2 failed (KeyError: 'a'; OSError: away)"
    """
    return one_line(_described(error))


def one_line(text: str) -> str:
    r"""Write text in one line of at most 500 characters; what cannot be printed is escaped.

    What a handler raises may quote what somebody wrote: PostgreSQL takes no NUL, no database takes
    half a surrogate pair, and a terminal obeys control characters.

    Example:
        >>> one_line("not\n  found: \x1b[31m\0")
        'not found: \\x1b[31m\\x00'
    """
    words = " ".join(text[: 4 * _LONGEST].split())
    if not words.isprintable():
        words = "".join(map(_printable, words))
    return words[:_LONGEST]


def _described(error: BaseException) -> str:
    try:
        if not isinstance(error, BaseExceptionGroup):
            return f"{type(error).__name__}: {error}"
        inner = "; ".join(_described(part) for part in error.exceptions[:_MOST_PARTS])
    except Exception:  # noqa: BLE001  # its own `__str__` fails, or there is no end to it
        return f"{type(error).__name__}, which cannot be shown"
    return f"{type(error).__name__}: {error.message} ({inner})"


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
