"""What backups of a real browser cost next to zips, and how long its restore takes."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.claims import Claim
from benchmarks.snapshot_store import SESSION, stores, zip_all
from blazz.auth_stores import Lease, SnapshotStore, StorageEngine, restore
from blazz.providers.web.capture import ProfileCapture, capture_closed
from tests.servers.writing_page import ITEM_BYTES, Writer, writer

PREFILL = 2100  # items: 15 MB with half of them still in the log
CHANGES = 60  # one a second
SMALL_BYTES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Means of usual backups, one a minute, and the median seconds of restores."""

    engine: StorageEngine
    size: int
    bytes: float
    zip_bytes: float
    cpu: float
    zip_cpu: float
    restores: dict[str, float]

    def lines(self) -> list[str]:
        """The figures in words."""
        return [
            f"{self.engine}: a profile of {self.size / 1e6:.1f} MB, changed for a minute:",
            f"  blazz {self.bytes / 1e3:10.1f} kB {self.cpu * 1e3:8.1f} ms CPU",
            f"  zip   {self.zip_bytes / 1e3:10.1f} kB {self.zip_cpu * 1e3:8.1f} ms CPU",
            *(f"  restore from {k:<8} {s * 1e3:8.1f} ms" for k, s in self.restores.items()),
        ]

    def claims(self) -> list[Claim]:
        """What the issue asks for."""
        less, faster = self.zip_bytes / self.bytes, self.zip_cpu / self.cpu
        return [
            Claim(
                claim=f"{self.engine}: bytes of a zip / bytes of a backup",
                value=less,
                unit="x",
                limit=100,
                at_least=True,
            ),
            Claim(
                claim=f"{self.engine}: CPU of a zip / CPU of a backup",
                value=faster,
                unit="x",
                limit=5,
                at_least=True,
            ),
            *(
                Claim(claim=f"{self.engine}: restore from {name}", value=it, unit="s", limit=1.0)
                for name, it in self.restores.items()
            ),
        ]


async def measure_costs(folder: Path, engine: StorageEngine, quick: bool) -> Costs:
    """Use a session as most are used, and back it up a few times."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    async with stores(folder) as all_stores:
        store = all_stores["memory"]
        lease = await store.acquire(SESSION, "bench")
        async with writer(profile, engine) as page:
            costs = await usual_backups(page, store, lease, rounds=3 if quick else 15)
            await page.running.close()
        closed = await capture_closed(profile, browser=page.browser)
        restores = {}
        for name, each in all_stores.items():
            own = await each.acquire(SESSION, "bench")
            await each.save(closed, own)
            seconds = [
                (await restore(each, SESSION, folder / name / str(n), browser=page.browser)).seconds
                for n in range(3)
            ]
            restores[name] = sorted(seconds)[1]
    size, sent, zipped, cpu, zip_cpu = costs
    return Costs(
        engine=engine,
        size=int(size),
        bytes=sent,
        zip_bytes=zipped,
        cpu=cpu,
        zip_cpu=zip_cpu,
        restores=restores,
    )


async def usual_backups(
    page: Writer, store: SnapshotStore, lease: Lease, *, rounds: int
) -> tuple[float, ...]:
    """Back up and zip in turn; the size, and for each means of bytes and CPU seconds."""
    capture = ProfileCapture(
        pid=page.running.pid,
        user_data=page.running.user_data,
        page=page.running.page,
        browser=page.browser,
    )
    await page.call("open")
    await page.call("use", PREFILL, ITEM_BYTES)
    await store.save(await capture(), lease)
    sent = zipped = cpu = zip_cpu = size = 0.0
    for _ in range(rounds):
        await page.call("use", CHANGES, SMALL_BYTES)
        start = spent()
        snapshot = await capture()
        saved = await store.save(snapshot, lease)
        cpu += spent() - start
        sent += saved.uploaded
        size = snapshot.size
        start = spent()
        zipped += len(zip_all(page.running.user_data / "Default" / "IndexedDB"))
        zip_cpu += spent() - start
    return size, sent / rounds, zipped / rounds, cpu / rounds, zip_cpu / rounds


def spent() -> float:
    """CPU seconds of this process and of the programs that it ran."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
