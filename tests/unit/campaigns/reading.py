"""Reads audiences the way an import does."""

from __future__ import annotations

from blazz.campaigns.audience import Audience, Needs, Recipient, Rejected
from blazz.campaigns.audience.base import Check


async def read(
    audience: Audience, *columns: str, check: Check | None = None
) -> list[Recipient | Rejected]:
    """Every row of an audience."""
    async with audience.open(Needs(columns, check)) as reader:
        return [row async for batch in reader.batches() for row in batch]


def addresses(rows: list[Recipient | Rejected]) -> list[str]:
    """The addresses of those that are recipients."""
    return [str(row.address) for row in rows if isinstance(row, Recipient)]


def rejected(rows: list[Recipient | Rejected]) -> list[tuple[int, str]]:
    """Line and reason of those that are not."""
    return [(row.line, row.reason) for row in rows if isinstance(row, Rejected)]
