"""Every ledger keeps the promises of the seam."""

from __future__ import annotations

from pathlib import Path

from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.testing.ledger import check_ledger


async def test_the_sqlite_ledger(tmp_path: Path) -> None:
    async with SqliteLedger(tmp_path / "ledger.db") as ledger:
        await check_ledger(ledger)


async def test_the_postgres_ledger(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url, callers_clock=True) as ledger:
        await check_ledger(ledger)
