"""The limiter in Redis, asked by four processes at once: how exact it is, how urgency holds.

Each process takes tokens for campaign messages as fast as it gets them, for 20 seconds; together
they must stay within 2 % of the limit. Meanwhile a fifth process asks for an urgent message every
quarter of a second, as if among 10,000 messages of campaigns that wait for their turn.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks.claims import Claim, arguments, conclude
from benchmarks.harness import Subject
from tests.servers.redis import RedisServer

SCRIPT = Path(__file__).with_name("limiter_subject.py")
PROCESSES = 4
FULL = 20


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    seconds = 5 if options.quick else FULL
    claims: list[Claim] = []
    with ExitStack() as stack:
        server = RedisServer()
        stack.callback(server.remove)
        command = [sys.executable, str(SCRIPT), server.url]
        takers = [Subject(command, stack=stack) for _ in range(PROCESSES)]
        urgent = Subject(command, stack=stack)
        for each in (*takers, urgent):  # they start together once all of them are up
            each.ask(f"take 1 {time.time()} 0")
        pool = stack.enter_context(ThreadPoolExecutor(PROCESSES + 1))
        for rate in (80.0, 1000.0):
            start = time.time() + 2
            asked = [pool.submit(taker.ask, f"take {rate} {start} {seconds}") for taker in takers]
            hurried = pool.submit(urgent.ask, f"urgent {rate} {start} {seconds}")
            figures = [each.result() for each in asked]
            granted = sum(each["granted"] for each in figures)
            calls = sum(each["calls"] for each in figures)
            waits = hurried.result()
            claims += claims_for(rate, seconds, granted + waits["granted"], waits, calls)
    return conclude("limiter", claims, as_json=options.json)


def claims_for(
    rate: float, seconds: int, granted: float, waits: dict[str, float], calls: float
) -> list[Claim]:
    """What we hold the limiter to at one rate."""
    return [
        Claim(
            claim=f"granted to {PROCESSES} processes in {seconds} s at {rate:g}/s, over the limit",
            value=(granted / (rate * seconds) - 1) * 100,
            unit="%",
            limit=2 * FULL / seconds,  # the burst at the start weighs more in a shorter time
        ),
        Claim(
            claim=f"the same, of the limit at {rate:g}/s",
            value=granted / (rate * seconds) * 100,
            unit="%",
            limit=98,
            at_least=True,
        ),
        Claim(
            claim=f"longest wait of an urgent message at {rate:g}/s",
            value=waits["longest"],
            unit="s",
            limit=0.5,
        ),
        Claim(
            claim=f"calls to Redis at {rate:g}/s, per second",
            value=calls / seconds,
            unit="calls",
            limit=400,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
