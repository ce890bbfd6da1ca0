"""What may be in a message, whoever sends it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from blazz.sandbox.web.refusals import WebRefusal

LONGEST_TEXT: Final = 65_536
MOST_OPTIONS: Final = 12
LONGEST_OPTION: Final = 100


def check_content(kind: str, content: Mapping[str, Any]) -> None:
    """Make sure that a message has what belongs to its kind, within WhatsApp's limits.

    Raises:
        WebRefusal: It has not.

    Example:
        >>> check_content("chat", {"body": "hello"})
    """
    if kind == "chat":
        check_text(content.get("body"))
    elif kind == "location":
        _check_degrees("lat", content.get("lat"), 90)
        _check_degrees("lng", content.get("lng"), 180)
    elif kind == "poll_creation":
        check_text(content.get("pollName"))
        _check_options(content.get("pollOptions"))
    if content.get("caption") is not None:
        check_text(content["caption"], least=0)


def check_text(text: object, *, least: int = 1) -> None:
    """Make sure that something is text of a length that WhatsApp takes.

    Raises:
        WebRefusal: It is not.
    """
    if not isinstance(text, str) or not least <= len(text) <= LONGEST_TEXT:
        raise WebRefusal("bad_content", f"a text has {least} to {LONGEST_TEXT} characters")


def _check_degrees(name: str, value: object, most: int) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not -most <= value <= most:  # type: ignore[operator]
        raise WebRefusal("bad_content", f"{name} is a number from -{most} to {most}")


def _check_options(options: object) -> None:
    listed = options if isinstance(options, list) else []
    fits = [option for option in listed if isinstance(option, dict) and _is_option(option)]
    if not 1 <= len(fits) <= MOST_OPTIONS or len(fits) != len(listed):
        text = f"a poll has 1 to {MOST_OPTIONS} options of at most {LONGEST_OPTION} characters"
        raise WebRefusal("bad_content", text)


def _is_option(option: Mapping[str, Any]) -> bool:
    name = option.get("name")
    return isinstance(name, str) and 0 < len(name) <= LONGEST_OPTION
