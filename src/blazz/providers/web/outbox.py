"""What was given to the page to be sent: which token has which message, and what became of it.

WhatsApp Web carries no token. So the id of a message is made from its token, and this file
remembers the way back; it also tells after a crash to whom a message of unknown fate was going.
"""

from __future__ import annotations

import enum
import json
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from blazz.databases.queries import Queries, migrations
from blazz.databases.sqlite import SqliteDatabase
from blazz.errors import InvalidValue
from blazz.providers.web.ids import message_id_for

_DAYS: Final = 30
_REMEMBERED: Final = 10_000
_EXPORTED: Final = 10_000


class Standing(enum.StrEnum):
    """How far a message is known to have come."""

    GIVEN = "given"
    """It was given to the page; nothing more is known."""
    ACCEPTED = "accepted"
    """WhatsApp has it."""
    REFUSED = "refused"
    """WhatsApp did not take it."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One message.

    Attributes:
        id: The last part of its id.
        token: Its token.
        chat: Whom it was for, as WhatsApp Web writes it.
        standing: How far it has come.
    """

    id: str
    token: str
    chat: str
    standing: Standing


class Outbox:
    """The messages of the last 30 days, in a SQLite file of the session.

    Args:
        path: The file; its folder is made if it is missing.
        clock: Tells the time, in seconds since 1970.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        steps = migrations("blazz.providers.web", "outbox_migrations")
        self._database = SqliteDatabase(path, migrations=steps)
        self._queries = Queries("blazz.providers.web", "outbox.sql")
        self._clock = clock
        self._tokens: OrderedDict[str, str | None] = OrderedDict()

    async def open(self) -> None:
        """Open the file, and forget what is too old."""
        await self._database.open()
        await self._write("forget", before=self._clock() - _DAYS * 86_400)

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()

    async def note(self, token: str, chat: str) -> tuple[str, bool]:
        """Remember a message before it is given to the page.

        Returns:
            The last part of its id, and whether it has been given to a page before.
        """
        message_id = message_id_for(token)
        self._remember(message_id, token)
        rows = await self._write("note", id=message_id, token=token, chat=chat, now=self._clock())
        return message_id, not rows

    async def accept(self, id: str, message_id: str) -> None:  # noqa: A002  # as in the table
        """WhatsApp has a message; `message_id` is its whole id."""
        await self._write("accept", id=id, message_id=message_id)

    async def refuse(self, id: str) -> None:  # noqa: A002  # as in the table
        """WhatsApp did not take a message."""
        await self._write("refuse", id=id)

    async def look_up(self, tokens: Sequence[str]) -> Mapping[str, Noted]:
        """What is known of some tokens; unknown ones are left out."""
        ids = json.dumps([message_id_for(token) for token in tokens])
        rows = await self._read("standing", ids=ids)
        noted = (Noted(row[0], row[1], row[2], Standing(row[3])) for row in rows)
        return {each.token: each for each in noted}

    async def recent(self, *, since: float, most: int) -> list[str]:
        """The whole ids of messages that WhatsApp has taken, the oldest first; none to groups.

        Args:
            since: Only those given to a page since then, in seconds since 1970.
            most: The most to give; the newest.
        """
        rows = await self._read("recent", since=since, most=most)
        return [str(row[0]) for row in reversed(rows)]

    async def tokens(self, ids: Iterable[str]) -> Mapping[str, str]:
        """The tokens of some messages, by the last part of their ids; others are left out."""
        wanted = set(ids)
        missing = [each for each in wanted if each not in self._tokens]
        if missing:
            rows = await self._read("standing", ids=json.dumps(missing))
            found = {row[0]: row[1] for row in rows}
            for each in missing:
                self._remember(each, found.get(each))
        return {each: token for each in wanted if (token := self._tokens.get(each)) is not None}

    async def fact(self, name: str) -> str | None:
        """A fact about the session."""
        rows = await self._read("get_fact", name=name)
        return str(rows[0][0]) if rows else None

    async def set_fact(self, name: str, value: str) -> None:
        """Remember a fact about the session."""
        await self._write("set_fact", name=name, value=value)

    async def forget_everything(self) -> None:
        """Forget all: the account was logged out."""
        self._tokens.clear()
        await self._write("forget_all")
        await self._write("forget_facts")

    async def export(self) -> bytes:
        """Write its newest messages and its facts, so that another machine can go on with them.

        The oldest comes first, so that what was written before changes little.
        """

        def read(connection: sqlite3.Connection) -> dict[str, list[Any]]:
            newest = connection.execute(self._queries["newest"], {"most": _EXPORTED}).fetchall()
            facts = connection.execute(self._queries["all_facts"]).fetchall()
            return {"facts": facts, "sent": newest[::-1]}

        found = await self._database.write(read, durable=False)
        return json.dumps(found, separators=(",", ":")).encode()

    async def merge(self, content: bytes) -> None:
        """Take in what `export` wrote; what is known here already stays as it is.

        Raises:
            InvalidValue: It is nothing that `export` writes.
        """
        try:
            found = json.loads(content)
            sent = [tuple(row) for row in found["sent"]]
            facts = [tuple(row) for row in found["facts"]]
            if any(len(row) != 6 for row in sent) or any(len(row) != 2 for row in facts):
                raise ValueError
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidValue("outbox", "what Outbox.export writes", content[:80]) from error

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(self._queries["take_message"], sent)
            connection.executemany(self._queries["take_fact"], facts)

        self._tokens.clear()
        await self._database.write(write, durable=False)

    def _remember(self, message_id: str, token: str | None) -> None:
        self._tokens[message_id] = token
        if len(self._tokens) > _REMEMBERED:
            self._tokens.popitem(last=False)

    async def _write(self, query: str, **values: Any) -> list[Any]:  # noqa: ANN401  # what SQLite takes
        def work(connection: sqlite3.Connection) -> list[Any]:
            return connection.execute(self._queries[query], values).fetchall()

        # A killed process loses nothing; after a power cut the id still tells a message apart.
        return await self._database.write(work, durable=False)

    async def _read(self, query: str, **values: Any) -> list[Any]:  # noqa: ANN401  # what SQLite takes
        def work(connection: sqlite3.Connection) -> list[Any]:
            return connection.execute(self._queries[query], values).fetchall()

        # In the writer's thread: a receipt may come before the reader would see its message.
        return await self._database.write(work, durable=False)
