"""Sending text messages: CPU time of each client, next to raw HTTP clients and pywa_async.

Every subject is a process of its own and sends to the same nginx on this machine, which answers
with one accepted message; 100 messages are on their way at any time. Rounds are interleaved and
medians compared, so other work on the machine burdens all alike. pywa_async is measured as its
documentation shows it, and "tuned": given a client on aiohttp.
"""

from __future__ import annotations

import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks.canned_api import canned_api
from benchmarks.claims import Claim, arguments, conclude
from benchmarks.harness import Subject
from benchmarks.peers import python_with

SCRIPT = Path(__file__).with_name("send_subjects.py")
PYWA = "pywa==4.5.0"


@dataclass(slots=True)
class Row:
    """What one subject did.

    Attributes:
        title: What it is.
        slow: It manages some hundred messages a second, so that a round has fewer of them.
        theirs: It runs in the environment of its peer.
        cpu: CPU milliseconds of a message, of each round.
        rate: Messages a second, of each round.
    """

    title: str
    slow: bool = False
    theirs: bool = False
    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        """The median CPU time of a message."""
        return statistics.median(self.cpu)

    def __str__(self) -> str:
        return (
            f"{self.title:<36}{self.milliseconds:>9.3f}{min(self.cpu):>9.3f}"
            f"{statistics.median(self.rate):>10,.0f}"
        )


def rows() -> dict[str, Row]:
    """The subjects, by their names in `send_subjects`."""
    return {
        "blazz": Row(f"blazz {version('blazz')}"),
        "blazz-fast": Row(f"blazz {version('blazz')}, fast"),
        "blazz-session": Row(f"blazz {version('blazz')}, with a session"),
        "aiohttp": Row(f"raw aiohttp {version('aiohttp')}"),
        "pyreqwest": Row(f"raw pyreqwest {version('pyreqwest')}"),
        "httpx": Row(f"raw httpx {version('httpx')}", slow=True),
        "pywa": Row("pywa_async 4.5.0", slow=True, theirs=True),
        "pywa-tuned": Row("pywa_async 4.5.0, HttpxAiohttpClient", theirs=True),
    }


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    table = (
        measure(rounds=5, messages=1_000) if options.quick else measure(rounds=15, messages=2_000)
    )
    output = sys.stderr if options.json else sys.stdout
    print(f"{'':<36}{'ms CPU':>9}{'best':>9}{'msg/s':>10}", file=output)
    for row in table.values():
        print(row, file=output)
    return conclude("send", claims(table), as_json=options.json)


def measure(*, rounds: int, messages: int) -> dict[str, Row]:
    """Let every subject send, in turns; the slow ones send a fifth of the messages."""
    table = rows()
    with ExitStack() as stack:
        server = stack.enter_context(canned_api())
        subjects = {
            name: Subject(_command(name, row, server), stack=stack) for name, row in table.items()
        }
        for _ in range(rounds):
            for name, row in table.items():
                sent = messages // 5 if row.slow else messages
                figures = subjects[name].ask(sent)
                row.cpu.append(figures["cpu"] / sent * 1000)
                row.rate.append(sent / figures["wall"])
    return table


def _command(name: str, row: Row, server: str) -> list[str]:
    python = sys.executable
    if row.theirs:
        ours = (f"{package}=={version(package)}" for package in ("aiohttp", "httpx-aiohttp"))
        python = str(python_with(PYWA, *ours))
    return [python, "-W", "ignore", str(SCRIPT), name, server]


def claims(table: dict[str, Row]) -> list[Claim]:
    """What we hold blazz to."""
    ours, fast, peer = (table[name].milliseconds for name in ("blazz", "blazz-fast", "pywa"))
    tuned = table["pywa-tuned"].milliseconds
    # Of the rate the best round counts: other work on the machine only lowers it.
    rate = max(table["blazz"].rate)
    return [
        Claim(claim="CPU of a message, blazz", value=ours, unit="ms", limit=0.35),
        Claim(
            claim="CPU, pywa_async as it comes / blazz",
            value=peer / ours,
            unit="x",
            limit=8,
            at_least=True,
        ),
        Claim(
            claim="CPU, pywa_async tuned / blazz fast",
            value=tuned / fast,
            unit="x",
            limit=2,
            at_least=True,
        ),
        Claim(claim="messages of one process", value=rate, unit="/s", limit=1000, at_least=True),
    ]


if __name__ == "__main__":
    sys.exit(main())
