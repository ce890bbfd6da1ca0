"""Brings an audience into the ledger, and what cannot be sent to into a rejects file."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from blazz.campaigns.audience.base import AudienceSource, Needs, Recipient, Row
from blazz.campaigns.content import Content, read_content
from blazz.campaigns.geography import country_of
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, NewRow, Reject, RejectKind, pack
from blazz.campaigns.options import CampaignOptions, Share
from blazz.campaigns.routing import lane_of
from blazz.campaigns.spreadsheets import Table, open_table
from blazz.messages.base import Message

_TTL = 60.0
_PAGE = 5000

Seen: TypeAlias = Callable[[str, int, Message], None]


async def import_audience(
    ledger: Ledger,
    row: CampaignRow,
    audience: AudienceSource,
    *,
    owner: str,
    clock: Callable[[], float],
    seen: Seen | None = None,
) -> CampaignRow:
    """Read the whole audience; every row is tried out with the message.

    An import that was broken off is started again from nothing: the file may have changed.

    Args:
        ledger: Where to.
        row: The campaign.
        audience: Who.
        owner: Who imports, from `Ledger.join`.
        clock: Seconds since the epoch.
        seen: Told of each good row's address, variant and message.

    Raises:
        AudienceError: It cannot be read or lacks a column; nothing can be sent.
        CampaignConflict: Another process imports it, or it is complete.
        LedgerError: The ledger cannot be written.
    """
    content = Content(read_content(row.message), seed=row.id)
    options = CampaignOptions.from_json(row.options)
    sorter = _Sorter(options, row.chunk_size)
    async with audience.open(needs_of(content, seen=seen)) as reader:
        await ledger.begin_import(row.number, owner=owner, now=clock(), ttl=_TTL)
        async for batch in reader.batches():
            rows, rejects = _split(batch, content)
            for lane, some in sorter.sort(rows):
                await ledger.import_rows(
                    row.number, some, rejects, owner=owner, now=clock(), ttl=_TTL, lane=lane
                )
                rejects = []
            if rejects:
                await ledger.import_rows(
                    row.number, [], rejects, owner=owner, now=clock(), ttl=_TTL
                )
        for lane, some in sorter.rest():
            await ledger.import_rows(
                row.number, some, owner=owner, now=clock(), ttl=_TTL, lane=lane
            )
        return await ledger.finish_import(
            row.number,
            owner=owner,
            audience=reader.fingerprint(),
            columns=reader.columns,
            now=clock(),
            ttl=_TTL,
        )


def needs_of(content: Content, *, seen: Seen | None = None) -> Needs:
    """What a content asks of an audience: its columns, and that it can be filled in."""

    def check(address: str, values: Mapping[str, str]) -> None:
        variant = content.variant(address)
        message = content.render(values, variant=variant)
        if seen is not None:
            seen(address, variant, message)

    return Needs(content.columns, check if content.columns or seen else None)


class _Sorter:
    """Gathers the people of each number into chunks of their own, where people belong to numbers.

    No more than a chunk of each number is held in memory.
    """

    def __init__(self, options: CampaignOptions, chunk_size: int) -> None:
        stays = options.numbers.share is Share.RECIPIENTS
        self._sessions = options.sessions if stays else ()
        self._chunk_size = chunk_size
        self._waiting: list[list[NewRow]] = [[] for _ in self._sessions]

    def sort(self, rows: list[NewRow]) -> Iterator[tuple[int, list[NewRow]]]:
        """Take rows; give what can be imported now, with the number that it belongs to."""
        if not self._sessions:
            if rows:
                yield 0, rows
            return
        for row in rows:
            lane = lane_of(row.address, self._sessions)
            self._waiting[lane].append(row)
            if len(self._waiting[lane]) == self._chunk_size:
                yield lane, self._waiting[lane]
                self._waiting[lane] = []

    def rest(self) -> Iterator[tuple[int, list[NewRow]]]:
        """Give what is left at the end."""
        return ((lane, rows) for lane, rows in enumerate(self._waiting) if rows)


def _split(batch: Iterable[Row], content: Content) -> tuple[list[NewRow], list[Reject]]:
    rows: list[NewRow] = []
    rejects: list[Reject] = []
    for item in batch:
        if isinstance(item, Recipient):
            values = pack([item.vars[column] for column in content.columns])
            address = str(item.address)
            country = country_of(address)
            rows.append(NewRow(item.line, address, values, country, content.variant(address)))
        else:
            rejects.append(Reject(item.line, RejectKind.INVALID, item.reason, item.raw))
    return rows, rejects


async def write_rejects(ledger: Ledger, row: CampaignRow, path: Path) -> None:
    """Write all rejected rows and duplicates of a campaign into a CSV file.

    It has the line, the reason and the fields as they came; once mended it can be an audience.

    Raises:
        OSError: The file cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    # Not in a thread: a task that is cancelled meanwhile would not get it to close it.
    table = open_table(unfinished, ("line", "reason", *row.audience_columns))
    try:
        after = 0
        while page := await ledger.rejects(row.number, after=after, limit=_PAGE):
            await asyncio.to_thread(_write, table, page)
            after = page[-1].line
        table.close()
        unfinished.replace(path)
    finally:
        table.close()
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()


def _write(table: Table, rejects: Iterable[Reject]) -> None:
    table.write(*((it.line, it.reason, *it.fields) for it in rejects))
