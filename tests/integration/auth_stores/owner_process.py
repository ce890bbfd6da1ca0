"""An owner of a session, as a process: `python owner_process.py URL KEYRING NAME SEED`.

It takes the session whenever it can, saves again and again, and writes a line for what it was told:
`saved EPOCH REVISION CONTENT`, `lost EPOCH`. Its wall clock jumps about. It ends when its standard
input does.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import sys
import threading
import time

from blazz.auth_stores import (
    BytesSource,
    Kind,
    SessionKey,
    Settings,
    Snapshot,
    SnapshotFile,
    from_url,
    hold,
)
from blazz.errors import LeaseTaken, OwnershipLost, StoreUnavailable

SESSION = SessionKey("acme", "support")
TTL = 0.6


def main(url: str, keyring: str, name: str, seed: int) -> None:
    """Work until the parent closes our standard input."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    dice = random.Random(seed)
    _let_the_clock_jump(dice)
    asyncio.run(_work(url, keyring, name, dice))


def _end_with_the_parent() -> None:
    sys.stdin.read()
    import os

    os._exit(0)


def _let_the_clock_jump(dice: random.Random) -> None:
    real = time.time

    def jumping() -> float:
        return real() + dice.choice([-86_400.0, -5.0, 0.0, 5.0, 86_400.0])

    class Jumping(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return dt.datetime.fromtimestamp(jumping(), tz)

    time.time = jumping
    from blazz.auth_stores.snapshot import contents

    contents.datetime = Jumping  # type: ignore[attr-defined]


async def _work(url: str, keyring: str, name: str, dice: random.Random) -> None:
    store = from_url(url, keyring=keyring, settings=Settings(chunk_bytes=256, pack_bytes=1024))
    while True:
        try:
            await store.open()
            while True:
                await _own(store, name, dice)
                await asyncio.sleep(0.2)  # or it would take it again before anybody looks
        except (LeaseTaken, OwnershipLost, StoreUnavailable):
            await asyncio.sleep(0.02)


async def _own(store, name: str, dice: random.Random) -> None:
    async with hold(store, SESSION, owner=name, ttl=TTL, wait=5) as keeper:
        epoch = keeper.lease.epoch
        content = bytearray(2000)
        for turn in range(dice.randint(3, 30)):
            content[dice.randrange(2000)] = turn
            label = f"{name}-{epoch}-{turn}"
            snapshot = Snapshot(
                kind=Kind.WEB,
                files=(SnapshotFile("log", BytesSource(bytes(content))),),
                documents={"label": label.encode()},
            )
            try:
                # Deliberately without asking the keeper: the store itself must refuse.
                saved = await store.save(snapshot, keeper.lease)
            except OwnershipLost:
                _tell(f"lost {epoch}")
                return
            except StoreUnavailable:
                continue
            _tell(f"saved {saved.revision.epoch} {saved.revision.number} {label}")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
