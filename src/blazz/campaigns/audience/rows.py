"""Reads recipients from any iterable of rows that a program gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio

from blazz.addresses import Address, Group, Lid, Phone, UserId
from blazz.campaigns.audience.base import BATCH, AudienceReader, Needs, Rejected, Row
from blazz.campaigns.audience.columns import check_needed, find_phone
from blazz.errors import AudienceError

Item: TypeAlias = Mapping[str, object] | str | Address
Items: TypeAlias = Iterable[Item] | AsyncIterable[Item]

_ADDRESSES = (Phone, UserId, Lid, Group)
_NAME = "the audience"


class RowsSource:
    """Rows from a program; see `Audience.rows`."""

    def __init__(
        self,
        items: Items | Callable[[], Items],
        *,
        phone: str | None = None,
        region: str | None = None,
    ) -> None:
        self._items = items
        self.phone = phone
        self.region = region
        self._spent = False
        self._known: str | None = None

    @asynccontextmanager
    async def open(self, needs: Needs) -> AsyncIterator[AudienceReader]:
        """Begin to read the rows; see `AudienceSource`."""
        reader = _RowsReader(self, self._start(), needs)
        yield reader
        self._known = reader.finished_fingerprint()

    async def fingerprint(self) -> str:
        """Tell these rows from others, by reading them; see `AudienceSource`."""
        if self._known is None:
            async with self.open(Needs()) as reader:
                async for _ in reader.batches():
                    pass
                return reader.fingerprint()
        return self._known

    def _start(self) -> AsyncIterator[Item]:
        if isinstance(self._items, AsyncIterator | Iterator):
            if self._spent:
                raise AudienceError(
                    f"{_NAME} is an iterator, which can be read only once;"
                    " give a list, or a function that makes a new one"
                )
            self._spent = True
        items: Any = self._items() if callable(self._items) else self._items
        if isinstance(items, AsyncIterable):
            return aiter(items)
        if isinstance(items, Iterable) and not isinstance(items, str | bytes | Mapping):
            return _to_async(items)
        raise AudienceError(
            f"{_NAME} must be an iterable of rows or a function that gives one,"
            f" not {type(items).__name__}"
        )


class _RowsReader:
    """Rows that are being read."""

    def __init__(self, source: RowsSource, items: AsyncIterator[Item], needs: Needs) -> None:
        self._source = source
        self._items = items
        self._needs = needs
        self._digest = hashlib.sha256(repr((source.phone, source.region)).encode())
        self._complete = False
        self._phone: str | None = None
        self._columns: tuple[str, ...] = ()

    @property
    def columns(self) -> Sequence[str]:
        """The keys of the first row that is a mapping."""
        return self._columns

    async def batches(self) -> AsyncIterator[list[Row]]:
        """Read all rows, many at a time; see `AudienceReader`."""
        number = 0
        batch: list[Row] = []
        async for item in self._items:
            number += 1
            batch.append(self._judge(number, item))
            if len(batch) == BATCH:
                yield batch
                batch = []
                await anyio.lowlevel.checkpoint()
        if batch:
            yield batch
        if not number:
            raise AudienceError(f"{_NAME} has no rows")
        self._complete = True

    def fingerprint(self) -> str:
        """Tell these rows from others; known once all are read."""
        return self._digest.hexdigest()

    def finished_fingerprint(self) -> str | None:
        """The fingerprint, or None if reading broke off."""
        return self.fingerprint() if self._complete else None

    def _judge(self, number: int, item: object) -> Row:
        if isinstance(item, Mapping):
            return self._judge_mapping(number, item)
        if isinstance(item, str | Phone | UserId | Lid | Group):
            raw = (str(item),)
            self._note(raw)
            if number == 1:
                check_needed(_NAME, (), self._needs.columns)
            if self._needs.columns:
                return Rejected(number, raw, "it has no columns, but the message needs some")
            return self._needs.judge(number, raw, item, {}, region=self._source.region)
        raise AudienceError(
            f"{_NAME}, row {number}: a row is a mapping with a phone number or an address,"
            f" not {type(item).__name__}"
        )

    def _judge_mapping(self, number: int, item: Mapping[str, object]) -> Row:
        row = {str(key): "" if value is None else str(value) for key, value in item.items()}
        raw = tuple(row.values())
        self._note(raw, row)
        if self._phone is None:
            self._columns = tuple(row)
            self._phone = find_phone(_NAME, list(row), self._source.phone)
            check_needed(_NAME, list(row), self._needs.columns)
        missing = [name for name in (self._phone, *self._needs.columns) if name not in row]
        if missing:
            return Rejected(number, raw, f"it has no {', '.join(map(repr, missing))}")
        contact = item[self._phone]
        values = {name: row[name] for name in self._needs.columns}
        return self._needs.judge(
            number,
            raw,
            contact if isinstance(contact, _ADDRESSES) else row[self._phone],
            values,
            region=self._source.region,
        )

    def _note(self, raw: tuple[str, ...], row: Mapping[str, str] | None = None) -> None:
        """Add a row to the fingerprint, whatever the order of its keys."""
        shown = json.dumps(row, sort_keys=True) if row is not None else json.dumps(raw)
        self._digest.update(shown.encode())


async def _to_async(items: Iterable[Item]) -> AsyncIterator[Item]:
    for item in items:
        yield item
