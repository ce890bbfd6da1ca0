"""What a ledger takes: import, claims and marks, status updates, on SQLite and PostgreSQL.

Both are as durable as they come: SQLite syncs every commit, PostgreSQL runs with its defaults
(`fsync` and `synchronous_commit` on) on a server of the benchmark's own. Four tasks work at once,
as a worker's chunks do. CPU is that of this process and of the server.
"""

from __future__ import annotations

import asyncio
import csv
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeVar

from benchmarks.campaign_subjects import FakeSender, people
from benchmarks.claims import Claim, arguments, conclude
from blazz.campaigns import Audience, Campaign, CampaignSpec
from blazz.campaigns.delivery import Accepted, Reported
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import CampaignRow, CampaignState, Finding, NewRow, pack
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.events.statuses import Status
from blazz.messages import Template

AT_ONCE = 4
BATCH = 5000
CHUNK = 500
TTL = 3600.0
T = TypeVar("T")
MESSAGE_ID = "wamid.HBgNNjI4MTIzNDU2Nzg5MBUCABEYEjQ5QzhFQjMyMDM0RkU5RjQ5AA=="
IMPORTED = {"SQLite": 200_000, "PostgreSQL": 150_000}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: how many rows, in what wall-clock and CPU seconds."""

    ledger: str
    work: str
    size: int
    rows: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Rows per second."""
        return self.rows / self.wall

    def __str__(self) -> str:
        micros = self.cpu / self.rows * 1e6
        return (
            f"{self.ledger:<12}{self.size:>12,}  {self.work:<16}{self.rows:>12,}"
            f"{self.rate:>12,.0f}{micros:>10.1f}"
        )


class Stopwatch:
    """Adds up wall-clock and CPU seconds of some of what is done, those of a server included.

    Args:
        server: The process id of the server, which does nothing else; None without one.
    """

    def __init__(self, server: int | None) -> None:
        self._server = server
        self._began = server_cpu(server)
        self._cpu = 0.0
        self.wall = 0.0

    async def __call__(self, work: Awaitable[T]) -> T:
        """Do work, and count it."""
        wall, cpu = time.perf_counter(), time.process_time()
        done = await work
        self.wall += time.perf_counter() - wall
        self._cpu += time.process_time() - cpu
        return done

    @property
    def cpu(self) -> float:
        """CPU seconds so far."""
        return self._cpu + server_cpu(self._server) - self._began


