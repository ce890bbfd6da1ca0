"""A conversation store on any SQL database that can run an operation in one transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from blazz.conversations import operations
from blazz.conversations.base import (
    Answer,
    ConversationStore,
    MessageState,
    Question,
    Suppression,
)
from blazz.databases.operations import Operation

T = TypeVar("T")


class SqlConversationStore(ConversationStore, ABC):
    """Runs `operations`; a backend says how. See `ConversationStore` for what each method does."""

    @abstractmethod
    async def run(self, operation: Operation[T]) -> T:
        """Run an operation in one transaction and return what it returns."""

    async def look(self, operation: Operation[T]) -> T:
        """Run an operation that only reads."""
        return await self.run(operation)

    async def saw(self, session: str, contacts: Mapping[str, datetime]) -> None:
        await self.run(operations.saw(session, contacts))

    async def last_seen(self, session: str, address: str) -> datetime | None:
        return await self.look(operations.last_seen(session, address))

    async def suppress(self, session: str, entries: Sequence[Suppression]) -> None:
        await self.run(operations.suppress(session, entries))

    async def unsuppress(self, session: str, address: str, at: datetime) -> None:
        await self.run(operations.unsuppress(session, address, at))

    async def suppressed(self, session: str, addresses: Collection[str]) -> set[str]:
        return await self.look(operations.suppressed(session, addresses))

    async def suppressions(self, session: str) -> list[Suppression]:
        return await self.look(operations.suppressions(session))

    async def suppressing(self, workspace: str) -> list[str]:
        return await self.look(operations.suppressing(workspace))

    async def ask(self, session: str, question: Question) -> Question:
        return await self.run(operations.ask(session, question))

    async def claim(self, session: str, question_id: str) -> bool:
        return await self.run(operations.claim(session, question_id))

    async def left(self, session: str, question_id: str) -> None:
        await self.run(operations.left(session, question_id))

    async def unclaim(self, session: str, question_id: str) -> None:
        await self.run(operations.unclaim(session, question_id))

    async def question(self, session: str, question_id: str) -> Question | None:
        return await self.look(operations.get_question(session, question_id))

    async def answer(self, session: str, answers: Sequence[Answer]) -> dict[str, str]:
        return await self.run(operations.answer(session, answers))

    async def answers(self, session: str, keys: Collection[str]) -> set[str]:
        return await self.look(operations.answers(session, keys))

    async def expire(self, session: str, question_id: str) -> None:
        await self.run(operations.expire(session, question_id))

    async def reached(self, session: str, states: Sequence[MessageState]) -> None:
        await self.run(operations.reached(session, states))

    async def state(self, session: str, message_id: str) -> MessageState | None:
        return await self.look(operations.get_state(session, message_id))

    async def pace(self, session: str) -> str | None:
        return await self.look(operations.pace(session))

    async def keep_pace(self, session: str, pace: str) -> None:
        await self.run(operations.keep_pace(session, pace))

    async def prune(self, before: datetime) -> None:
        await self.run(operations.prune(before))
