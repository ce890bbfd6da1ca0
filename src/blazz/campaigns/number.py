"""What a worker knows of a number that it sends from."""

from __future__ import annotations

from dataclasses import dataclass, field

from blazz.campaigns.chunk_run import ChunkRun
from blazz.campaigns.pacing import Pace


@dataclass(slots=True)
class Number:
    """How a number is doing, and which chunks are sent from it.

    Attributes:
        pace: How it is doing.
        latency: Seconds from request to answer, lately.
        step: Seconds that it takes to record answers and take new rows, lately.
        runs: The chunks in work, the one that began first at the beginning.
    """

    pace: Pace = field(default_factory=Pace)
    latency: float = 0.2
    step: float = 0.0
    runs: list[ChunkRun] = field(default_factory=list)

    def room(self, run: ChunkRun, window: int) -> tuple[int, int]:
        """How many rows a chunk may take now, and how many answers are worth a commit.

        The number's chunks share its window; what is on its way of less urgent campaigns takes no
        room from the more urgent, and gets none while they have something to send. Of one
        campaign's chunks, the one that began first goes first: a few large steps cost less than
        many small ones.
        """
        enough = max(1, window // 3)
        free = window - sum(it.in_flight for it in self.runs if it.priority <= run.priority)
        free -= sum(it.remaining for it in self.runs if it.priority < run.priority)
        want = max(0, min(free, run.remaining))
        campaign = run.lease.chunk.campaign
        for earlier in self.runs[: self.runs.index(run)]:
            if earlier.remaining and earlier.lease.chunk.campaign == campaign:
                want = 0
        if want < enough and want < run.remaining and run.in_flight:
            want = 0
        return want, enough
