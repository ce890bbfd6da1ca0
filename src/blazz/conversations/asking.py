"""Asking a question and waiting for its answer, durable across restarts and workers."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import anyio

from blazz.addresses import Address
from blazz.conversations.ahead import ReadAhead, contact_name, question_name, session_name
from blazz.conversations.base import ConversationStore, Question, QuestionState
from blazz.conversations.naming import names_of
from blazz.conversations.signals import Signals
from blazz.errors import MaybeNotAsked, NotSent, Refused, Timeout

_DOUBT_SECONDS: Final = 60.0

_log = logging.getLogger(__name__)

Leaving: TypeAlias = Callable[[], Awaitable[None]]
"""Called right before a message leaves; may raise to keep it here."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks on behalf of one session.

    Attributes:
        session: `<workspace>/<name>`.
        store: Where questions are remembered.
        signals: Who waits in this process.
        ahead: Reads what comes in while somebody waits.
        check: Raises when the session is closed.
    """

    session: str
    store: ConversationStore
    signals: Signals
    ahead: ReadAhead
    check: Callable[[], None]

    async def ask(
        self,
        to: Address,
        send: Callable[[Leaving], Awaitable[object]],
        *,
        question_id: str,
        timeout: float,
        log_position: int,
        lasting: bool = True,
    ) -> Question:
        """Send a question once and wait for its answer.

        Args:
            to: Who is asked.
            send: Sends the question's message, and calls what it is given right before it leaves.
            question_id: The question's name.
            timeout: Seconds to wait for the answer, from when it was first asked.
            log_position: Where the inbox's log ends now.
            lasting: Somebody may ask again under this name; else nothing answers the question any
                more once this call has ended.

        Raises:
            Timeout: No answer came in time.
            MaybeNotAsked: The same, and nobody knows whether the question left.
            SessionClosed: The session was closed meanwhile.
        """
        now = datetime.now(UTC)
        asked = Question(
            id=question_id,
            address=str(to),
            # WhatsApp tells times in whole seconds: an answer within the same second must count.
            asked_at=now.replace(microsecond=0),
            expires_at=now + timedelta(seconds=timeout),
            log_position=log_position,
        )
        try:
            question = await self._answer(asked, send, names_of(to))
        except BaseException:
            if not lasting:
                # The person's next message must not be taken for an answer that nobody gets.
                with anyio.CancelScope(shield=True):
                    await self.store.expire(self.session, question_id)
            raise
        if question.state is not QuestionState.ANSWERED:
            if question.expires_at != asked.expires_at:  # asked before, with a time of its own
                timeout = math.floor((question.expires_at - question.asked_at).total_seconds())
            named = f" {question.id!r}" if lasting else ""
            late = f"{question.address} did not answer{named} within {timeout:g} s"
            if question.leaving:
                raise MaybeNotAsked(
                    f"{late}, and may not have been asked: whoever sent the question was killed"
                    " meanwhile, or got no answer"
                )
            raise Timeout(late)
        return question

    async def _answer(
        self, asked: Question, send: Callable[[Leaving], Awaitable[object]], names: Sequence[str]
    ) -> Question:
        """Wait until a question is answered or expired."""
        question_id = asked.id
        persons = [contact_name(self.session, name) for name in names]
        ours = (question_name(self.session, question_id), session_name(self.session))
        doubt = _Doubt(self.session)
        with self.signals.waiting(*ours, *persons) as call:
            question = await self.store.ask(self.session, asked)
            async with self.ahead.reading():
                while question.state is QuestionState.OPEN:
                    if not question.sent:
                        await self._send(question_id, send)
                    elif (left := _left(question)) > 0:
                        with anyio.move_on_after(left):
                            await call()
                    else:
                        break
                    question = await self.store.question(self.session, question_id) or question
                    if question.state is QuestionState.OPEN:
                        self.check()
                        doubt.look(question)
            if question.state is QuestionState.OPEN:
                await self.store.expire(self.session, question_id)
                # The answer may have come between the last look and now: then it counts.
                question = await self.store.question(self.session, question_id) or question
        return question

    async def _send(self, question_id: str, send: Callable[[Leaving], Awaitable[object]]) -> None:
        """Send a question, unless another worker does.

        Claimed before it leaves: a process that dies on the way may have sent it, so nobody sends
        it again.
        """
        claim = _Claim(self.session, self.store, question_id)
        try:
            await send(claim.take)
        except _SentElsewhere:
            return
        except (NotSent, Refused):
            await claim.give_back()
            raise
        await claim.sent()


class _SentElsewhere(Exception):
    """Another worker sends the question, or has sent it."""


@dataclass(slots=True)
class _Claim:
    """The right to send a question."""

    session: str
    store: ConversationStore
    question_id: str
    taken: bool = field(default=False, init=False)

    async def take(self) -> None:
        if not await self.store.claim(self.session, self.question_id):
            raise _SentElsewhere
        self.taken = True

    async def sent(self) -> None:
        with anyio.CancelScope(shield=True):
            await self.store.left(self.session, self.question_id)

    async def give_back(self) -> None:
        if self.taken:
            with anyio.CancelScope(shield=True):
                await self.store.unclaim(self.session, self.question_id)


@dataclass(slots=True)
class _Doubt:
    """Tells once if nobody knows for long whether a question has left."""

    session: str
    since: float = field(default_factory=time.monotonic, init=False)
    told: bool = field(default=False, init=False)

    def look(self, question: Question) -> None:
        waited = time.monotonic() - self.since
        if question.leaving and not self.told and waited >= _DOUBT_SECONDS:
            self.told = True
            _log.warning(
                "%s: nobody knows whether the question %r left; its answer is waited for, and it is"
                " not sent again",
                self.session,
                question.id,
            )


def _left(question: Question) -> float:
    return (question.expires_at - datetime.now(UTC)).total_seconds()
