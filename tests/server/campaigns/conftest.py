"""Records of campaigns in each database, with a clock set by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blazz_server.campaigns.records import CampaignRecords
from blazz_server.database import Database, Table
from blazz_server.webhooks.outbox import Outbox


@dataclass
class Time:
    """A clock that is set by hand."""

    now: datetime = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Desk:
    """What instances see of campaigns."""

    database: Database
    time: Time
    instance: Callable[[str], CampaignRecords]


@pytest.fixture(params=["sqlite", "postgres"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    """An empty table, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'server.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    database, time = Database(url), Time()
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)

    def instance(name: str) -> CampaignRecords:
        outbox = Outbox(database, instance=name, clock=time)
        lease = timedelta(seconds=12)
        return CampaignRecords(database, outbox, instance=name, lease=lease, clock=time)

    yield Desk(database, time, instance)
    await database.close()
