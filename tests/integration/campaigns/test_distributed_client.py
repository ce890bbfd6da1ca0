"""Changing URLs is all it takes: a client and workers share a campaign."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import anyio
import pytest
from anyio import to_thread

import blazz
from blazz.campaigns import CampaignSpec
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.progress import Phase
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.usefixtures("quick_starts")

ROOT = Path(__file__).resolve().parents[3]
PEOPLE = [f"+6281{n:08}" for n in range(300)]


def start_worker(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "blazz.cli", "worker", "--json", *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def next_event(output: IO[str] | None, name: str) -> dict[str, Any]:
    """Read what a worker tells until it tells this."""
    assert output is not None
    for line in output:
        event: dict[str, Any] = json.loads(line)
        if event["event"] == name:
            return event
    raise AssertionError(f"the worker ended without telling {name!r}")


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A client here, and a worker that is a process of its own."""

    sandbox: blazz.Sandbox
    client: blazz.Client
    session: blazz.Session
    worker: subprocess.Popen[str]


@pytest.fixture
async def shop(postgres_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    sandbox = blazz.Sandbox(throughput=None, speed=100)
    client = blazz.Client(
        folder=tmp_path, inbox=postgres_url, conversations=postgres_url, ledger=postgres_url,
        engine=redis_url, limiter=redis_url,
    )  # fmt: skip
    async with client:
        session = await client.open("sales", sandbox)
        sessions = tmp_path / "sessions.toml"
        sessions.write_text(f'[sales]\nsandbox = "{sandbox.url}"\n')
        worker = start_worker(
            *("--ledger", postgres_url, "--engine", redis_url, "--sessions", str(sessions))
        )
        try:
            started = await to_thread.run_sync(next_event, worker.stdout, "started")
            assert started["worker"]
            yield Shop(sandbox=sandbox, client=client, session=session, worker=worker)
        finally:
            worker.kill()
            worker.wait()
            assert worker.stdout is not None
            worker.stdout.close()


async def test_a_client_hands_a_campaign_to_a_worker(shop: Shop) -> None:
    campaign = await shop.client.campaign(
        "promo",
        session=shop.session,
        message=blazz.Text("Halo"),
        audience=blazz.Audience.rows(PEOPLE),
        rate=1000.0,
    )
    await shop.session.suppress(PEOPLE[0], reason="said stop")
    await campaign.start()
    with anyio.fail_after(60):
        async for _ in campaign.watch(every=0.05):
            pass
    counts = (await campaign.progress()).counts
    assert (counts.taken_over, counts.failed) == (len(PEOPLE) - 1, 1), "one opted out"
    assert await shop.sandbox.counts() == dict.fromkeys(PEOPLE[1:], 1)

    shop.worker.send_signal(signal.SIGTERM)
    stopped = await to_thread.run_sync(next_event, shop.worker.stdout, "stopped")
    assert stopped["sent"] == len(PEOPLE) - 1
    assert await to_thread.run_sync(shop.worker.wait) == 0


async def test_pausing_and_cancelling_reach_a_worker(shop: Shop) -> None:
    campaign = await shop.client.campaign(
        "promo",
        session=shop.session,
        message=blazz.Text("Halo"),
        audience=blazz.Audience.rows(PEOPLE),
        rate=80.0,
    )
    await campaign.start()

    async def sent() -> int:
        return sum((await shop.sandbox.counts()).values())

    async def until(wanted: int) -> None:
        while await sent() < wanted:  # noqa: ASYNC110  # another process sends
            await anyio.sleep(0.02)

    async def has_stopped() -> int:
        while (await campaign.progress()).counts.sending:  # noqa: ASYNC110  # another process
            await anyio.sleep(0.02)
        stopped = await sent()
        await anyio.sleep(0.3)
        assert await sent() == stopped < len(PEOPLE)
        return stopped

    with anyio.fail_after(60):
        await until(20)
        assert await campaign.pause("lunch")
        paused = await has_stopped()
        assert await campaign.resume()
        await until(paused + 20)
        assert await campaign.cancel()
        await has_stopped()
    assert (await campaign.progress()).phase is Phase.CANCELLED


async def test_a_client_without_workers_sends_by_itself(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    sandbox = blazz.Sandbox(throughput=None, speed=100)
    client = blazz.Client(folder=tmp_path, ledger=postgres_url, engine=redis_url, limiter=redis_url)
    async with client:
        session = await client.open("sales", sandbox)
        campaign = await client.campaign(
            "promo",
            session=session,
            message=blazz.Text("Halo"),
            audience=blazz.Audience.rows(PEOPLE),
            rate=1000.0,
        )
        with anyio.fail_after(60):
            async for _ in campaign.run(every=0.1):
                pass
        assert await sandbox.counts() == dict.fromkeys(PEOPLE, 1)


async def test_a_worker_that_starts_before_its_servers_waits_for_them(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    url = postgres_server.url(postgres_server.create_database())
    postgres_server.stop()
    redis_server.stop()
    sandbox = blazz.Sandbox(throughput=None, speed=100)
    worker: subprocess.Popen[str] | None = None
    try:
        async with blazz.Client(folder=tmp_path) as local:
            await local.open("sales", sandbox)
            worker = start_worker(
                *("--ledger", url, "--engine", redis_server.url, "--sandbox-url", sandbox.url)
            )
            waits = await to_thread.run_sync(next_event, worker.stdout, "log")
            assert "is away, waiting for it" in waits["message"]
            await to_thread.run_sync(postgres_server.start)
            await to_thread.run_sync(next_event, worker.stdout, "started")
            async with PostgresLedger(url) as ledger:
                campaign = Campaign(
                    CampaignSpec(id="promo", message=blazz.Text("Halo"), session="sales"),
                    ledger=ledger,
                    audience=blazz.Audience.rows(PEOPLE[:20]),
                )
                await campaign.start()
                await to_thread.run_sync(redis_server.start)
                with anyio.fail_after(60):
                    async for _ in campaign.watch(every=0.05):
                        pass
            assert await sandbox.counts() == dict.fromkeys(PEOPLE[:20], 1)
    finally:
        if worker is not None:
            worker.kill()
            worker.communicate()
