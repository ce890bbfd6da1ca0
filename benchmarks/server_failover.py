"""Instances of the reference server are killed while messages flow; their sessions go on elsewhere.

Each instance is a process with a disk of its own, which is deleted with it; they share PostgreSQL,
Redis and S3, and all sessions are of WhatsApp Web, on the sandbox's simulated page. A takeover
takes from the kill (SIGKILL) until another instance shows the session as ready. It counts if no
session had to be linked again, each message that came in was handled by one owner and is shown
once, and each message that the API took arrived, once. Counted apart is what a browser had
confirmed to WhatsApp, and not yet handed over, at the moment when its machine died: the phone alone
has it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import anyio

from benchmarks.claims import Claim, arguments, conclude
from tests.server_cluster import MARGIN, Cluster, Servers, cluster
from tests.server_traffic import traffic

_LOOK = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """How the sessions of a dead instance went on.

    Attributes:
        seconds: From the kill until each was ready.
        received: How many messages came in meanwhile and soon after.
        sent: How many the API sent.
        in_hand: How many the dead machine's browsers had confirmed and took along.
    """

    seconds: list[float]
    received: int
    sent: int
    in_hand: int


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--instances", type=int, help="how many instances (default 3)")
    parser.add_argument("--sessions", type=int, help="how many sessions (default 20)")
    parser.add_argument("--kills", type=int, help="how many are killed in turn (default 5)")
    parser.add_argument("--lease", type=float, help="seconds of a lease (default 30)")
    options = parser.parse_args()
    instances = options.instances or (2 if options.quick else 3)
    sessions = options.sessions or (4 if options.quick else 20)
    kills = options.kills or (1 if options.quick else 5)
    lease = options.lease or (5.0 if options.quick else 30.0)
    output = sys.stderr if options.json else sys.stdout
    found: list[Takeover] = []
    with tempfile.TemporaryDirectory() as folder, _servers() as servers:
        asyncio.run(
            _measure(
                servers,
                Path(folder),
                names=[f"i{number}" for number in range(instances)],
                sessions=sessions,
                kills=kills,
                lease=lease,
                found=found,
                output=output,
            )
        )
    seconds = [each for takeover in found for each in takeover.seconds]
    print(
        f"{len(seconds)} sessions taken over: median {statistics.median(seconds):.1f} s, slowest"
        f" {max(seconds):.1f} s; {sum(it.received for it in found)} messages in and"
        f" {sum(it.sent for it in found)} out, none twice",
        file=output,
    )
    claim = Claim(
        claim=f"slowest takeover of {len(seconds)}, lease {lease:g} s",
        value=max(seconds),
        unit="s",
        limit=lease + MARGIN,
    )
    lost = Claim(
        claim="messages that a dead machine's browser had confirmed and took along",
        value=sum(it.in_hand for it in found),
        unit="messages",
        limit=0,
    )
    return conclude("server_failover", [claim, lost], as_json=options.json)


async def _measure(
    servers: Servers,
    folder: Path,
    *,
    names: list[str],
    sessions: int,
    kills: int,
    lease: float,
    found: list[Takeover],
    output: TextIO,
) -> None:
    async with cluster(servers, folder=folder, lease=lease) as made:
        await made.start(*names)
        await made.pair(sessions, workspaces=sessions)
        for number in range(kills):
            dead, moving = await made.busiest()
            takeover = await _take_over(made, dead, moving)
            found.append(takeover)
            shown = " ".join(f"{it:.1f}" for it in takeover.seconds)
            print(f"kill {number + 1}: {len(moving)} sessions after {shown} s", file=output)
            await made.start(dead)


async def _take_over(made: Cluster, dead: str, moving: set[str]) -> Takeover:
    ready: dict[str, float] = {}
    async with traffic(made) as flowing:
        killed_at = time.monotonic()
        await made.kill(dead)
        while moving - ready.keys():
            for key, session in (await made.sessions()).items():
                elsewhere = session["instance"] not in {None, dead}
                if key in moving and elsewhere and session["state"] == "ready":
                    ready.setdefault(key, time.monotonic() - killed_at)
            await anyio.sleep(_LOOK)
    await flowing.check()
    return Takeover(
        seconds=sorted(ready.values()),
        received=len(flowing.received),
        sent=len(flowing.sent),
        in_hand=len(flowing.in_hand),
    )


@contextmanager
def _servers() -> Iterator[Servers]:
    from tests.servers.postgres import PostgresServer
    from tests.servers.redis import RedisServer
    from tests.servers.s3 import S3Server

    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "bench"
    with ExitStack() as stack:
        postgres = PostgresServer(fsync=True)
        stack.callback(postgres.remove)
        redis = RedisServer(durable=True)
        stack.callback(redis.remove)
        s3 = S3Server()
        stack.callback(s3.remove)
        yield Servers(
            postgres=postgres.url(postgres.create_database()), redis=redis.url, store=s3.url()
        )


if __name__ == "__main__":
    sys.exit(main())
