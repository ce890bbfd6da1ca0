"""Reads what is known of chats, messages and people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import ColumnElement, or_, select, tuple_

from blazz_server.chats.places import Place
from blazz_server.chats.tables import Chat, Contact, Message
from blazz_server.database import Database, Table

Row: TypeAlias = Mapping[str, Any]
_NEWEST_FIRST: Final = (Message.at.desc(), Message.arrival.desc(), Message.id.desc())
_HIDDEN: Final = "reaction"
"""Reactions of ours stand at the message that they are about."""


class ChatStore:
    """The tables of chats, read.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def chats(
        self,
        workspace: str,
        session: str,
        *,
        before: Place | None = None,
        limit: int = 50,
        archived: bool | None = None,
    ) -> Sequence[Row]:
        """The chats of a session, the newest first."""
        query = select(Chat.__table__).where(*_of(Chat, workspace, session))
        if before is not None:
            query = query.where(tuple_(Chat.last_at, Chat.chat) < (before.at, before.name))
        if archived is not None:
            query = query.where(Chat.archived.is_(archived))
        query = query.order_by(Chat.last_at.desc(), Chat.chat.desc()).limit(limit)
        return await self._rows(query)

    async def chat(self, workspace: str, session: str, chat: str) -> Row | None:
        """One chat."""
        query = select(Chat.__table__).where(*_of(Chat, workspace, session), Chat.chat == chat)
        return await self._row(query)

    async def history(
        self,
        workspace: str,
        session: str,
        chat: str,
        *,
        before: Place | None = None,
        limit: int = 50,
    ) -> Sequence[Row]:
        """What was said in a chat, the newest first."""
        query = select(Message.__table__).where(
            *_of(Message, workspace, session), Message.chat == chat, Message.kind != _HIDDEN
        )
        if before is not None:
            query = query.where(
                tuple_(Message.at, Message.arrival, Message.id)
                < (before.at, before.arrival, before.name)
            )
        query = query.order_by(*_NEWEST_FIRST).limit(limit)
        return await self._rows(query)

    async def message(self, workspace: str, session: str, name: str) -> Row | None:
        """One message, by the server's id or by WhatsApp's."""
        query = select(Message.__table__).where(
            *_of(Message, workspace, session), or_(Message.id == name, Message.message_id == name)
        )
        return await self._row(query.limit(1))

    async def last_received(self, workspace: str, session: str, chat: str) -> Row | None:
        """The newest message of a chat that somebody else wrote."""
        query = (
            select(Message.__table__)
            .where(
                *_of(Message, workspace, session),
                Message.chat == chat,
                Message.outgoing.is_(False),
            )
            .order_by(*_NEWEST_FIRST)
            .limit(1)
        )
        return await self._row(query)

    async def contacts(
        self, workspace: str, session: str, *, after: str = "", limit: int = 50, search: str = ""
    ) -> Sequence[Row]:
        """The people that a session knows, by their addresses."""
        query = select(Contact.__table__).where(
            *_of(Contact, workspace, session), Contact.address > after
        )
        if search:
            query = query.where(
                or_(
                    Contact.name.icontains(search, autoescape=True),
                    Contact.address.contains(search, autoescape=True),
                )
            )
        return await self._rows(query.order_by(Contact.address).limit(limit))

    async def contact(self, workspace: str, session: str, address: str) -> Row | None:
        """One person."""
        query = select(Contact.__table__).where(
            *_of(Contact, workspace, session), Contact.address == address
        )
        return await self._row(query)

    async def _rows(self, query: Any) -> Sequence[Row]:  # noqa: ANN401  # any selection of columns
        async with self._database.read() as transaction:
            return cast("Sequence[Row]", (await transaction.execute(query)).mappings().all())

    async def _row(self, query: Any) -> Row | None:  # noqa: ANN401  # any selection of columns
        async with self._database.read() as transaction:
            return cast("Row | None", (await transaction.execute(query)).mappings().first())


def _of(table: type[Table], workspace: str, session: str) -> list[ColumnElement[bool]]:
    """Only what belongs to this session: no query goes without it."""
    columns = table.__table__.c
    return [columns.workspace == workspace, columns.session == session]