def server_cpu(pid: int | None) -> float:
    """CPU seconds of a process, of its children, and of those that have ended."""
    if pid is None:
        return 0.0
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(path.parent.name) == pid:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            ticks += sum(map(int, fields[11:13]))
    return ticks / 100


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--millions", type=float, default=1.0, help="how large the campaigns are")
    parser.add_argument("--only", choices=list(IMPORTED), help="only this database")
    parser.add_argument("--worked", type=int, default=200_000, help="rows to claim and update")
    options = parser.parse_args()
    size = 100_000 if options.quick else round(options.millions * 1_000_000)
    output = sys.stderr if options.json else sys.stdout
    print(
        f"{'':<12}{'recipients':>12}  {'':<16}{'rows':>12}{'rows/s':>12}{'µs CPU':>10}", file=output
    )
    rows: list[Row] = []
    for kind in [options.only] if options.only else IMPORTED:
        # The smaller one tells how cost grows with size.
        for each in sorted({size // 10, size}):
            rows += asyncio.run(measure(kind, each, min(each, options.worked), output))
    if not options.only:
        rows += asyncio.run(from_csv(size // 5, output))
    return conclude("ledger", claims(rows, size), as_json=options.json)


async def measure(kind: str, size: int, worked: int, output: TextIO) -> list[Row]:
    """Import a campaign, claim and mark some of it, and apply status updates to those."""
    rows = []
    async with ledger_of(kind) as (ledger, server):

        def note(work: str, count: int, watch: Stopwatch) -> None:
            rows.append(Row(kind, work, size, count, watch.wall, watch.cpu))
            print(rows[-1], file=output, flush=True)

        owner = await ledger.join()
        row = await new_campaign(ledger, owner)
        watch = Stopwatch(server)
        await import_all(ledger, row.number, owner, size, watch)
        note("import", size, watch)
        await ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
        answers = [Accepted(f"{MESSAGE_ID}{seq}") for seq in range(worked + 1)]
        watch = Stopwatch(server)
        await watch(send(ledger, row.number, owner, answers))
        note("claim and mark", worked, watch)
        statuses = status_batches(row.number, worked)
        watch = Stopwatch(server)
        await watch(at_once(ledger, statuses))
        note("status updates", worked, watch)
        standing = await ledger.standing(row.number, now=time.time())
        assert standing.counts.delivered == worked, standing
    return rows


@asynccontextmanager
async def ledger_of(kind: str) -> AsyncIterator[tuple[Ledger, int | None]]:
    """An empty ledger on a real disk, and the process id of its server."""
    if kind == "SQLite":
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            async with SqliteLedger(Path(folder) / "ledger.db") as ledger:
                yield ledger, None
        return
    from tests.servers.postgres import PostgresServer

    server = PostgresServer(fsync=True)
    try:
        async with PostgresLedger(server.url()) as ledger:
            yield ledger, server.process.pid
    finally:
        server.remove()


async def new_campaign(ledger: Ledger, owner: str) -> CampaignRow:
    """A campaign whose import has begun."""
    row = CampaignRow(workspace="w", id="c", session="s", message="{}", columns=("a", "b"))
    row = await ledger.create(row, now=time.time())
    await ledger.begin_import(row.number, owner=owner, now=time.time(), ttl=TTL)
    return row


def batched(size: int) -> Iterator[list[NewRow]]:
    """Parsed rows."""
    rows = (
        NewRow(line, phone, pack(values), "ID")
        for line, (phone, *values) in enumerate(people(size), 1)
    )
    while batch := list(islice(rows, BATCH)):
        yield batch


async def import_all(ledger: Ledger, number: int, owner: str, size: int, watch: Stopwatch) -> None:
    """Import rows and finish the import; to make the rows up does not count."""
    for batch in batched(size):
        await watch(ledger.import_rows(number, batch, owner=owner, now=time.time(), ttl=TTL))
    await watch(
        ledger.finish_import(
            number, owner=owner, audience="a", columns=("phone",), now=time.time(), ttl=TTL
        )
    )


async def send(ledger: Ledger, number: int, owner: str, answers: Sequence[Accepted]) -> None:
    """Lease chunks, take all their rows, and record the answers to them, by number."""
    chunks = iter(range(1, len(answers) // CHUNK + 1))

    async def work() -> None:
        for chunk in chunks:
            now = time.time()
            lease = await ledger.lease_chunk(ChunkId(number, chunk), owner=owner, ttl=TTL, now=now)
            assert lease is not None
            rows = await ledger.begin_window(lease, CHUNK, after=0, ttl=TTL, now=now)
            findings = [Finding(number, it.seq, it.attempt, answers[it.seq]) for it in rows]
            await ledger.record(findings, now=now)
            await ledger.release(lease, now=now)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


def status_batches(number: int, count: int) -> list[list[Finding]]:
    """Status updates, nearly in the order of sending."""
    dice = random.Random(1)
    seqs = sorted(range(1, count + 1), key=lambda seq: seq + dice.randrange(5 * CHUNK))
    findings = [Finding(number, seq, 1, Reported(Status.DELIVERED)) for seq in seqs]
    return [findings[start : start + CHUNK] for start in range(0, count, CHUNK)]


async def at_once(ledger: Ledger, batches: Sequence[list[Finding]]) -> None:
    """Record batches, some at the same time."""
    left = iter(batches)

    async def work() -> None:
        for batch in left:
            await ledger.record(batch, now=time.time())

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def from_csv(size: int, output: TextIO) -> list[Row]:
    """Import a CSV file from end to end: read, check numbers, fill the message in, store."""
    rows = []
    for kind in IMPORTED:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "contacts.csv"
            with path.open("w", newline="") as file:
                csv.writer(file).writerow(("phone", "name", "code"))
                csv.writer(file).writerows(people(size))
            async with ledger_of(kind) as (ledger, server):
                campaign = Campaign(
                    CampaignSpec(
                        id="promo",
                        message=Template("promo", language="id", body=["{name}", "{code}"]),
                    ),
                    ledger=ledger,
                    sender=FakeSender(),
                    audience=Audience.csv(path),
                )
                watch = Stopwatch(server)
                await watch(campaign.prepare())
                rows.append(Row(kind, "import of a CSV", size, size, watch.wall, watch.cpu))
        print(rows[-1], file=output, flush=True)
    return rows


def claims(rows: Sequence[Row], size: int) -> list[Claim]:
    """What we hold ledgers to."""
    made: list[Claim] = []
    for row in rows:
        if row.size != size:
            continue
        limit = IMPORTED[row.ledger] if row.work == "import" else 40_000
        made.append(
            Claim(
                claim=f"{row.ledger}: {row.work}, {size:,} recipients",
                value=row.rate,
                unit="rows/s",
                limit=limit,
                at_least=True,
            )
        )
        (small,) = (
            it for it in rows if (it.ledger, it.work, it.size) == (row.ledger, row.work, size // 10)
        )
        made.append(
            Claim(
                claim=f"{row.ledger}: CPU of {row.work}, {size:,} / {size // 10:,} recipients",
                value=row.cpu / row.rows / (small.cpu / small.rows),
                unit="x",
                # Sorting and deeper trees grow with the logarithm; noise of this machine is 20 %.
                limit=1.5,
            )
        )
    return made


if __name__ == "__main__":
    sys.exit(main())
