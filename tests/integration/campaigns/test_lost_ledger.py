"""PostgreSQL comes back without its data: campaigns stop with an error, and nobody hears twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import anyio
import asyncpg
import pytest

from blazz.campaigns import serving
from blazz.campaigns.delivery import Accepted
from blazz.campaigns.engine.local import LocalEngine
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import CampaignState, Finding
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.errors import LedgerLost
from tests.integration.campaigns.test_postgres_ledger import ready
from tests.servers.postgres import PostgresServer
from tests.unit.campaigns.senders import FakeSender, a_campaign, people, run

RECIPIENTS = 400


async def empty(url: str) -> None:
    """Make a database anew, as a server does that was set up from nothing."""
    server, _, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


async def another_begins(url: str) -> None:
    """A process that knows nothing of the lost ledger makes campaigns in the new one."""
    async with PostgresLedger(url) as ledger:
        assert await ready(ledger, 20) == 1, "the lost campaign had this number, too"


class Scene:
    """A sender whose server loses all it has when a hundred messages are out."""

    def __init__(self, lose: Callable[[], Awaitable[None]]) -> None:
        self.sender = FakeSender(self._answer)
        self._lose = lose
        self._enough, self._lost = anyio.Event(), anyio.Event()

    async def _answer(self, _address: str) -> None:
        if len(self.sender.sent) >= 100:
            self._enough.set()
            await self._lost.wait()

    async def lose(self) -> None:
        await self._enough.wait()
        await self._lose()
        self._lost.set()


async def test_a_campaign_stops_and_is_named(postgres_server: PostgresServer) -> None:
    async def lose() -> None:
        await asyncio.to_thread(postgres_server.kill)
        await asyncio.to_thread(postgres_server.lose_data)
        await asyncio.to_thread(postgres_server.start)

    scene = Scene(lose)
    async with PostgresLedger(postgres_server.url()) as ledger:
        campaign = a_campaign(
            ledger, scene.sender, people(RECIPIENTS), chunk_size=50, concurrency=20
        )
        await campaign.prepare()
        with anyio.fail_after(120):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(scene.lose)
                with pytest.raises(LedgerLost, match=r"^promo has stopped: .*lost its data"):
                    await run(campaign)
        sent = len(scene.sender.sent)
        assert 100 <= sent < RECIPIENTS, "only what was on its way"
        assert max(scene.sender.times.values()) == 1
        for again in (run(campaign), ledger.open()):
            with pytest.raises(LedgerLost):
                await again
        assert len(scene.sender.sent) == sent, "this process sends nothing from an empty ledger"


async def test_a_worker_stops_and_names_what_it_served(postgres_url: str) -> None:
    async def lose() -> None:
        await empty(postgres_url)
        await another_begins(postgres_url)

    scene = Scene(lose)
    async with PostgresLedger(postgres_url) as ledger:
        campaign = a_campaign(ledger, scene.sender, people(RECIPIENTS), chunk_size=50)
        row = await campaign.prepare()
        await ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
        with anyio.fail_after(120):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(scene.lose)
                with pytest.raises(LedgerLost, match=r"^promo has stopped: "):
                    await serving.serve(
                        ledger=ledger,
                        engine=LocalEngine(),
                        limiter=LocalLimiter(),
                        senders=lambda _row, _session: scene.sender,
                    )
        assert 100 <= len(scene.sender.sent) < RECIPIENTS


async def test_answers_are_not_taken_for_those_of_another_ledger(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        number = await ready(ledger, 20)
        await empty(postgres_url)
        await another_begins(postgres_url)
        with pytest.raises(LedgerLost):
            await ledger.record([Finding(number, 1, 1, Accepted("wamid.1"))], now=time.time())
        async with PostgresLedger(postgres_url) as other:
            standing = await other.standing(number, now=time.time())
            assert (standing.counts.pending, standing.counts.accepted) == (20, 0)


async def test_tables_that_are_dropped_are_a_loss_as_well(postgres_url: str) -> None:
    async with PostgresLedger(postgres_url) as ledger:
        number = await ready(ledger, 20)
        async with ledger._database.connection() as connection:
            await connection.execute("DROP SCHEMA blazz_campaigns CASCADE")
        with pytest.raises(LedgerLost):
            await ledger.get(number)
