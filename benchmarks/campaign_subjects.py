"""The subjects of `benchmarks.campaign`: each runs one campaign, or sends without one, when told.

A process is given what to send through: `fake` answers at once and costs nothing, a URL is a server
for the Cloud API. It reads one line, what to do and for how many recipients, and writes one line of
JSON: seconds, CPU seconds and megabytes.
"""

from __future__ import annotations

import asyncio
import csv
import json
import logging
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from blazz.addresses import Address, Phone
from blazz.campaigns import Audience, Campaign, CampaignSpec
from blazz.campaigns.ledger.records import CampaignRow, NewRow, pack
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.routing import Sender
from blazz.messages import Template
from blazz.messages.base import Message
from blazz.providers.base import Receipt, new_token
from blazz.providers.meta_cloud import MetaCloud

AT_ONCE = 100
MESSAGE = Template("promo", language="id", body=["{name}", "{code}"])
FILLED = Template("promo", language="id", body=["Budi Santoso", "HEMAT-000123"])


class FakeSender:
    """Accepts everything: what is left is the cost of the campaign."""

    async def send(self, to: Address, message: Message, *, token: str) -> Receipt:  # noqa: ARG002
        """Accept a message."""
        await asyncio.sleep(0)
        message_id = "wamid.HBgNNjI4MTIzNDU2Nzg5MBUCABEYEjQ5QzhFQjMyMDM0RkU5RjQ5AA=="
        return Receipt(message_id=message_id, to=to, token=token, accepted_at=datetime.now(UTC))


class CloudSender:
    """Sends through the Cloud API, each message once."""

    def __init__(self, cloud: MetaCloud) -> None:
        self._cloud = cloud

    async def send(self, to: Address, message: Message, *, token: str) -> Receipt:
        """Send a message."""
        return await self._cloud.send(to, message, token=token, retry=False)


@asynccontextmanager
async def sender_of(where: str) -> AsyncIterator[Sender]:
    """What messages are sent through."""
    if where == "fake":
        yield FakeSender()
        return
    async with MetaCloud("106540352242922", "EAAG" + "x" * 180, base_url=where) as cloud:
        yield CloudSender(cloud)


def people(count: int) -> Iterator[tuple[str, str, str]]:
    """Rows in no order of their numbers, as address books are."""
    for n in range(count):
        yield f"+62812{n * 7_919_317 % 100_000_000:08}", f"Budi Santoso {n}", f"HEMAT-{n:06}"


class Cost:
    """Counts wall-clock and CPU seconds of this process, all its threads."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), self._used()

    def figures(self, name: str) -> dict[str, float]:
        """What it took since this object was made."""
        wall, cpu = time.perf_counter() - self._wall, self._used() - self._cpu
        return {f"{name}_wall": wall, f"{name}_cpu": cpu}

    @staticmethod
    def _used() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime


async def run_campaign(sender: Sender, count: int) -> dict[str, float]:
    """Import a CSV file and send to everybody in it, with the ledger on a real disk."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        with (folder / "contacts.csv").open("w", newline="") as file:
            csv.writer(file).writerow(("phone", "name", "code"))
            csv.writer(file).writerows(people(count))
        async with SqliteLedger(folder / "ledger.db") as ledger:
            campaign = Campaign(
                CampaignSpec(id="promo", message=MESSAGE, rate=None),
                ledger=ledger,
                sender=sender,
                audience=Audience.csv(folder / "contacts.csv"),
                folder=folder,
                concurrency=AT_ONCE,
            )
            cost = Cost()
            await campaign.prepare()
            figures = cost.figures("import")
            cost = Cost()
            async for _ in campaign.run():
                pass
            figures |= cost.figures("send")
            report = await campaign.report()
            assert report.counts.accepted == count, report
    return figures | {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


async def send_bare(sender: Sender, count: int) -> dict[str, float]:
    """Send to the same number in a loop: no ledger, no audience, nothing to fill in."""
    left = iter(range(count))
    to = Phone("+6281234567890")

    async def loop() -> None:
        for _ in left:
            await sender.send(to, FILLED, token=new_token())

    cost = Cost()
    await asyncio.gather(*(loop() for _ in range(AT_ONCE)))
    return cost.figures("send")


async def import_rows(_sender: Sender, count: int) -> dict[str, float]:
    """The ledger's part of an import: parsed rows in, repeated addresses sorted out."""
    row = CampaignRow(workspace="w", id="c", session="s", message="{}", columns=("a", "b"))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        async with SqliteLedger(Path(name) / "ledger.db") as ledger:
            owner = await ledger.join()
            number = (await ledger.create(row, now=0.0)).number
            await ledger.begin_import(number, owner=owner, now=0.0, ttl=1e6)
            rows = enumerate(people(count), 1)
            wall = 0.0
            while batch := [
                NewRow(line, phone, pack(values)) for line, (phone, *values) in take(rows, 2000)
            ]:
                started = time.perf_counter()
                await ledger.import_rows(number, batch, owner=owner, now=0.0, ttl=1e6)
                wall += time.perf_counter() - started
            started = time.perf_counter()
            await ledger.finish_import(
                number, owner=owner, audience="a", columns=(), now=0.0, ttl=1e6
            )
            wall += time.perf_counter() - started
    return {"ledger_wall": wall}


def take(
    rows: Iterator[tuple[int, tuple[str, str, str]]], count: int
) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """The next few rows."""
    return (row for row, _ in zip(rows, range(count), strict=False))


TASKS = {"campaign": run_campaign, "bare": send_bare, "ledger": import_rows}


async def main() -> None:
    """Do what each line asks for."""
    async with sender_of(sys.argv[1]) as sender:
        for line in sys.stdin:  # nothing else runs: waiting for a line blocks nobody
            what, count = line.split()
            print(json.dumps(await TASKS[what](sender, int(count))), flush=True)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main())
