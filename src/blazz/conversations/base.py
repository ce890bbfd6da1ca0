"""The seam between conversations and where they are remembered."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from blazz.events.statuses import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A recipient who must not get campaigns any more.

    Attributes:
        address: The recipient, as `str(address)` writes it.
        reason: Why: `opted_out` (a preference set in WhatsApp), `stop_word`, `error_131050`, or a
            word of the application's own.
        at: When, in UTC.
    """

    address: str
    reason: str
    at: datetime


class QuestionState(enum.StrEnum):
    """The life of a question."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that `Session.ask` asked, and its answer once it came.

    Attributes:
        id: The question's name; asking again under the same name waits for the same answer.
        address: Who was asked, as `str(address)` writes it.
        asked_at: When it was asked, in UTC; only later messages can answer it.
        expires_at: When nobody waits for it any more, in UTC.
        log_position: Where the inbox's log ended when it was asked; only what came into the log
            later can answer it.
        sent: Somebody sends it, or has sent it; until then nothing can answer it.
        leaving: Somebody sends it, and nobody knows yet whether it left. If that stays so, its
            sender was killed meanwhile, or got no answer from the provider.
        answer: The number of the answer in the inbox's log, once it came.
        answer_key: The key of the answer's update.
    """

    id: str
    address: str
    asked_at: datetime
    expires_at: datetime
    log_position: int = 0
    state: QuestionState = QuestionState.OPEN
    sent: bool = False
    leaving: bool = False
    answer_key: str | None = None
    answer: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A received message that may answer an open question.

    Attributes:
        addresses: All that its sender is known by.
        key: The key of its update.
        at: When it was written, in UTC.
        seq: Its number in the inbox's log.
    """

    addresses: tuple[str, ...]
    key: str
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState:
    """The furthest that a sent message is known to have come.

    Attributes:
        message_id: The provider's id of the message.
        status: The furthest status.
        at: When that status was reached, in UTC.
        error_code: The provider's code, when it failed.
        error: The provider's words, when it failed.
    """

    message_id: str
    status: Status
    at: datetime
    error_code: int | None = None
    error: str | None = None


class ConversationStore(Protocol):
    """Remembers conversations, for many sessions and safe with many processes.

    `session` is always `<workspace>/<name>`, so that tenants stay apart. Every write may be
    repeated without harm: it is called with events that come at least once and in any order.
    """

    async def open(self) -> None:
        """Connect and bring the schema up to date."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...

    async def saw(self, session: str, contacts: Mapping[str, datetime]) -> None:
        """Note when contacts last wrote; an older time than the known one changes nothing."""
        ...

    async def last_seen(self, session: str, address: str) -> datetime | None:
        """When a contact last wrote, or None if it never did."""
        ...

    async def suppress(self, session: str, entries: Sequence[Suppression]) -> None:
        """Add to the suppression list; the newest entry of an address wins."""
        ...

    async def unsuppress(self, session: str, address: str, at: datetime) -> None:
        """Take an address off the list, unless it was put on it later than `at`."""
        ...

    async def suppressed(self, session: str, addresses: Collection[str]) -> set[str]:
        """Which of these addresses are on the list."""
        ...

    async def suppressions(self, session: str) -> list[Suppression]:
        """The whole list, oldest first."""
        ...

    async def suppressing(self, workspace: str) -> list[str]:
        """The sessions of a workspace, as `<workspace>/<name>`, that ever had a suppression list.

        A list may also belong to no session: `<workspace>/*` is the workspace's own.
        """
        ...

    async def ask(self, session: str, question: Question) -> Question:
        """Register a question; return the one that has its id already, if there is one.

        One that has expired, or that nobody has sent, is replaced.
        """
        ...

    async def claim(self, session: str, question_id: str) -> bool:
        """Claim an open question's sending: true for one caller alone."""
        ...

    async def left(self, session: str, question_id: str) -> None:
        """Note that a claimed question has been sent."""
        ...

    async def unclaim(self, session: str, question_id: str) -> None:
        """Give the claim back: the message certainly did not leave, and another may send it."""
        ...

    async def question(self, session: str, question_id: str) -> Question | None:
        """Look a question up."""
        ...

    async def answer(self, session: str, answers: Sequence[Answer]) -> dict[str, str]:
        """Let received messages answer open questions, the oldest question first.

        One message answers one question at most, also when it is offered again. Returns the
        question ids by the answers' keys.
        """
        ...

    async def answers(self, session: str, keys: Collection[str]) -> set[str]:
        """Which of these update keys answered a question."""
        ...

    async def expire(self, session: str, question_id: str) -> None:
        """Nobody waits any more; an answered question stays answered."""
        ...

    async def reached(self, session: str, states: Sequence[MessageState]) -> None:
        """Note how far messages came; a state only ever moves up (`events.statuses.advance`)."""
        ...

    async def state(self, session: str, message_id: str) -> MessageState | None:
        """How far a message came, or None if nothing is known."""
        ...

    async def pace(self, session: str) -> str | None:
        """What `keep_pace` kept last, or None."""
        ...

    async def keep_pace(self, session: str, pace: str) -> None:
        """Keep how much a session has sent of late; the text is that of its pacing."""
        ...

    async def prune(self, before: datetime) -> None:
        """Forget message states and closed questions that are older."""
        ...
