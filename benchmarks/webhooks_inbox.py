"""Receiving webhooks durably: CPU time of the ASGI application with its inbox, next to pywa_async.

blazz answers when the update is committed to disk, and handles it afterwards; pywa_async's route
keeps nothing. Both get the same requests, 128 at a time, by calls of their ASGI applications.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import webhook_load
from benchmarks.claims import Claim, arguments, conclude
from benchmarks.harness import Subject
from benchmarks.peers import python_with
from benchmarks.webhooks import HERE, PEER, Row, Table

ACCEPTED = "blazz, accepted"
HANDLED = "blazz, handled"
ROUTE = f"{PEER} route"

BATCH_PARTS = 4
SCENARIOS = ("one text", "one status", "100 updates")


def commands() -> dict[str, list[str]]:
    """How to start each subject."""
    ours = [sys.executable, "-m", "benchmarks.webhook_inbox"]
    theirs = python_with("pywa==4.5.0", "starlette==1.10.0")
    return {
        ACCEPTED: [*ours, "accepted"],
        HANDLED: [*ours, "handled"],
        ROUTE: [str(theirs), "-W", "ignore", str(HERE / "webhook_pywa_route.py")],
    }


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    table = measure(rounds=8 if options.quick else 20)
    output = sys.stderr if options.json else sys.stdout
    for (scenario, subject), row in table.items():
        print(f"{scenario:<14}{subject:<24}{row}", file=output)
    return conclude("webhooks_inbox", claims(table), as_json=options.json)


def measure(*, rounds: int) -> Table:
    """Let every subject handle every scenario, in turns."""
    table: Table = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subjects = {name: Subject(command, stack=stack) for name, command in commands().items()}
        for number in range(rounds):
            for place, scenario in enumerate(SCENARIOS):
                posts = requests(scenario, number * len(SCENARIOS) + place)
                file = folder / f"{scenario}.jsonl"
                webhook_load.save(posts, file)
                for name, subject in subjects.items():
                    row = table.setdefault((scenario, name), Row(webhook_load.count(posts)))
                    row.add(0, subject.ask(file))
    return dict(sorted(table.items(), key=lambda item: SCENARIOS.index(item[0][0])))


def requests(scenario: str, number: int) -> list[webhook_load.Post]:
    """Make the requests of one round, of updates of its own: the inbox leaves out what it has had.

    Ten batches would be two commits, which tell of the disk's mood more than of the inbox.
    """
    parts = BATCH_PARTS if scenario == "100 updates" else 1
    first = number * BATCH_PARTS
    loads = (webhook_load.rounds(first + part, quick=False) for part in range(parts))
    return [post for load in loads for post in load[scenario]]


def claims(table: Table) -> list[Claim]:
    """Compare rates; a batch with the peer's single updates, for it drops most of a batch."""

    def ratio(scenario: str, subject: str, peer: str) -> float:
        return table[scenario, subject].rate / table[peer, ROUTE].rate

    lost = sum(row.sent - row.handled for (_, name), row in table.items() if name != ROUTE)
    return [
        *(
            Claim(
                claim=f"{scenario}: updates/s, {ACCEPTED} / {ROUTE}",
                value=ratio(scenario, ACCEPTED, peer),
                unit="x",
                limit=limit,
                at_least=True,
            )
            for scenario, peer, limit in (
                ("one text", "one text", 1),
                ("one status", "one status", 1),
                ("100 updates", "one status", 10),
            )
        ),
        Claim(claim="updates lost by blazz", value=lost, unit="updates", limit=0),
    ]


if __name__ == "__main__":
    sys.exit(main())
