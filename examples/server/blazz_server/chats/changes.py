"""What is written of a message on its way out; each change may be repeated without harm."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final, Self, cast

from sqlalchemy import (
    RowMapping,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from blazz_server.chats import lists
from blazz_server.chats.lists import Shown, Values
from blazz_server.chats.stages import Stage
from blazz_server.chats.tables import Message
from blazz_server.chats.writer import Change, insert
from blazz_server.database import utc_now

KEY_LIVES: Final = timedelta(hours=24)
"""How long an idempotency key is remembered."""

_TRIES: Final = 3

_messages = cast("Table", Message.__table__)


class ClaimContested(Exception):
    """An idempotency key came and went three times in a row; the request may be made again."""


@dataclass(slots=True, eq=False)
class Claim(Change):
    """The right to send a message, taken by whoever inserts its row.

    Attributes:
        row: The message.
        holder: The row that has its idempotency key already; None: the right is ours.
    """

    order: ClassVar[int] = 1
    row: Values
    holder: Mapping[str, Any] | None = None
    error: Exception | None = None

    @classmethod
    async def write(cls, connection: AsyncConnection, changes: Sequence[Self]) -> None:
        """Insert the rows; look up who has the keys of those that could not be."""
        inserted = await insert_messages(connection, [it.row for it in changes])
        for claim in changes:
            if claim.row["id"] not in inserted:
                await claim.settle(connection)

    async def settle(self, connection: AsyncConnection) -> None:
        """Find out who has the right, where the row could not be inserted.

        Raises:
            ClaimContested: The key came and went meanwhile.
        """
        for _ in range(_TRIES):
            found = await self._found(connection)
            if found is None:  # whoever had the key has just withdrawn
                if await insert_messages(connection, [self.row]):
                    return
            elif found["id"] == self.row["id"]:  # this very claim is written a second time
                return
            elif found["requested_at"] > utc_now() - KEY_LIVES:
                self.holder = dict(found)
                return
            else:
                await connection.execute(
                    update(_messages)
                    .where(_messages.c.id == found["id"])
                    .values(idempotency_key=None, requested_at=None)
                )
        raise ClaimContested

    async def _found(self, connection: AsyncConnection) -> RowMapping | None:
        which = _messages.c.id == self.row["id"]
        if self.row["idempotency_key"] is not None:
            of_key = and_(
                _messages.c.workspace == self.row["workspace"],
                _messages.c.idempotency_key == self.row["idempotency_key"],
            )
            which = or_(which, of_key)
        return (await connection.execute(select(_messages).where(which))).mappings().first()


async def insert_messages(connection: AsyncConnection, rows: Sequence[Values]) -> set[str]:
    """Insert messages that are not there yet; gives the ids of those that were inserted.

    They have arrived in the order of the rows, and after all that were inserted before: a row takes
    longer to insert than the microsecond that it gets here.
    """
    now = time.time_ns() // 1000
    arrived = [{**row, "arrival": now + place} for place, row in enumerate(rows)]
    found = await connection.execute(_insertion(connection.dialect.name), arrived)
    return set(found.scalars())


@functools.cache
def _insertion(dialect: str) -> Any:  # noqa: ANN401  # SQLAlchemy's own types say less
    return insert(dialect, Message).on_conflict_do_nothing().returning(_messages.c.id)


@dataclass(slots=True, eq=False)
class Sent(Change):
    """What became of a message that was on its way out.

    Attributes:
        id: The message.
        stage: How far it got.
        message_id: What WhatsApp calls it.
        problem: Why it failed, or what is doubtful.
        keep_key: Its idempotency key stays taken.
        shown: What the list of chats shows of it; None: nothing.
    """

    order: ClassVar[int] = 2
    id: str
    stage: Stage
    message_id: str | None = None
    problem: Values | None = None
    keep_key: bool = True
    shown: Shown | None = None
    error: Exception | None = None

    @classmethod
    async def write(cls, connection: AsyncConnection, changes: Sequence[Self]) -> None:
        """Move the messages on, and their chats to the top."""
        now = utc_now()
        await connection.execute(
            _SENT,
            [
                {
                    "b_id": it.id,
                    "b_stage": int(it.stage),
                    "b_message_id": it.message_id,
                    "b_problem": it.problem,
                    "b_keep": it.keep_key,
                    "b_now": now,
                }
                for it in sorted(changes, key=lambda it: it.id)
            ],
        )
        await lists.show(connection, [it.shown for it in changes if it.shown is not None])


@dataclass(slots=True, eq=False)
class Withdrawn(Change):
    """A message that certainly never left: as if it had not been asked for."""

    order: ClassVar[int] = 3
    id: str
    error: Exception | None = None

    @classmethod
    async def write(cls, connection: AsyncConnection, changes: Sequence[Self]) -> None:
        """Delete the rows, unless it turned out meanwhile that something did leave."""
        await connection.execute(
            delete(_messages).where(
                _messages.c.id.in_([it.id for it in changes]),
                _messages.c.stage <= Stage.UNKNOWN,
            )
        )


def _furthest(stage: Any) -> Any:  # noqa: ANN401  # SQLAlchemy's own types say less
    return case((_messages.c.stage < stage, stage), else_=_messages.c.stage)


_SENT: Final = (
    update(_messages)
    .where(_messages.c.id == bindparam("b_id"))
    .values(
        stage=_furthest(bindparam("b_stage")),
        message_id=func.coalesce(_messages.c.message_id, bindparam("b_message_id")),
        # A status that came first knows better.
        problem=case(
            (
                _messages.c.stage <= bindparam("b_stage"),
                bindparam("b_problem", type_=_messages.c.problem.type),
            ),
            else_=_messages.c.problem,
        ),
        idempotency_key=case((bindparam("b_keep"), _messages.c.idempotency_key), else_=null()),
        updated_at=bindparam("b_now"),
    )
)
