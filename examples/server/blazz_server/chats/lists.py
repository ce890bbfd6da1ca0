"""The list of chats and the people in it, as they are written."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, cast

from sqlalchemy import Table, case, func
from sqlalchemy.ext.asyncio import AsyncConnection

from blazz_server.chats.tables import Chat, Contact
from blazz_server.chats.writer import Insert, insert

Values: TypeAlias = dict[str, Any]

_chats = cast("Table", Chat.__table__)
_contacts = cast("Table", Contact.__table__)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the list of chats shows of a message."""

    workspace: str
    session: str
    chat: str
    at: datetime
    text: str | None
    kind: str
    outgoing: bool
    name: str | None = None


def line(text: str | None) -> str | None:
    """As much of a text as the list shows.

    Example:
        >>> line("x" * 500) == "x" * 200
        True
    """
    return None if text is None else text[:200]


async def show(
    connection: AsyncConnection, messages: Iterable[Shown], *, unread: bool = False
) -> None:
    """Move chats to the top of the list."""
    rows: dict[tuple[str, str, str], Values] = {}
    for it in sorted(messages, key=lambda it: it.at):
        key = (it.workspace, it.session, it.chat)
        before = rows.get(key)
        counted = before["unread"] if before else 0
        rows[key] = {
            "workspace": it.workspace,
            "session": it.session,
            "chat": it.chat,
            "name": it.name or (before["name"] if before else None),
            "last_at": it.at,
            "last_text": line(it.text),
            "last_kind": it.kind,
            "last_outgoing": it.outgoing,
            "unread": counted + unread,
            "archived": False,
        }
    if not rows:
        return
    await connection.execute(_shown(connection.dialect.name), [rows[key] for key in sorted(rows)])


async def put(connection: AsyncConnection, chats: Iterable[Values]) -> None:
    """Write chats as the phone knows them."""
    rows = {(it["workspace"], it["session"], it["chat"]): it for it in chats}
    if not rows:
        return
    await connection.execute(_phoned(connection.dialect.name), [rows[key] for key in sorted(rows)])


async def know(connection: AsyncConnection, people: Iterable[Values]) -> None:
    """Remember what is known of people; what is not told now stays."""
    rows = {(it["workspace"], it["session"], it["address"]): it for it in people}
    if not rows:
        return
    await connection.execute(_known(connection.dialect.name), [rows[key] for key in sorted(rows)])


@functools.cache
def _shown(dialect: str) -> Insert:
    statement = insert(dialect, Chat)
    given = statement.excluded
    newer = given.last_at >= _chats.c.last_at
    columns = ("last_text", "last_kind", "last_outgoing", "last_at")
    return statement.on_conflict_do_update(
        index_elements=["workspace", "session", "chat"],
        set_={
            **{name: case((newer, given[name]), else_=_chats.c[name]) for name in columns},
            "name": func.coalesce(given.name, _chats.c.name),
            "unread": _chats.c.unread + given.unread,
        },
    )


@functools.cache
def _phoned(dialect: str) -> Insert:
    statement = insert(dialect, Chat)
    given = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["workspace", "session", "chat"],
        set_={
            "name": func.coalesce(given.name, _chats.c.name),
            "last_at": case(
                (given.last_at > _chats.c.last_at, given.last_at), else_=_chats.c.last_at
            ),
            "unread": given.unread,
            "archived": given.archived,
        },
    )


@functools.cache
def _known(dialect: str) -> Insert:
    statement = insert(dialect, Contact)
    given = statement.excluded
    names = ("name", "phone", "user_id", "lid", "username")
    return statement.on_conflict_do_update(
        index_elements=["workspace", "session", "address"],
        set_={
            **{name: func.coalesce(given[name], _contacts.c[name]) for name in names},
            "updated_at": given.updated_at,
        },
    )
