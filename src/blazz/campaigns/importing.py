"""Brings an audience into the ledger, and what cannot be sent to into a rejects file."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from blazz.campaigns.audience.base import AudienceSource, Needs, Recipient, Row
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, NewRow, Reject, RejectKind, pack
from blazz.messages.codec import from_json
from blazz.messages.rendering import Renderer

_TTL = 60.0
_PAGE = 5000


async def import_audience(
    ledger: Ledger,
    row: CampaignRow,
    audience: AudienceSource,
    *,
    owner: str,
    clock: Callable[[], float],
) -> CampaignRow:
    """Read the whole audience; every row is tried out with the message.

    An import that was broken off is started again from nothing: the file may have changed.

    Raises:
        AudienceError: It cannot be read or lacks a column; nothing can be sent.
        CampaignConflict: Another process imports it, or it is complete.
        LedgerError: The ledger cannot be written.
    """
    renderer = Renderer(from_json(row.message))
    needs = Needs(row.columns, renderer.render if row.columns else None)
    async with audience.open(needs) as reader:
        await ledger.begin_import(row.number, owner=owner, now=clock(), ttl=_TTL)
        async for batch in reader.batches():
            rows, rejects = _split(batch, row.columns)
            await ledger.import_rows(row.number, rows, rejects, owner=owner, now=clock(), ttl=_TTL)
        return await ledger.finish_import(
            row.number,
            owner=owner,
            audience=reader.fingerprint(),
            columns=reader.columns,
            now=clock(),
            ttl=_TTL,
        )


def _split(batch: Iterable[Row], columns: tuple[str, ...]) -> tuple[list[NewRow], list[Reject]]:
    rows: list[NewRow] = []
    rejects: list[Reject] = []
    for item in batch:
        if isinstance(item, Recipient):
            values = pack([item.vars[column] for column in columns])
            rows.append(NewRow(item.line, str(item.address), values))
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
    file = await asyncio.to_thread(_start, unfinished, ("line", "reason", *row.audience_columns))
    try:
        after = 0
        while page := await ledger.rejects(row.number, after=after, limit=_PAGE):
            await asyncio.to_thread(_write, file, page)
            after = page[-1].line
        file.close()
        unfinished.replace(path)
    finally:
        file.close()
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()


def _start(path: Path, header: Iterable[str]) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # With a byte-order mark, because spreadsheets take a CSV file without one for Latin-1.
    file = path.open("w", encoding="utf-8-sig", newline="")
    csv.writer(file).writerow(header)
    return file


def _write(file: IO[str], rejects: Iterable[Reject]) -> None:
    csv.writer(file).writerows((it.line, it.reason, *it.fields) for it in rejects)
