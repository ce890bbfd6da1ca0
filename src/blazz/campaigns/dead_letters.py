"""Writes what could not be delivered into a file that can be mended and sent again."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from blazz.campaigns.ledger.records import CampaignRow, RecipientRow, unpack
from blazz.campaigns.spreadsheets import open_table

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
    table = open_table(unfinished, header)
    count = 0
    try:
        batch: list[Sequence[object]] = []
        async for it in letters:
            values = unpack(it.values, row.columns).values()
            why = (it.line, it.state.value, it.code or "", it.reason or "")
            batch.append((it.address, *values, *why))
            if len(batch) == _AT_ONCE:
                await asyncio.to_thread(table.write, *batch)
                count += len(batch)
                batch = []
        await asyncio.to_thread(table.write, *batch)
        table.close()
        unfinished.replace(path)
        return count + len(batch)
    finally:
        table.close()
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()
