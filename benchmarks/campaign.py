"""Campaigns of growing size: rate, CPU time and memory, with the durable ledger on.

Every campaign is a process of its own. It reads a CSV file, sends a template to everybody through
the Cloud API provider to nginx on this machine, which accepts everything, and records every step in
a SQLite ledger that is synced to the disk. The *bare* row is a loop around the provider's `send`,
with nothing recorded. The *no HTTP* rows send to an object that accepts everything: their CPU time
is what a campaign costs by itself. The *workers* rows are `blazz worker` processes with a ledger in
PostgreSQL, and an engine and a limiter in Redis; `--distributed` measures these alone.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.campaign_workers import Workers
from benchmarks.canned_api import canned_api
from benchmarks.claims import Claim, arguments, conclude
from benchmarks.harness import Subject

SCRIPT = Path(__file__).with_name("campaign_subjects.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One campaign's figures.

    Attributes:
        title: What was run.
        recipients: How many.
        rate: Messages a second.
        cpu: CPU milliseconds of a message.
        imported: Rows a second that were read from the CSV file into the ledger.
        megabytes: The most memory that the process had.
    """

    title: str
    recipients: int
    rate: float
    cpu: float
    imported: float = 0.0
    megabytes: float = 0.0

    def __str__(self) -> str:
        imported = f"{self.imported:>12,.0f}" if self.imported else f"{'':>12}"
        megabytes = f"{self.megabytes:>8,.0f}" if self.megabytes else f"{'':>8}"
        return (
            f"{self.title:<22}{self.recipients:>11,}{self.rate:>9,.0f}{self.cpu:>10.3f}"
            f"{imported}{megabytes}"
        )


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--distributed", action="store_true", help="only the worker processes")
    options = parser.parse_args()
    sizes = [10_000, 30_000] if options.quick else [10_000, 100_000, 1_000_000]
    output = sys.stderr if options.json else sys.stdout
    print(
        f"{'':<22}{'recipients':>11}{'msg/s':>9}{'ms CPU':>10}{'import/s':>12}{'MB':>8}",
        file=output,
    )
    rows: list[Row] = []

    def note(row: Row) -> None:
        rows.append(row)
        print(row, file=output, flush=True)

    each = 2_000 if options.quick else 20_000
    with canned_api() as server:
        if options.distributed:
            claimed = distributed(server, each, note)
            return conclude("campaign_workers", claimed, as_json=options.json)
        for size in sizes:
            # The small ones are run around each larger one: other work on the machine comes and
            # goes, and a comparison with one moment alone would measure that.
            note(bare(server, 5_000))
            note(campaign("campaign", server, sizes[0]))
            if size != sizes[0]:
                note(campaign("campaign", server, size))
        claimed = distributed(server, each, note)
    for size in sizes:
        note(campaign("campaign, no HTTP", "fake", size))
    # The best of three counts: other work on the machine only lowers it.
    imported = max(ledger_import(sizes[-1]) for _ in range(3))
    print(f"\nthe ledger alone imports {imported:,.0f} rows/s", file=output)
    return conclude("campaign", claims(rows, imported) + claimed, as_json=options.json)


def distributed(server: str, each: int, note: Callable[[Row], None]) -> list[Claim]:
    """Run campaigns on 1, 2 and 4 worker processes, around bare loops; give the claims."""
    bares: list[float] = []
    rates: dict[int, float] = {}
    with closing(Workers(server)) as workers:
        for processes in (1, 2, 4):
            loop = bare(server, 5_000)
            note(loop)
            bares.append(loop.rate)
            recipients = each * processes
            rates[processes], cpu = workers.run(processes, recipients)
            title = f"{processes} worker" + "s" * (processes > 1)
            note(Row(title=title, recipients=recipients, rate=rates[processes], cpu=cpu))
        pauses = [workers.pause(4, 4 * each + n) for n in range(3)]
    return [
        Claim(
            claim="messages of one worker process, ledger in PostgreSQL",
            value=rates[1],
            unit="/s",
            limit=1000,
            at_least=True,
        ),
        Claim(
            claim="rate, workers / bare loop",
            value=max(rates.values()) / statistics.median(bares),
            unit="x",
            limit=0.6,
            at_least=True,
        ),
        Claim(
            claim="4 worker processes: last answer after a pause, slowest of 3",
            value=max(pauses),
            unit="s",
            limit=1.0,
        ),
    ]


def campaign(title: str, server: str, recipients: int) -> Row:
    """Run one campaign in a fresh process."""
    figures = ask(server, f"campaign {recipients}")
    return Row(
        title=title,
        recipients=recipients,
        rate=recipients / figures["send_wall"],
        cpu=figures["send_cpu"] / recipients * 1000,
        imported=recipients / figures["import_wall"],
        megabytes=figures["megabytes"],
    )


def bare(server: str, messages: int) -> Row:
    """Send in a loop, in a fresh process."""
    figures = ask(server, f"bare {messages}")
    return Row(
        title="bare",
        recipients=messages,
        rate=messages / figures["send_wall"],
        cpu=figures["send_cpu"] / messages * 1000,
    )


def ledger_import(rows: int) -> float:
    """Rows a second that the ledger takes."""
    return rows / ask("fake", f"ledger {rows}")["ledger_wall"]


def ask(server: str, task: str) -> dict[str, float]:
    """Have a fresh process do something."""
    with ExitStack() as stack:
        subject = Subject([sys.executable, str(SCRIPT), server], stack=stack)
        return subject.ask(task)


def claims(rows: Sequence[Row], imported: float) -> list[Claim]:
    """What we hold campaigns to."""
    sent = [row for row in rows if row.title == "campaign"]
    smallest, largest = min(row.recipients for row in sent), max(row.recipients for row in sent)
    small = [row for row in sent if row.recipients == smallest]
    (large,) = [row for row in sent if row.recipients == largest]
    alone = [row for row in rows if row.title == "campaign, no HTTP"]
    bare_rate = statistics.median(row.rate for row in rows if row.title == "bare")
    small_rate = statistics.median(row.rate for row in small)
    return [
        Claim(
            claim="messages of one process, ledger on",
            value=large.rate,
            unit="/s",
            limit=1000,
            at_least=True,
        ),
        Claim(
            claim="rate, campaign / bare loop",
            value=small_rate / bare_rate,
            unit="x",
            limit=0.6,
            at_least=True,
        ),
        Claim(
            claim=f"rate, {largest:,} / {smallest:,} recipients",
            value=large.rate / small_rate,
            unit="x",
            limit=0.8,
            at_least=True,
        ),
        Claim(
            # SQLite fills a cache of 16 MB and one of 4 MB, and no more.
            claim=f"memory, {largest:,} more than {smallest:,} recipients",
            value=large.megabytes - statistics.median(row.megabytes for row in small),
            unit="MB",
            limit=40,
        ),
        Claim(
            claim="CPU of a message beside HTTP",
            value=min(row.cpu for row in alone),
            unit="ms",
            limit=0.15,
        ),
        Claim(claim="ledger import", value=imported, unit="rows/s", limit=200_000, at_least=True),
    ]


if __name__ == "__main__":
    sys.exit(main())
