"""Polls: a person asks, or answers what you asked."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.events.messages import MessageEvent, MessageReceived


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReceived(MessageReceived):
    """A person sent a poll.

    Attributes:
        question: What is asked.
        choices: What can be chosen.
        most: How many of them; 0: any number.
    """

    question: str
    choices: tuple[str, ...] = ()
    most: int = 0

    @property
    def text(self) -> str | None:
        """The question."""
        return self.question


@dataclass(frozen=True, slots=True, kw_only=True)
class PollAnswered(MessageEvent):
    """A person voted, changed their vote or took it back; `message_id` is that of the poll.

    Attributes:
        chosen: All that they have chosen now; empty when they took it back.
    """

    chosen: tuple[str, ...] = ()
