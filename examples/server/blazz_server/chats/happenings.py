"""What is written of what happens in chats; each change may be repeated without harm."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

from sqlalchemy import Table, and_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from blazz_server.chats import lists
from blazz_server.chats.changes import insert_messages
from blazz_server.chats.lists import Shown, Values
from blazz_server.chats.stages import Stage
from blazz_server.chats.tables import Chat, Message
from blazz_server.chats.writer import Change
from blazz_server.database import utc_now

_messages = cast("Table", Message.__table__)
_chats = cast("Table", Chat.__table__)


@dataclass(slots=True, eq=False)
class Reached(Change):
    """A status update: how far a message of ours got.

    Attributes:
        workspace: Whose it is.
        session: Of which session.
        message_id: What WhatsApp calls it.
        token: What travelled with it.
        stage: How far it got.
        problem: Why it failed.
        campaign: The row of a campaign's message, which nobody has written yet.
    """

    order: ClassVar[int] = 4
    workspace: str
    session: str
    message_id: str
    token: str | None
    stage: Stage
    problem: Values | None = None
    campaign: Values | None = None
    error: Exception | None = None

    @classmethod
    async def write(cls, connection: AsyncConnection, changes: Sequence[Self]) -> None:
        """Move the messages up, never down."""
        rows = [it.campaign for it in changes if it.campaign is not None]
        if rows:
            await insert_messages(connection, rows)
        in_order = sorted(changes, key=lambda it: (it.message_id, it.stage))
        for by, column in (("token", _messages.c.token), ("message_id", _messages.c.message_id)):
            those = [it for it in in_order if (it.token is not None) == (by == "token")]
            if those:
                await connection.execute(_reached(column), [it.parameters(by) for it in those])

    def parameters(self, by: str) -> Values:
        """What the statement that finds the message `by` a column is run with."""
        return {
            "b_workspace": self.workspace,
            "b_session": self.session,
            "b_which": getattr(self, by),
            "b_message_id": self.message_id,
            "b_stage": int(self.stage),
            "b_problem": self.problem,
            "b_now": utc_now(),
        }


@functools.cache
def _reached(column: Any) -> Any:  # noqa: ANN401  # SQLAlchemy's own types say less
    return (
        update(_messages)
        .where(
            _messages.c.workspace == bindparam("b_workspace"),
            _messages.c.session == bindparam("b_session"),
            column == bindparam("b_which"),
            _messages.c.outgoing,
            _messages.c.stage < bindparam("b_stage"),
        )
        .values(
            stage=bindparam("b_stage"),
            message_id=func.coalesce(_messages.c.message_id, bindparam("b_message_id")),
            problem=bindparam("b_problem", type_=_messages.c.problem.type),
            updated_at=bindparam("b_now"),
        )
    )


@dataclass(slots=True, eq=False)
class Received(Change):
    """Messages that others sent, or that were sent elsewhere.

    Attributes:
        rows: The messages; one that is there already is left alone.
        shown: What the list of chats shows of them, by the row's id.
        people: What is known of people.
        unread: Whether they count as unread.
        chats: Chats as the phone knows them.
    """

    order: ClassVar[int] = 5
    rows: Sequence[Values]
    shown: Mapping[str, Shown]
    people: Sequence[Values] = ()
    unread: bool = True
    chats: Sequence[Values] = ()
    error: Exception | None = None

    @classmethod
    async def write(cls, connection: AsyncConnection, changes: Sequence[Self]) -> None:
        """Insert what is new, move its chats to the top, and count it as unread."""
        rows = [row for it in changes for row in it.rows]
        new: set[str] = set()
        if rows:
            new = await insert_messages(connection, rows)
        quiet: list[Shown] = []
        counted: list[Shown] = []
        for it in changes:
            shown = [shown for name, shown in it.shown.items() if name in new]
            new -= it.shown.keys()  # one that came twice at the same time is counted once
            (counted if it.unread else quiet).extend(shown)
        await lists.show(connection, quiet)
        await lists.show(connection, counted, unread=True)
        await lists.put(connection, [chat for it in changes for chat in it.chats])
        await lists.know(connection, [person for it in changes for person in it.people])


@dataclass(slots=True, eq=False)
class Altered(Change):
    """A message reads differently now: edited, revoked, or reacted to.

    Attributes:
        workspace: Whose it is.
        session: Of which session.
        message_id: What WhatsApp calls it.
        values: The columns that change.
        reaction: Who reacted, and how; None takes it back.
    """

    order: ClassVar[int] = 6
    workspace: str
    session: str
    message_id: str
    values: Values = field(default_factory=dict)
    reaction: tuple[str, str | list[str] | None] | None = None
    error: Exception | None = None

    @classmethod
    async def write(cls, connection: AsyncConnection, changes: Sequence[Self]) -> None:
        """Change the rows, one by one: these are rare."""
        for it in changes:
            which = and_(
                _messages.c.workspace == it.workspace,
                _messages.c.session == it.session,
                _messages.c.message_id == it.message_id,
            )
            values = dict(it.values)
            if it.reaction is not None:
                found = await connection.execute(
                    select(_messages.c.reactions).where(which).with_for_update()
                )
                values["reactions"] = _with_reaction(found.scalar(), *it.reaction)
            altered = await connection.execute(
                update(_messages)
                .where(which)
                .values(**values, updated_at=utc_now())
                .returning(_messages.c.chat)
            )
            if "text" in values:
                for chat in set(altered.scalars()):
                    await _show_newest(connection, it.workspace, it.session, chat)


async def _show_newest(
    connection: AsyncConnection, workspace: str, session: str, chat: str
) -> None:
    """Have the list of chats say what the newest message says now, or that it was taken back."""
    columns = (_messages.c.at, _messages.c.text, _messages.c.kind)
    newest = (
        select(*columns)
        .where(
            _messages.c.workspace == workspace,
            _messages.c.session == session,
            _messages.c.chat == chat,
            _messages.c.kind != "reaction",
        )
        .order_by(*(_messages.c[name].desc() for name in ("at", "arrival", "id")))
        .limit(1)
    )
    found = (await connection.execute(newest)).first()
    if found is None:
        return
    await connection.execute(
        update(_chats)
        .where(
            _chats.c.workspace == workspace,
            _chats.c.session == session,
            _chats.c.chat == chat,
            _chats.c.last_at == found.at,
        )
        .values(last_text=lists.line(found.text), last_kind=found.kind)
    )


def _with_reaction(
    known: Values | None, who: str, reaction: str | list[str] | None
) -> Values | None:
    kept = {name: it for name, it in (known or {}).items() if name != who}
    if reaction:
        kept[who] = reaction
    return kept or None


@dataclass(slots=True, eq=False)
class Opened(Change):
    """A chat was read, or something of it changed.

    Attributes:
        workspace: Whose it is.
        session: Of which session.
        chat: The chat.
        values: The columns that change.
    """

    order: ClassVar[int] = 7
    workspace: str
    session: str
    chat: str
    values: Values = field(default_factory=lambda: {"unread": 0})
    error: Exception | None = None

    @classmethod
    async def write(cls, connection: AsyncConnection, changes: Sequence[Self]) -> None:
        """Change the rows, one by one."""
        for it in changes:
            await connection.execute(
                update(_chats)
                .where(
                    _chats.c.workspace == it.workspace,
                    _chats.c.session == it.session,
                    _chats.c.chat == it.chat,
                )
                .values(**it.values)
            )
