"""One message of the simulated WhatsApp, and how each side sees it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Final


class Level(enum.IntEnum):
    """How far a message has come; WhatsApp Web's numbers."""

    SENT = 1
    DELIVERED = 2
    READ = 3
    PLAYED = 4


RESERVED: Final = frozenset(
    {"id", "chat", "sender", "fromMe", "ack", "t", "key", "n", "unsent", "reactions", "votes"}
)
"""Names that a message's content may not use: they are the simulator's own."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A reaction or a vote of one person.

    Attributes:
        id: Its own message id.
        t: When, in milliseconds since 1970.
        value: The emoji, or the numbers of the chosen options.
    """

    id: str
    t: int
    value: Any

    @property
    def is_set(self) -> bool:
        """Whether there is something: an emoji or an option that was not taken back."""
        return bool(self.value)


@dataclass(slots=True, kw_only=True)
class Letter:
    """A message; all sides share it.

    Attributes:
        id: The id that the sender's device made.
        author: Who wrote it, by number.
        recipients: Who gets it, by number.
        group: The group that it was sent to, or None.
        t: When it was accepted, in seconds since 1970.
        type: WhatsApp Web's name of its kind, such as `chat` or `image`.
        content: All else that belongs to it, in WhatsApp Web's words.
        levels: How far it has come, by recipient.
        times: When a recipient reached a level, in seconds since 1970.
        reactions: Reactions, by whoever reacted.
        votes: Votes, by whoever voted.
        edited: The id of the newest edit, or None.
    """

    id: str
    author: str
    recipients: tuple[str, ...]
    group: str | None
    t: int
    type: str
    content: dict[str, Any]
    levels: dict[str, Level] = field(default_factory=dict)
    times: dict[tuple[str, Level], int] = field(default_factory=dict)
    reactions: dict[str, Mark] = field(default_factory=dict)
    votes: dict[str, Mark] = field(default_factory=dict)
    edited: str | None = None

    @property
    def level(self) -> Level:
        """How far it has come with everybody."""
        return min(
            (self.levels.get(number, Level.SENT) for number in self.recipients), default=Level.SENT
        )

    @property
    def is_revoked(self) -> bool:
        """Whether it was deleted for everybody."""
        return self.type == "revoked"

    @property
    def body(self) -> str | None:
        """Its text: that of a text message, or the caption of a file."""
        found = self.content.get("body", self.content.get("caption"))
        return found if isinstance(found, str) else None

    @property
    def is_caption(self) -> bool:
        """Whether an edit changes a caption rather than a text."""
        return self.type != "chat"

    def chat_of(self, number: str) -> str:
        """The chat that it belongs to for somebody: a group, or the number of the other side."""
        if self.group is not None:
            return self.group
        return self.recipients[0] if number == self.author else self.author

    def raise_level(self, number: str, level: Level, t: int) -> bool:
        """Note how far it has come with a recipient; False if that is nothing new."""
        before = self.levels.get(number, Level.SENT)
        if number not in self.recipients or before >= level:
            return False
        self.levels[number] = level
        for reached in range(before + 1, level + 1):  # what was read was delivered as well
            self.times[number, Level(reached)] = t
        return True

    def edit(self, text: str, edit_id: str) -> None:
        """Replace its text."""
        self.content["caption" if self.is_caption else "body"] = text
        self.edited = edit_id

    def revoke(self) -> None:
        """Delete it for everybody: only that there was something stays."""
        self.type = "revoked"
        self.content = {}
        self.reactions.clear()
        self.votes.clear()
