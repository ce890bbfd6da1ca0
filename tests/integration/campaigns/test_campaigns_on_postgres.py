"""Whole campaigns with a PostgreSQL ledger: from an audience to a report, and a restart between."""

from __future__ import annotations

import asyncio
import time

import anyio

from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import CampaignState
from blazz.campaigns.progress import Phase
from tests.servers.postgres import PostgresServer
from tests.unit.campaigns.senders import FakeSender, a_campaign, people, run


async def test_a_campaign_from_its_audience_to_its_report(postgres_url: str) -> None:
    sender = FakeSender()
    async with PostgresLedger(postgres_url) as ledger:
        campaign = a_campaign(ledger, sender, people(1200), chunk_size=100)
        last = await run(campaign)
        assert (last.phase, last.counts.accepted) == (Phase.DONE, 1200)
        assert len(sender.times) == 1200
        assert max(sender.times.values()) == 1
        report = await campaign.report()
        assert report.balanced
        assert report.started_at is not None
        assert abs(report.started_at.timestamp() - time.time()) < 3600
        again = await run(a_campaign(ledger, sender, people(1200), chunk_size=100))
        assert again.counts.accepted == 1200
        assert len(sender.sent) == 1200, "running it again sends nothing"


async def test_two_processes_send_one_campaign(postgres_url: str) -> None:
    sender = FakeSender()
    first, second = PostgresLedger(postgres_url), PostgresLedger(postgres_url)
    async with first, second:
        await a_campaign(first, sender, people(600), chunk_size=20).prepare()
        async with anyio.create_task_group() as tasks:
            for ledger in (first, second):
                campaign = a_campaign(ledger, sender, people(600), chunk_size=20)
                tasks.start_soon(run, campaign)
        assert len(sender.times) == 600
        assert max(sender.times.values()) == 1


async def test_a_restart_of_the_server_loses_and_doubles_nothing(
    postgres_server: PostgresServer,
) -> None:
    enough, restarted = anyio.Event(), anyio.Event()

    async def answer(_address: str) -> None:
        if len(sender.sent) >= 100:
            enough.set()
            await restarted.wait()

    sender = FakeSender(answer)
    async with PostgresLedger(postgres_server.url()) as ledger:
        campaign = a_campaign(ledger, sender, people(400), chunk_size=50, concurrency=20)
        await campaign.prepare()

        async def restart() -> None:
            await enough.wait()
            await asyncio.to_thread(postgres_server.kill)
            restarted.set()
            await asyncio.to_thread(postgres_server.start)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(restart)
            last = await run(campaign)
        assert max(sender.times.values()) == 1, "nobody gets it twice"
        assert last.counts.accepted + last.counts.unknown == 400
        assert len(sender.times) == last.counts.accepted, "all that left is recorded"
        row = await ledger.find("default", campaign.id)
        assert row is not None
        assert row.state is CampaignState.RUNNING
        unknown = await ledger.recipients(row.number, {State.UNKNOWN})
        assert len(unknown) == last.counts.unknown == 0, "rows of a lost answer are looked up"
