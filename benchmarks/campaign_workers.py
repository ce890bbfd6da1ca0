"""Campaigns on several worker processes: PostgreSQL, Redis, and a server that accepts everything.

The workers are `blazz worker` processes as anybody would start them. PostgreSQL writes through to
the disk, and the limiter is asked for every message.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psutil

from benchmarks.campaign_subjects import AT_ONCE, MESSAGE, people
from blazz.campaigns import Audience, Campaign, CampaignSpec
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import Standing
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

UNREACHED = 50_000.0
"""A rate that nobody reaches: the limiter is asked, and grants."""


class Workers:
    """The servers that workers meet at, and campaigns on so many of them.

    Args:
        api: The URL of what accepts everything.
    """

    def __init__(self, api: str) -> None:
        self._api = api
        self._postgres = PostgresServer(fsync=True)
        self._redis = RedisServer()
        self._url = self._postgres.url(self._postgres.create_database())

    def close(self) -> None:
        """End the servers."""
        self._redis.remove()
        self._postgres.remove()

    def run(self, processes: int, recipients: int) -> tuple[float, float]:
        """Run a campaign; give its messages a second, and CPU milliseconds of workers for each."""
        with tempfile.TemporaryDirectory() as folder, self._started(processes, folder) as workers:
            before = _cpu(workers)
            standing = asyncio.run(self._campaign(f"c{processes}-{recipients}", recipients))
            spent = _cpu(workers) - before
        assert standing.first_at is not None
        assert standing.last_at is not None
        assert standing.counts.accepted == recipients, standing
        rate = recipients / (standing.last_at - standing.first_at)
        return rate, spent / recipients * 1000

    def pause(self, processes: int, recipients: int) -> float:
        """Pause a campaign in the middle; give the seconds until the last answer came."""
        with tempfile.TemporaryDirectory() as folder, self._started(processes, folder):
            return asyncio.run(self._paused(f"p{processes}-{recipients}", recipients))

    @contextmanager
    def _started(self, count: int, folder: str) -> Iterator[list[psutil.Process]]:
        sessions = Path(folder, "sessions.toml")
        sessions.write_text(
            '[default]\nphone_number_id = "106540352242922"\ntoken = "EAAG"\n'
            f'base_url = "{self._api}"\n'
        )
        command = [
            *(sys.executable, "-m", "blazz.cli", "worker", "--json"),
            *("--ledger", self._url, "--engine", self._redis.url, "--sessions", str(sessions)),
            *("--concurrency", str(AT_ONCE)),
        ]
        workers = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)
        ]
        try:
            for worker in workers:
                assert worker.stdout is not None
                while json.loads(worker.stdout.readline())["event"] != "started":
                    pass
            yield [psutil.Process(worker.pid) for worker in workers]
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.communicate(timeout=60)

    async def _campaign(self, name: str, recipients: int) -> Standing:
        async with self._begun(name, recipients) as (ledger, number, _):
            return await _until(ledger, number, lambda it: not it.counts.open)

    async def _paused(self, name: str, recipients: int) -> float:
        async with self._begun(name, recipients) as (ledger, number, campaign):
            await _until(ledger, number, lambda it: it.counts.accepted > recipients // 10)
            began = time.time()
            await campaign.pause()
            standing = await _until(ledger, number, lambda it: not it.busy)
        assert standing.counts.pending, "it was over before it was paused"
        assert not standing.counts.sending, standing
        assert standing.last_at is not None
        return max(0.0, standing.last_at - began)

    @asynccontextmanager
    async def _begun(
        self, name: str, recipients: int
    ) -> AsyncIterator[tuple[PostgresLedger, int, Campaign]]:
        async with PostgresLedger(self._url) as ledger:
            rows = [
                {"phone": phone, "name": who, "code": code}
                for phone, who, code in people(recipients)
            ]
            campaign = Campaign(
                CampaignSpec(id=name, message=MESSAGE, rate=UNREACHED),
                ledger=ledger,
                audience=Audience.rows(rows),
            )
            await campaign.start()
            row = await ledger.find("default", name)
            assert row is not None
            yield ledger, row.number, campaign


async def _until(
    ledger: PostgresLedger, number: int, holds: Callable[[Standing], bool]
) -> Standing:
    while not holds(standing := await ledger.standing(number, now=time.time())):  # noqa: ASYNC110
        await asyncio.sleep(0.25)
    return standing


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)
