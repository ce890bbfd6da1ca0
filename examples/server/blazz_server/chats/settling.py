"""Finds out what became of messages whose process died, or whose answer was lost."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, cast

from sqlalchemy import and_, or_, select, update

from blazz.errors import BlazzError
from blazz.providers.base import Capability, Outcome
from blazz.session import Session
from blazz_server.chats.changes import KEY_LIVES, Sent
from blazz_server.chats.sending import Sending
from blazz_server.chats.stages import Stage
from blazz_server.chats.tables import Message
from blazz_server.chats.writer import Writer
from blazz_server.database import Database, utc_now

_AT_ONCE: Final = 200
_WORTH_ASKING: Final = timedelta(days=1)

_log: Final = logging.getLogger(__name__)


class Settling:
    """Settles messages in doubt.

    Args:
        database: Where they are.
        writer: Writes down what became of them.
        sending: Knows what this process is sending.
    """

    def __init__(self, database: Database, writer: Writer, sending: Sending) -> None:
        self._database = database
        self._writer = writer
        self._sending = sending

    async def settle(self, sessions: Sequence[Session]) -> None:
        """Look at the messages in doubt of sessions of one workspace, which run here."""
        if not sessions:
            return
        in_doubt: dict[str, list[Mapping[str, Any]]] = {}
        for row in await self._in_doubt(sessions):
            if not self._sending.is_sending(row):
                in_doubt.setdefault(row["session"], []).append(row)
        for session in sessions:
            try:
                await self._settle(session, in_doubt.get(session.name, []))
            except BlazzError as error:
                _log.info("messages of %s stay in doubt: %s", session.key, error)

    async def forget_keys(self) -> None:
        """Forget idempotency keys that are too old to be used again."""
        old = Message.requested_at < utc_now() - KEY_LIVES
        async with self._database.begin() as transaction:
            await transaction.execute(
                update(Message).where(old).values(idempotency_key=None, requested_at=None)
            )

    async def _settle(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            if row["stage"] == Stage.SENDING:
                told = {"code": "delivery_unknown", "detail": "the server ended while it was sent"}
                await self._writer.write(Sent(row["id"], Stage.UNKNOWN, problem=told))
        if rows and session.can(Capability.SETTLE):
            found = await session.provider.settle([row["token"] for row in rows])
            for row in rows:
                await self._conclude(row, found.get(row["token"], Outcome.UNKNOWN))

    async def _conclude(self, row: Mapping[str, Any], outcome: Outcome) -> None:
        if outcome is Outcome.SENT:
            await self._writer.write(Sent(row["id"], Stage.ACCEPTED))
        elif outcome is Outcome.NOT_SENT:
            # The same request may be made again, with the same key.
            told = {"code": "not_sent", "detail": "it certainly did not leave"}
            await self._writer.write(Sent(row["id"], Stage.FAILED, problem=told, keep_key=False))

    async def _in_doubt(self, sessions: Sequence[Session]) -> Sequence[Mapping[str, Any]]:
        """Messages whose process died; and unknown ones, where somebody can be asked."""
        names = [it.name for it in sessions]
        asked = [it.name for it in sessions if it.can(Capability.SETTLE)]
        died = and_(Message.stage == Stage.SENDING, Message.session.in_(names))
        unknown = and_(Message.stage == Stage.UNKNOWN, Message.session.in_(asked))
        query = (
            select(Message.id, Message.session, Message.token, Message.stage)
            .where(
                Message.workspace == sessions[0].workspace,
                Message.at > utc_now() - _WORTH_ASKING,
                or_(died, unknown),
            )
            .order_by(Message.at.desc())
            .limit(_AT_ONCE)
        )
        async with self._database.read() as transaction:
            found = (await transaction.execute(query)).mappings().all()
        return cast("Sequence[Mapping[str, Any]]", found)
