"""Polls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from blazz.errors import InvalidValue
from blazz.messages.base import (
    Message,
    check_count,
    check_kind,
    check_text,
    check_unique,
    frozen_list,
    set_field,
)


@dataclass(frozen=True, slots=True)
class Poll(Message):
    """A question with two to twelve choices.

    Attributes:
        question: Up to 255 characters.
        choices: Two to twelve different ones, of up to 100 characters each.
        most: How many may be chosen; 0: any number.

    Raises:
        InvalidValue: A limit is broken.

    Example:
        >>> Poll("When shall we deliver?", ["Monday", "Tuesday"], most=1).choices
        ('Monday', 'Tuesday')
    """

    capability: ClassVar[str] = "poll"
    question: str
    choices: Sequence[str]
    most: int = 1

    def __post_init__(self) -> None:
        check_text("Poll.question", self.question, longest=255)
        choices = frozen_list("Poll.choices", self.choices, str)
        check_count("Poll.choices", choices, least=2, most=12)
        for position, choice in enumerate(choices):
            check_text(f"Poll.choices[{position}]", choice, longest=100)
        check_unique("Poll.choices", choices)
        set_field(self, "choices", choices)
        check_kind("Poll.most", self.most, int)
        if not 0 <= self.most <= len(choices):
            raise InvalidValue("Poll.most", f"0 to {len(choices)}", self.most)
