"""Conversation Routing: several responders share a number, one at a time answers a chat."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.addresses import Identity
from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadControlChanged(Event):
    """A chat got another responder.

    Attributes:
        person: The person of the chat.
        gained: You are the responder now (answer), or no longer (stop); None where not told.
        previous_role: Who was, such as `ai_agent`.
        new_role: Who is, such as `escalation`.
        previous_app_id: The app that was.
        new_app_id: The app that is.
        metadata: What the other responder says about it.
        summary: A summary of the chat, written by a model.
    """

    person: Identity
    gained: bool | None = None
    previous_role: str | None = None
    new_role: str | None = None
    previous_app_id: str | None = None
    new_app_id: str | None = None
    metadata: str | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSummarised(Event):
    """A model summed up a chat, for the messages that come in the same update; show it to people.

    Attributes:
        summary: The summary; never decide by it.
    """

    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyObserved(Event):
    """Something happened in a chat that somebody else answers: look on, do not answer.

    Attributes:
        observed: What would have been told to the responder: a `MessageReceived` or its kin, a
            `StatusChanged`, or a `MessageEchoed` for what the responder sent.
    """

    observed: Event
