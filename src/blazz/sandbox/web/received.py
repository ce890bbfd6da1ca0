"""A message as a phone of the simulated WhatsApp shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blazz.sandbox.web.accounts import Account
from blazz.sandbox.web.letters import Letter, Level


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as a phone shows it.

    Attributes:
        id: Its id, without chat and sender.
        sender: Who wrote it, as digits of the number.
        chat: The number of the other side, or the group's id.
        type: WhatsApp Web's name of its kind, such as `chat`, `image`, `ptt`, `poll_creation`.
        text: Its text or caption, if it has one.
        level: How far it has come with everybody.
        content: All that belongs to it, in WhatsApp Web's words.
        reactions: Emojis, by number of whoever reacted.
        votes: Numbers of the chosen options, by number of whoever voted.
        quoted: The id of the message that it answers, or None.
        edited: Whether its text was replaced.
        revoked: Whether it was deleted for everybody.
    """

    id: str
    sender: str
    chat: str
    type: str
    text: str | None
    level: Level
    content: dict[str, Any]
    reactions: dict[str, str]
    votes: dict[str, list[int]]
    quoted: str | None
    edited: bool
    revoked: bool


def shown(letter: Letter, viewer: Account) -> ReceivedMessage:
    """Show a message to an account that has it."""
    return ReceivedMessage(
        id=letter.id,
        sender=letter.author,
        chat=letter.chat_of(viewer.number),
        type=letter.type,
        text=letter.body,
        level=letter.level,
        content=dict(letter.content),
        reactions={by: mark.value for by, mark in letter.reactions.items() if mark.is_set},
        votes={by: mark.value for by, mark in letter.votes.items() if mark.is_set},
        quoted=letter.content.get("quotedStanzaID"),
        edited=letter.edited is not None,
        revoked=letter.is_revoked,
    )


def from_json(message: dict[str, Any]) -> ReceivedMessage:
    """A message that the control API gave."""
    return ReceivedMessage(**{**message, "level": Level(message["level"])})
