"""The seam of the bus: what is published, who follows, and from where."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from blazz.errors import InvalidValue

DEFAULT_BACKLOG: Final = 10_000
MAX_DATA: Final = 64 * 1024
_CURSOR: Final = re.compile(r"([0-9a-f]{1,32}):(0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that was published.

    Attributes:
        cursor: Its place; `Bus.follow(after=cursor)` goes on behind it.
        channel: Whom it concerns, such as `private-workspace.acme`.
        name: What happened, such as `message.delivered`.
        data: The details, as JSON text: it is sent on as it is.
        at: When it was published, in UTC, by the bus's clock.
        origin: Who caused it and need not be told, such as a socket's id; None: nobody.
        author: The user who said it, where users speak to each other.
    """

    cursor: str
    channel: str
    name: str
    data: str
    at: datetime
    origin: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a bus.

    Attributes:
        life: Tells this life of the bus from others: one that lost its data starts a new one.
        number: How many notices came before, and this one; they are numbered without gaps.
    """

    life: str
    number: int

    def __str__(self) -> str:
        return f"{self.life}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read a cursor.

        Raises:
            InvalidValue: It is none.

        Example:
            >>> Cursor.parse("5f2a:17")
            Cursor(life='5f2a', number=17)
        """
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise InvalidValue("cursor", "the `cursor` of a notice", text)
        return cls(match[1], int(match[2]))


class Bus(Protocol):
    """Carries notices to every instance that follows it.

    Semantics that `blazz.testing.check_bus` tests:

    * All followers see all notices in one order, each once, whoever published them.
    * The newest notices are kept, as many as the backlog says. Publishing never waits for
      followers: whoever is too slow, or was away for too long, gets `BacklogLost`, not a gap.
    * A bus that lost its data says so in the same way; no old cursor fits it by chance.
    """

    async def open(self) -> None:
        """Connect.

        Raises:
            BusUnavailable: The server does not answer.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; followers end. May be repeated."""
        ...

    async def publish(
        self,
        channel: str,
        name: str,
        data: str,
        *,
        origin: str | None = None,
        author: str | None = None,
    ) -> Notice:
        """Publish a notice.

        Args:
            channel: Whom it concerns: 1 to 200 characters.
            name: What happened: 1 to 200 characters.
            data: The details as JSON text, at most 64 KiB.
            origin: Who caused it and need not be told.
            author: The user who said it.

        Raises:
            InvalidValue: Something is too long.
            BusUnavailable: The server does not answer; it may or may not have been published.
        """
        ...

    async def newest(self) -> str:
        """Tell the cursor of the newest notice: what to follow from after reading a state.

        Raises:
            BusUnavailable: The server does not answer.
        """
        ...

    def follow(self, *, after: str | None = None) -> AsyncGenerator[Notice]:
        """Iterate over notices as they are published; ends when the bus is closed.

        Args:
            after: The cursor to go on behind; by default from now, which is when the first
                notice is asked for.

        Raises:
            BacklogLost: Notices behind the cursor are no longer kept.
            BusUnavailable: The server does not answer; follow again behind the last cursor.
        """
        ...


def check_notice(channel: str, name: str, data: str) -> None:
    """Check the limits of a notice.

    Raises:
        InvalidValue: Something is empty or too long.
    """
    for field, value in (("channel", channel), ("name", name)):
        if not 1 <= len(value) <= 200:
            raise InvalidValue(f"Notice.{field}", "1 to 200 characters", value)
    size = len(data.encode())
    if size > MAX_DATA:
        raise InvalidValue("Notice.data", f"at most {MAX_DATA} bytes of JSON", f"{size} bytes")


def check_backlog(backlog: int) -> int:
    """Check how many notices a bus is to keep.

    Raises:
        InvalidValue: Not 1 to 1,000,000.
    """
    if not 1 <= backlog <= 1_000_000:
        raise InvalidValue("Bus.backlog", "1 to 1,000,000 notices", backlog)
    return backlog
