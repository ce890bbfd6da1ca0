"""Receiving webhooks: CPU time from the signed body to the handler, next to pywa_async.

Every subject is a process that handles the same requests. Rounds are interleaved and the best of
each counts: other work on the machine makes a round slower, never faster.

To add a row, write a script that calls `webhook_worker.serve`, and name it in `SUBJECTS`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.claims import Claim, arguments, conclude
from benchmarks.peers import python_with
from benchmarks.webhook_load import Post, save, scenarios

HERE = Path(__file__).parent
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
        sent: How many updates the requests hold.
        handled: How many reached a handler.
        seconds: The CPU seconds of each round.
    """

    sent: int
    handled: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Updates handled in one CPU second, at best."""
        return self.handled / min(self.seconds)

    def __str__(self) -> str:
        each = 1e6 / self.rate
        return f"{self.rate:>10,.0f} /s {each:>8.2f} us   {self.handled:,} of {self.sent:,} handled"


Table = dict[tuple[str, str], Row]


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    posts = scenarios(quick=options.quick)
    table = measure(posts, rounds=5 if options.quick else 15)
    output = sys.stderr if options.json else sys.stdout
    for (scenario, subject), row in table.items():
        print(f"{scenario:<14}{subject:<18}{row}", file=output)
    return conclude("webhooks", claims(table), as_json=options.json)


def measure(posts: dict[str, list[Post]], *, rounds: int) -> Table:
    """Let every subject handle every scenario, in turns."""
    table = {
        (scenario, subject): Row(sum(body.count(b'"timestamp"') for body, _ in requests))
        for scenario, requests in posts.items()
        for subject in SUBJECTS
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for scenario, requests in posts.items():
            save(requests, folder / f"{scenario}.jsonl")
        processes = {name: _start(command(), folder, stack) for name, command in SUBJECTS.items()}
        for _ in range(rounds):
            for (scenario, subject), row in table.items():
                answer = _ask(processes[subject], scenario)
                row.handled = int(answer["handled"])
                row.seconds.append(answer["seconds"])
    return table


def _start(command: Sequence[str], folder: Path, stack: ExitStack) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*command, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return stack.enter_context(process)


def _ask(process: subprocess.Popen[str], scenario: str) -> dict[str, float]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{scenario}\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args} ended with {process.wait()}")
    answer: dict[str, float] = json.loads(line)
    return answer


def claims(table: Table) -> list[Claim]:
    """Compare rates; a batch with what the peer does at best, one update in each request.

    It handles the first update of a batch and drops the others.
    """
    best = {"one text": "one text"}
    found = [
        Claim(
            claim=f"{scenario}: updates/s, {OURS} / {PEER}",
            value=table[scenario, OURS].rate / table[best.get(scenario, "one status"), PEER].rate,
            unit="x",
            limit=3,
            at_least=True,
        )
        for scenario, subject in table
        if subject == OURS
    ]
    lost = sum(row.sent - row.handled for (_, subject), row in table.items() if subject == OURS)
    return [*found, Claim(claim="updates lost by blazz", value=lost, unit="updates", limit=0)]


if __name__ == "__main__":
    sys.exit(main())
