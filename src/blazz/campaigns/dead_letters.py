"""Writes what could not be delivered into a file that can be mended and sent again."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import IO

from blazz.campaigns.ledger.records import CampaignRow, RecipientRow, unpack

_AT_ONCE = 1000


async def export_dead_letters(
    row: CampaignRow, letters: AsyncIterator[RecipientRow], path: Path
) -> int:
    """Write recipients with their columns, state and reason; give how many there were.

    The file is there whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    header = ("phone", *row.columns, "line", "state", "code", "reason")
    # Not in a thread: a task that is cancelled meanwhile would not get it to close it.
    file = open_table(unfinished, header)
    count = 0
    try:
        batch: list[Sequence[object]] = []
        async for it in letters:
            values = unpack(it.values, row.columns).values()
            why = (it.line, it.state.value, it.code or "", it.reason or "")
            batch.append((it.address, *values, *why))
            if len(batch) == _AT_ONCE:
                await asyncio.to_thread(csv.writer(file).writerows, batch)
                count += len(batch)
                batch = []
        await asyncio.to_thread(csv.writer(file).writerows, batch)
        file.close()
        unfinished.replace(path)
        return count + len(batch)
    finally:
        file.close()
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()


def open_table(path: Path, header: Sequence[str]) -> IO[str]:
    """Begin a CSV file for people and spreadsheets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # With a byte-order mark, because spreadsheets take a CSV file without one for Latin-1.
    file = path.open("w", encoding="utf-8-sig", newline="")
    csv.writer(file).writerow(header)
    return file
