"""Reactions: an emoji on a message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from blazz.messages.base import Message, check_pattern, check_text

# Every emoji has a character beyond ASCII (a keycap such as 1\ufe0f\u20e3, too). Thirty code
# points leave room for the longest ones, families and flags of regions, and stop plain text.
_EMOJI = re.compile(r"(?=.*[^\x00-\x7f])\S{1,30}")


@dataclass(frozen=True, slots=True)
class Reaction(Message):
    """An emoji on a message; an empty emoji takes the reaction back.

    Attributes:
        message_id: The id of the message to react to.
        emoji: One emoji, or "" to remove the reaction.

    Example:
        >>> Reaction("wamid.HBgN", "\N{THUMBS UP SIGN}").message_id
        'wamid.HBgN'
    """

    capability: ClassVar[str] = "reaction"
    message_id: str
    emoji: str

    def __post_init__(self) -> None:
        check_text("Reaction.message_id", self.message_id)
        check_text("Reaction.emoji", self.emoji, shortest=0)
        if self.emoji:
            check_pattern("Reaction.emoji", self.emoji, _EMOJI, "must be one emoji, or empty")
