"""A campaign on several workers, real servers around it, and what can befall them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import anyio
from anyio import to_thread

from blazz.campaigns import Audience, CampaignSpec, StatusSettler
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import Counts
from blazz.campaigns.pacing import LARGEST_WINDOW
from blazz.campaigns.tokens import TokenSigner
from blazz.errors import LedgerUnavailable
from blazz.events.statuses import StatusChanged
from blazz.messages import Text
from blazz.providers.meta_cloud import MetaCloud
from blazz.sandbox.control import SandboxControl
from blazz.sandbox.listener import WebhookListener
from blazz.sandbox.process import SandboxProcess
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Proxy
from tests.servers.redis import RedisServer

WORKERS = 4
CONCURRENCY = 30
WINDOW = LARGEST_WINDOW * CONCURRENCY
"""The rows that a worker has on their way at most."""
SEND_TIMEOUT = 2.0
TAKEOVER = 5.0
RATE = 400.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Tally:
    """What was done, as far as it bounds what may be in doubt."""

    kills: int = 0
    stops: int = 0
    cuts: int = 0
    others: int = 0
    outages: int = 0

    @property
    def faults(self) -> int:
        return self.kills + self.stops + self.cuts + self.others

    @property
    def most_unknown(self) -> int:
        """Each worker that ended or stood still leaves one window; some faults are felt by all."""
        return (self.kills + self.stops + (self.cuts + self.outages) * WORKERS) * WINDOW


@dataclass
class Scene:
    """Everything that runs, and the faults that it can be put through.

    Attributes:
        folder: Where files are kept.
        people: How many recipients there are.
    """

    folder: Path
    people: int
    tally: Tally = field(default_factory=Tally)
    rng: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.postgres = PostgresServer()
        self.redis = RedisServer(durable=True)
        self.url = self.postgres.url(self.postgres.create_database())
        self.workers: list[subprocess.Popen[bytes]] = []
        self.stopped: set[int] = set()
        self.numbers = [f"+6281{n:08}" for n in range(self.people)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start the sandbox, the ledger, the campaign and the workers; end them afterwards."""
        async with AsyncExitStack() as stack:
            stack.callback(self.postgres.remove)
            stack.callback(self.redis.remove)
            await self._start_sandbox(stack)
            self.ledger = await stack.enter_async_context(PostgresLedger(self.url))
            self.campaign = Campaign(
                CampaignSpec(id="promo", message=Text("Halo {name}"), rate=RATE, chunk_size=200),
                ledger=self.ledger,
                audience=Audience.rows(
                    [{"phone": number, "name": f"n{n}"} for n, number in enumerate(self.numbers)]
                ),
            )
            await self.campaign.start()
            stack.callback(self._end_workers)
            for _ in range(WORKERS):
                self.start_worker()
            yield

    async def _start_sandbox(self, stack: AsyncExitStack) -> None:
        settings = ("throughput=null", "pair_limit=false", "latency=[0.05,0.3]")
        process = SandboxProcess([word for each in settings for word in ("--set", each)])
        url = await process.start()
        stack.push_async_callback(process.stop)
        self.sandbox = await stack.enter_async_context(SandboxControl(url))
        self.proxy = Proxy(urlsplit(url).port or 0)
        stack.callback(self.proxy.close)
        self.settler: StatusSettler | None = None
        listener = WebhookListener(self._take, verify_token="v")
        callback = await listener.start()
        stack.push_async_callback(listener.stop)
        await self.sandbox.hold()
        await self.sandbox.set_webhook(callback, app_secret="s3cret", verify_token="v")

    def _end_workers(self) -> None:
        for worker in self.workers:
            _go_on(worker)
            worker.kill()
            worker.wait()

    def start_worker(self) -> None:
        number = len(list(self.folder.glob("worker-*.log")))
        log = self.folder / f"worker-{number}.log"
        with log.open("wb") as output:
            self.workers.append(
                subprocess.Popen(
                    [
                        *(sys.executable, "-m", "blazz.cli", "worker", "--json"),
                        *("--ledger", self.url, "--engine", self.redis.url),
                        *("--sandbox-url", f"http://127.0.0.1:{self.proxy.port}"),
                        *("--concurrency", str(CONCURRENCY), "--chunks", "2"),
                        *("--send-timeout", str(SEND_TIMEOUT), "--takeover", str(TAKEOVER)),
                        *("--hold", "2", "--folder", str(self.folder)),
                    ],
                    cwd=ROOT,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            )

    # Looking

    async def counts(self) -> Counts:
        """How the campaign stands; waits for a ledger that is away."""
        while True:
            try:
                row = await self.ledger.find("default", "promo")
                assert row is not None
                return (await self.ledger.standing(row.number, now=time.time())).counts
            except LedgerUnavailable:
                await anyio.sleep(0.1)

    async def until_done(self, *, timeout: float) -> Counts:
        """Wait until nothing is left to send."""
        counts = Counts()
        with anyio.move_on_after(timeout):
            while (counts := await self.counts()).open:
                assert all(worker.poll() is None for worker in self.workers), self.logs()
                await anyio.sleep(0.2)
            return counts
        raise AssertionError(f"after {timeout:g} s: {counts}\n{self.logs()}")

    async def until_nobody_stands_still(self) -> None:
        """Wait until no worker stands still, and whatever those that did had begun has ended.

        One that is stopped right before a request leaves sends it once it goes on.
        """
        if self.tally.stops:
            while self.stopped:  # noqa: ASYNC110  # a timer lets them go on
                await anyio.sleep(0.1)
            await anyio.sleep(1.5 * SEND_TIMEOUT)

    async def doubts(self) -> Counter[str]:
        """How many are in doubt for which reason: `ended`, `slow` or `cut`."""
        row = await self.ledger.find("default", "promo")
        assert row is not None
        found: Counter[str] = Counter()
        for each in await self.ledger.errors(row.number):
            reason = each.reason or ""
            ended, slow = "ended" in reason, "no answer within" in reason
            found["ended" if ended else "slow" if slow else "cut"] += each.count
        return found

    async def times(self) -> Counter[str]:
        """How often each recipient got a message, by the sandbox's own log."""
        return Counter(await self.sandbox.counts())

    def logs(self) -> str:
        """The last lines that each worker wrote."""
        files = sorted(self.folder.glob("worker-*.log"))
        return "\n".join(f"{file.name}: {file.read_text()[-1500:]}" for file in files[-6:])

    # Settling

    async def settle(self) -> None:
        """Let all status updates come in that were held back."""
        self.settler = StatusSettler(
            self.ledger, TokenSigner(await self.ledger.key()), clock=time.time
        )
        await self.sandbox.release()
        await self.sandbox.settle(timeout=120)

    async def _take(self, _headers: Mapping[str, str], body: bytes) -> int:
        profile = _PROVIDER.webhooks
        assert profile is not None
        assert self.settler is not None
        events = [update.event() for update in profile.parse(body)]
        await self.settler.apply(event for event in events if isinstance(event, StatusChanged))
        return 200

    # Faults

    async def shake(self) -> str:
        """Do something bad; tell what."""
        faults: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "kill -9 of a worker": (5, self.kill_worker),
            "kill -9 of Redis": (3, self.kill_redis),
            "kill -9 of Redis, with its data": (3, self.lose_redis),
            "restart of PostgreSQL": (3, self.restart_postgres),
            "kill -9 of PostgreSQL": (2, self.kill_postgres),
            "SIGSTOP of a worker": (3, self.stop_worker),
            "cut connections": (3, self.cut),
        }
        (name,) = self.rng.choices(list(faults), [weight for weight, _ in faults.values()])
        await faults[name][1]()
        return name

    async def kill_worker(self) -> None:
        """End a worker, which is a dispatcher as well, and start another."""
        able = [worker for worker in self.workers if worker.pid not in self.stopped]
        victim = self.rng.choice(able)
        victim.kill()
        await to_thread.run_sync(victim.wait)
        self.workers.remove(victim)
        self.tally.kills += 1
        self.start_worker()

    async def kill_redis(self) -> None:
        self.tally.others += 1
        await to_thread.run_sync(self.redis.kill)
        await anyio.sleep(self.rng.uniform(0, 1))
        await to_thread.run_sync(self.redis.start)

    async def lose_redis(self) -> None:
        await to_thread.run_sync(self.redis.empty)
        await self.kill_redis()

    async def restart_postgres(self) -> None:
        self.tally.others += 1
        with self._outage():
            await to_thread.run_sync(self.postgres.stop)
            await anyio.sleep(self.rng.uniform(0, 1))
            await to_thread.run_sync(self.postgres.start)

    async def kill_postgres(self) -> None:
        self.tally.others += 1
        with self._outage():
            await to_thread.run_sync(self.postgres.kill)
            await to_thread.run_sync(self.postgres.start)

    @contextlib.contextmanager
    def _outage(self) -> Iterator[None]:
        """Note a ledger that was away for so long that leases could end."""
        began = time.monotonic()
        yield
        if time.monotonic() - began > TAKEOVER / 3:
            self.tally.outages += 1

    async def stop_worker(self) -> None:
        """Let a worker stand still for longer than its leases last."""
        able = [worker for worker in self.workers if worker.pid not in self.stopped]
        if len(able) < 2:
            await self.kill_worker()
            return
        victim = self.rng.choice(able)
        self.stopped.add(victim.pid)
        self.tally.stops += 1
        os.kill(victim.pid, signal.SIGSTOP)
        loop = asyncio.get_running_loop()
        loop.call_later(TAKEOVER + 1.5, _go_on, victim)
        loop.call_later(TAKEOVER + 2, self.stopped.discard, victim.pid)

    async def cut(self) -> None:
        """Cut the connections after requests left, before their answers come."""
        self.tally.cuts += 1
        self.proxy.drop_answers = True
        await anyio.sleep(0.2)
        self.proxy.cut()
        await anyio.sleep(self.rng.uniform(0, 0.5))
        self.proxy.mend()


def _go_on(worker: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker.pid, signal.SIGCONT)


_PROVIDER = MetaCloud("106540352242922", "sandbox", app_secret="s3cret")
