"""Records of campaigns in each database, with a clock set by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from blazz_server.campaigns.records import CampaignRecords
from blazz_server.database import Database
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


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """An empty table, on SQLite and on PostgreSQL."""
    database, time = Database(database_url), Time()

    def instance(name: str) -> CampaignRecords:
        outbox = Outbox(database, instance=name, clock=time)
        lease = timedelta(seconds=12)
        return CampaignRecords(database, outbox, instance=name, lease=lease, clock=time)

    yield Desk(database, time, instance)
    await database.close()
