"""A WhatsApp Web session moves: its machine is killed and its disk deleted, another one goes on.

Each machine is a process with a folder and a Chromium of its own; WhatsApp is the sandbox's. A move
takes from the kill (SIGKILL) until the session is ready on the next machine, which runs already and
waits for the session; with `--late` it begins to ask for it when the first one is killed. It counts
if no QR code was shown, the linked device is still the same one, a message that came while nobody
ran has arrived, the fate of one that was sent before is told, messages go both ways, and the chat
is what it was. The next move begins where this one ended.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from benchmarks.claims import Claim, arguments, conclude
from blazz.security.keyring import KeyRing
from tests.moving import MARGIN, Move, journey

QUICK, ALL = 3, 30


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--store", choices=("redis", "s3"), help="only this store")
    parser.add_argument("--count", type=int, help=f"moves of each store (default {ALL})")
    parser.add_argument("--ttl", type=float, default=10.0, help="seconds of a lease (default 10)")
    parser.add_argument("--late", action="store_true", help="ask only after the kill")
    options = parser.parse_args()
    claims: list[Claim] = []
    for name in [options.store] if options.store else ["redis", "s3"]:
        claims += _measured(name, options)
    return conclude("move", claims, as_json=options.json)


def _measured(name: str, options: argparse.Namespace) -> list[Claim]:
    count = options.count or (QUICK if options.quick else ALL)
    output = sys.stderr if options.json else sys.stdout
    moves: list[Move] = []
    with tempfile.TemporaryDirectory() as folder, _server(name) as url:
        asyncio.run(_move(url, Path(folder), options, count, moves, name, output))
    in_time = [move for move in moves if move.in_time]
    slowest = max(move.seconds for move in moves)
    median = statistics.median(move.seconds for move in moves)
    print(
        f"{name}: {len(in_time)} of {count} moves within {options.ttl:g} s + {MARGIN:g} s;"
        f" median {median:.1f} s, slowest {slowest:.1f} s",
        file=output,
    )
    return [
        Claim(
            claim=f"moves from {name} in time, chats intact, no QR code",
            value=len(in_time),
            unit=f"of {count}",
            limit=count,
            at_least=True,
        )
    ]


async def _move(
    url: str,
    folder: Path,
    options: argparse.Namespace,
    count: int,
    moves: list[Move],
    name: str,
    output: TextIO,
) -> None:
    keyring = folder / "keyring"
    KeyRing.generate().write(keyring)
    async with journey(store=url, keyring=keyring, disks=folder, ttl=options.ttl) as travelling:
        for number in range(1, count + 1):
            moves.append(await travelling.move(standby=not options.late))
            print(f"{name} {number:3}: {moves[-1].seconds:5.1f} s", file=output, flush=True)


@contextmanager
def _server(name: str) -> Iterator[str]:
    """A server of that kind; gives the URL of a store on it."""
    from tests.servers.redis import RedisServer
    from tests.servers.s3 import S3Server

    if name == "redis":
        redis = RedisServer(durable=True)
        try:
            yield redis.url
        finally:
            redis.remove()
        return
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "bench"
    s3 = S3Server()
    try:
        yield s3.url()
    finally:
        s3.remove()


if __name__ == "__main__":
    sys.exit(main())
