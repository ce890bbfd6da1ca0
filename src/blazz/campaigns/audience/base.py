"""What an audience is made of, and how a row becomes a recipient."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from blazz.addresses import Address, parse
from blazz.errors import InvalidValue

BATCH = 1000
"""How many rows are read at once."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A row that can be sent to.

    Attributes:
        line: Where it starts in its file, from 1; else the number of the row.
        address: Whom to send to.
        vars: The values of the columns that the message needs.
    """

    line: int
    address: Address
    vars: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be sent to.

    Attributes:
        line: Where it starts in its file, from 1; else the number of the row.
        raw: Its fields as they came.
        reason: What is wrong with it.
    """

    line: int
    raw: tuple[str, ...]
    reason: str


Row: TypeAlias = Recipient | Rejected
Check: TypeAlias = Callable[[str, Mapping[str, str]], object]
"""Raises `InvalidValue` for values that a person's message cannot be filled in from."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a campaign asks of each row.

    Attributes:
        columns: The columns that the message needs.
        check: Tries the message out on a row's address and values.
    """

    columns: tuple[str, ...] = ()
    check: Check | None = None

    def judge(
        self,
        line: int,
        raw: Sequence[str],
        contact: str | Address,
        values: Mapping[str, str],
        *,
        region: str | None,
    ) -> Row:
        """Make a recipient of a row, or say why not."""
        try:
            address = parse(contact, region=region)
            if self.check is not None:
                self.check(str(address), values)
        except InvalidValue as error:
            return Rejected(line, tuple(raw), str(error))
        return Recipient(line, address, values)


class AudienceReader(Protocol):
    """An audience that is being read, once, from beginning to end."""

    @property
    def columns(self) -> Sequence[str]:
        """Its columns, for the head of a rejects file; may be empty until a row was read."""
        ...

    def batches(self) -> AsyncIterator[list[Row]]:
        """Read all rows, many at a time.

        Raises:
            AudienceError: It cannot be read on, or has no rows.
        """
        ...

    def fingerprint(self) -> str:
        """Tell this audience from others; known once all batches are read."""
        ...


class AudienceSource(Protocol):
    """Where an audience comes from; made by `Audience`."""

    def open(self, needs: Needs) -> AbstractAsyncContextManager[AudienceReader]:
        """Begin to read it.

        Raises:
            AudienceError: It cannot be read, or lacks a column.
        """
        ...

    async def fingerprint(self) -> str:
        """Tell this audience from others, without making recipients of its rows.

        Raises:
            AudienceError: It cannot be read.
        """
        ...
