"""Receiving webhooks: CPU time from the signed body to the handler, next to pywa_async.

Every subject handles the same requests; no update comes twice. Rounds are interleaved and the best
of each counts: other work on the machine makes a round slower, never faster. A process keeps the
luck it has with its memory and its hashes, a tenth either way, so that each subject is several
processes, and the median of their bests is its figure.

To add a row, write a script that calls `webhook_worker.serve`, and name it in `SUBJECTS`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from statistics import median

from benchmarks import webhook_load
from benchmarks.claims import Claim, arguments, conclude
from benchmarks.harness import Subject
from benchmarks.peers import python_with

HERE = Path(__file__).parent
PROCESSES = 5
PEER = "pywa_async 4.5.0"
OURS = "blazz"


def _ours(script: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.{script}"]


def _theirs(script: str, requirement: str) -> list[str]:
    return [str(python_with(requirement)), "-W", "ignore", str(HERE / f"{script}.py")]


SUBJECTS: dict[str, Callable[[], list[str]]] = {
    OURS: lambda: _ours("webhook_blazz"),
    PEER: lambda: _theirs("webhook_pywa", "pywa==4.5.0"),
}


@dataclass(slots=True)
class Row:
    """What one subject did with one scenario.

    Attributes:
        sent: How many updates a round holds.
        handled: The fewest that reached a handler in a round.
        best: The CPU seconds of the best round of each process.
    """

    sent: int
    handled: float = inf
    best: dict[int, float] = field(default_factory=dict)

    def add(self, process: int, answer: Mapping[str, float]) -> None:
        """Add what one of its processes did in one round."""
        self.handled = min(self.handled, answer["handled"])
        self.best[process] = min(self.best.get(process, inf), answer["seconds"])

    @property
    def rate(self) -> float:
        """Updates handled in one CPU second."""
        return self.handled / median(self.best.values())

    def __str__(self) -> str:
        each = 1e6 / self.rate
        return (
            f"{self.rate:>10,.0f} /s {each:>8.2f} us   {self.handled:,.0f} of {self.sent:,} handled"
        )


Table = dict[tuple[str, str], Row]


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    table = measure(rounds=4 if options.quick else 12, quick=options.quick)
    output = sys.stderr if options.json else sys.stdout
    for (scenario, subject), row in table.items():
        print(f"{scenario:<14}{subject:<18}{row}", file=output)
    return conclude("webhooks", claims(table), as_json=options.json)


def measure(*, rounds: int, quick: bool) -> Table:
    """Let every subject handle every scenario, in turns."""
    table: Table = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subjects = [
            (name, process, Subject(command(), stack=stack))
            for process in range(PROCESSES)
            for name, command in SUBJECTS.items()
        ]
        for number in range(rounds):
            for scenario, posts in webhook_load.rounds(number, quick=quick).items():
                file = folder / f"{scenario}.jsonl"
                webhook_load.save(posts, file)
                for name, process, subject in subjects:
                    row = table.setdefault((scenario, name), Row(webhook_load.count(posts)))
                    row.add(process, subject.ask(file))
    return dict(sorted(table.items(), key=lambda item: item[0][0]))


# What a batch is compared with: the peer handles its first update and drops the others, so that it
# is at its best with one update in each request. A thousand updates outgrow the processor's caches.
COMPARED = {
    "one text": ("one text", 3.0),
    "one status": ("one status", 3.0),
    "100 updates": ("one status", 3),
    "1000 updates": ("one status", 1.5),
}


def claims(table: Table) -> list[Claim]:
    """Compare updates handled in a CPU second with what the peer manages at best."""
    found = [
        Claim(
            claim=f"{scenario}: updates/s, {OURS} / {PEER}",
            value=table[scenario, OURS].rate / table[best, PEER].rate,
            unit="x",
            limit=limit,
            at_least=True,
        )
        for scenario, (best, limit) in COMPARED.items()
    ]
    found += [
        Claim(
            claim=f"{scenario}: CPU time of an update, {OURS}",
            value=1e6 / table[scenario, OURS].rate,
            unit="us",
            limit=16,
        )
        for scenario in ("one text", "one status", "100 updates")
    ]
    lost = sum(row.sent - row.handled for (_, subject), row in table.items() if subject == OURS)
    return [*found, Claim(claim=f"updates lost by {OURS}", value=lost, unit="updates", limit=0)]


if __name__ == "__main__":
    sys.exit(main())
