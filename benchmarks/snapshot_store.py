"""What it costs to keep a session: bytes and CPU per backup next to a zip, seconds per restore.

The profile is what a browser writes: tables that never change, half of it text and half random, and
a log that grows by one small record a second. The zip is what remote stores commonly make of it,
each time all of it. `benchmarks.snapshot` measures the same in a real Chromium.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.claims import Claim, arguments, conclude
from blazz.auth_stores import (
    Browser,
    Kind,
    Lease,
    LocalAuth,
    MemoryAuth,
    SessionKey,
    Snapshot,
    SnapshotStore,
    StorageEngine,
    from_url,
    profile_files,
    restore,
)
from blazz.security.keyring import KeyRing

SESSION = SessionKey("bench", "profile")
RING = KeyRing.generate()
CHROMIUM = Browser(version="156.0.8078.79", engine=StorageEngine.LEVELDB)
TABLES, TABLE_BYTES, LOG_BYTES = 7, 2 * 1024**2, 1024**2
MINUTE = 60


@dataclass(frozen=True, slots=True)
class Costs:
    """The bytes and CPU seconds of usual backups, one a minute."""

    size: int
    bytes: float
    zip_bytes: float
    cpu: float
    zip_cpu: float


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    output = sys.stderr if options.json else sys.stdout
    with tempfile.TemporaryDirectory() as folder:
        costs, restores = asyncio.run(measure(Path(folder), rounds=5 if options.quick else 30))
    print(f"a profile of {costs.size / 1e6:.1f} MB, changed for a minute:", file=output)
    print(f"  blazz {costs.bytes / 1e3:10.1f} kB {costs.cpu * 1e3:8.1f} ms CPU", file=output)
    print(
        f"  zip   {costs.zip_bytes / 1e3:10.1f} kB {costs.zip_cpu * 1e3:8.1f} ms CPU", file=output
    )
    for name, seconds in restores.items():
        print(f"restore from {name:<8} {seconds * 1e3:8.1f} ms", file=output)
    claims = [
        Claim(
            claim="bytes of a zip / bytes of a backup",
            value=costs.zip_bytes / costs.bytes,
            unit="x",
            limit=100,
            at_least=True,
        ),
        Claim(
            claim="CPU of a zip / CPU of a backup",
            value=costs.zip_cpu / costs.cpu,
            unit="x",
            limit=5,
            at_least=True,
        ),
        *(
            Claim(claim=f"restore 15 MB from {name}", value=seconds, unit="s", limit=1.0)
            for name, seconds in restores.items()
        ),
    ]
    return conclude("snapshot_store", claims, as_json=options.json)


async def measure(folder: Path, *, rounds: int) -> tuple[Costs, dict[str, float]]:
    """Back one profile up again and again, then restore it from every store."""
    profile = folder / "profile"
    make_profile(profile)
    async with stores(folder) as all_stores:
        store = all_stores["memory"]
        lease = await store.acquire(SESSION, "bench")
        await store.save(snapshot(profile), lease)
        costs = await usual_backups(store, lease, profile, rounds)
        restores = {
            name: await restore_time(each, profile, folder / name, rounds=max(3, rounds // 5))
            for name, each in all_stores.items()
        }
    return costs, restores


@asynccontextmanager
async def stores(folder: Path) -> AsyncIterator[dict[str, SnapshotStore]]:
    """One store of each kind, with servers of their own."""
    from tests.servers.redis import RedisServer
    from tests.servers.s3 import S3Server

    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "bench"
    async with AsyncExitStack() as stack:
        redis, s3 = RedisServer(durable=True), S3Server()
        stack.callback(redis.remove)
        stack.callback(s3.remove)
        made: dict[str, SnapshotStore] = {
            "memory": MemoryAuth(keyring=RING),
            "folder": LocalAuth(folder / "store", keyring=RING),
            "Redis": from_url(redis.url, keyring=RING),
            "S3": from_url(s3.url(), keyring=RING),
        }
        for store in made.values():
            await stack.enter_async_context(store)
        yield made


def make_profile(root: Path) -> None:
    """Write what a browser would have written."""
    folder = root / "Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb"
    folder.mkdir(parents=True)
    dice = random.Random(1)
    for number in range(TABLES):
        (folder / f"{number:06d}.ldb").write_bytes(content(dice, TABLE_BYTES))
    (folder / "000099.log").write_bytes(content(dice, LOG_BYTES))
    storage = root / "Default/Local Storage/leveldb"
    storage.mkdir(parents=True)
    (storage / "000003.log").write_bytes(content(dice, 40_000))
    (root / "Default/Cookies").write_bytes(content(dice, 20_480))


def content(dice: random.Random, size: int) -> bytes:
    """Half random, half text, in turn."""
    words = b" ".join(dice.randbytes(3).hex().encode() for _ in range(200))
    pieces = []
    while sum(map(len, pieces)) < size:
        pieces += [dice.randbytes(2000), words[: 7 * dice.randrange(100, 200)] * 2]
    return b"".join(pieces)[:size]


def use(root: Path, dice: random.Random, seconds: int) -> None:
    """Let the browser write one small record a second."""
    log = root / "Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb/000099.log"
    with log.open("ab") as file:
        for _ in range(seconds):
            file.write(content(dice, 350))


def snapshot(profile: Path) -> Snapshot:
    """Take the profile as it is."""
    documents = {"local_storage.json": b'{"WAToken": "%d"}' % time.time_ns()}
    return Snapshot(
        kind=Kind.WEB, files=profile_files(profile), documents=documents, browser=CHROMIUM
    )


async def usual_backups(store: SnapshotStore, lease: Lease, profile: Path, rounds: int) -> Costs:
    """Back up and zip in turn, after each minute of use."""
    dice = random.Random(2)
    sent = zipped = 0
    cpu = zip_cpu = 0.0
    for _ in range(rounds):
        use(profile, dice, MINUTE)
        start = time.process_time()
        saved = await store.save(snapshot(profile), lease)
        cpu += time.process_time() - start
        sent += saved.uploaded
        start = time.process_time()
        zipped += len(zip_all(profile))
        zip_cpu += time.process_time() - start
    size = snapshot(profile).size
    return Costs(size, sent / rounds, zipped / rounds, cpu / rounds, zip_cpu / rounds)


def zip_all(profile: Path) -> bytes:
    """Zip the whole profile in memory."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(profile.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(profile))
    return target.getvalue()


async def restore_time(store: SnapshotStore, profile: Path, folder: Path, *, rounds: int) -> float:
    """The median seconds of a restore into a new folder."""
    lease = await store.acquire(SESSION, "bench")
    await store.save(snapshot(profile), lease)
    seconds = []
    for number in range(rounds):
        restored = await restore(store, SESSION, folder / str(number), browser=CHROMIUM)
        seconds.append(restored.seconds)
    return sorted(seconds)[len(seconds) // 2]


if __name__ == "__main__":
    sys.exit(main())
