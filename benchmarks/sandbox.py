"""What the sandbox carries: messages with three statuses each per second of its CPU, and memory.

The sandbox is a process of its own on one core; this process sends to it over HTTP, 64 messages at
a time, and takes its signed webhooks. CPU time counts, since both share the machine.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import aiohttp
import psutil

from benchmarks.claims import Claim, arguments, conclude
from blazz.sandbox.control import SandboxControl
from blazz.sandbox.listener import WebhookListener
from blazz.sandbox.process import SandboxProcess

AT_ONCE = 64
HEADERS = {"Authorization": "Bearer EAAG"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What some messages cost the sandbox."""

    per_second: float
    megabytes: float


class Statuses:
    """Counts the statuses that come."""

    def __init__(self) -> None:
        self.count = 0

    async def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """Take one webhook."""
        del headers
        self.count += body.count(b'"recipient_user_id"')
        return 200


async def main() -> int:
    """Measure, print the claims, give the exit code."""
    options = arguments(__doc__).parse_args()
    first, second = (4_000, 8_000) if options.quick else (20_000, 100_000)
    process, statuses = SandboxProcess(["--set", "throughput=null"]), Statuses()
    listener = WebhookListener(statuses.take, verify_token="v")
    url = await process.start()
    try:
        async with SandboxControl(url) as control:
            callback = await listener.start()
            await control.set_webhook(callback, app_secret="s3cret", verify_token="v")
            pid = psutil.Process(process.pid)
            small = await _load(pid, control, range(first))
            large = await _load(pid, control, range(first, first + second))
            lost = 3 * (first + second) - statuses.count
            doubled = len(await control.counts(above=1))
    finally:
        await listener.stop()
        await process.stop()
    growth = large.megabytes - small.megabytes
    claims = [
        Claim(
            claim="messages with 3 statuses each per second of CPU",
            value=large.per_second,
            unit="messages",
            limit=2000,
            at_least=True,
        ),
        Claim(
            claim=f"memory gained by {second:,} more messages",
            value=growth,
            unit="MB",
            limit=10,
        ),
        Claim(claim="statuses lost", value=lost, unit="statuses", limit=0),
        Claim(claim="recipients with two messages", value=doubled, unit="recipients", limit=0),
    ]
    return conclude("sandbox", claims, as_json=options.json)


async def _load(process: psutil.Process, control: SandboxControl, numbers: range) -> Figures:
    """Send a message to each number, wait for all statuses."""
    before = sum(process.cpu_times()[:2])
    todo = iter(numbers)
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        await asyncio.gather(*(_send(session, control.url, todo) for _ in range(AT_ONCE)))
    await control.settle(timeout=300)
    spent = sum(process.cpu_times()[:2]) - before
    return Figures(len(numbers) / spent, process.memory_info().rss / 1e6)


async def _send(session: aiohttp.ClientSession, url: str, numbers: Iterator[int]) -> None:
    for number in numbers:
        body = {
            "messaging_product": "whatsapp",
            "to": f"+62812{number:08d}",
            "type": "text",
            "text": {"body": f"Hello number {number}, this is a message."},
            "biz_opaque_callback_data": f"v1.benchmark.{number}.1",
        }
        path = f"{url}/v26.0/106540352242922/messages"
        async with session.post(path, json=body) as answer:
            answer.raise_for_status()
            await answer.read()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
