"""A worker that takes a window, is stopped past its lease, and tries to go on."""

from __future__ import annotations

import asyncio
import sys
import time

from blazz.campaigns.delivery import Accepted
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import Finding
from blazz.errors import LeaseLost


async def main(url: str, number: int) -> None:
    async with PostgresLedger(url) as ledger:
        lease = await ledger.lease_chunk(
            ChunkId(number, 1), owner=await ledger.join(), ttl=2.0, now=time.time()
        )
        assert lease is not None
        rows = await ledger.begin_window(lease, 3, after=0, ttl=2.0, now=time.time())
        print(f"took {len(rows)}", flush=True)
        sys.stdin.readline()  # nothing else runs; the process is stopped here
        try:
            await ledger.begin_window(lease, 3, after=3, ttl=60, now=time.time())
        except LeaseLost:
            known = Finding(number, 1, 1, Accepted("wamid.1"))
            recorded = await ledger.record([known], now=time.time())
            await ledger.release(lease, now=time.time())
            print(f"fenced off, {recorded} recorded", flush=True)
        else:
            print("took more", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
