"""Asking a question and waiting for its answer, durable across restarts and workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import anyio

from blazz.addresses import Address
from blazz.conversations.base import ConversationStore, Question, QuestionState
from blazz.conversations.signals import Signals
from blazz.errors import Timeout


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks on behalf of one session."""

    session: str
    store: ConversationStore
    signals: Signals

    async def ask(
        self,
        to: Address,
        send: Callable[[], Awaitable[object]],
        *,
        question_id: str,
        timeout: float,
    ) -> Question:
        """Send a question once and wait for its answer.

        The question is registered before it is sent, so that an answer cannot come too early; one
        that was sent before a crash is not sent again.

        Args:
            to: Who is asked.
            send: Sends the question's message.
            question_id: The question's name.
            timeout: Seconds to wait for the answer.

        Raises:
            Timeout: No answer came in time.
        """
        # WhatsApp tells times in whole seconds: an answer within the same second must count.
        now = datetime.now(UTC).replace(microsecond=0)
        question = await self.store.ask(
            self.session,
            Question(
                id=question_id,
                address=str(to),
                asked_at=now,
                expires_at=now + timedelta(seconds=timeout),
            ),
        )
        if not question.sent and question.state is QuestionState.OPEN:
            await send()
            await self.store.asked(self.session, question_id)
        return await self._answer(question)

    async def _answer(self, question: Question) -> Question:
        left = (question.expires_at - datetime.now(UTC)).total_seconds()
        name = ("question", self.session, question.id)
        with anyio.move_on_after(max(left, 0)), self.signals.waiting(name) as call:
            while question.state is QuestionState.OPEN:
                await call()
                question = await self.store.question(self.session, question.id) or question
        if question.state is QuestionState.OPEN:
            await self.store.expire(self.session, question.id)
            # The answer may have come between the last look and now: then it counts.
            question = await self.store.question(self.session, question.id) or question
        if question.state is not QuestionState.ANSWERED:
            waited = (question.expires_at - question.asked_at).total_seconds()
            raise Timeout(f"{question.address} did not answer {question.id!r} within {waited:g} s")
        return question
