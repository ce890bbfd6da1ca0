"""What backups of a real browser cost next to zips, and how long its restore takes."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

from benchmarks.claims import Claim
from benchmarks.snapshot_store import SESSION, stores, zip_all
from blazz.auth_stores import Lease, SnapshotStore, StorageEngine, restore
from blazz.auth_stores.snapshot.unread import SETTLED
from blazz.providers.web.capture import ProfileCapture, capture_closed
from tests.servers.writing_page import ITEM_BYTES, Writer, writer

ITEMS = 2300  # 15 MB of what Chromium makes of them
CHANGES = 60  # one a second


class Backup(NamedTuple):
    """One backup, and a zip of the same files: bytes and CPU seconds."""

    size: int
    bytes: int
    zip_bytes: int
    cpu: float
    zip_cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Usual backups, one a minute, and the median seconds of restores.

    Now and then a browser writes its tables anew, and the backup after that is as large as a zip.
    What is claimed of usual backups is claimed of their median; the mean stands beside it.
    """

    engine: StorageEngine
    backups: tuple[Backup, ...]
    restores: dict[str, float]

    def lines(self) -> list[str]:
        """The figures in words."""
        usual, mean = self._all(median), self._all(fmean)
        means = f"mean {mean.bytes / 1e3:.1f} kB, {mean.cpu * 1e3:.1f} ms"
        return [
            f"{self.engine}: a profile of {usual.size / 1e6:.1f} MB, changed for a minute:",
            f"  blazz {usual.bytes / 1e3:10.1f} kB {usual.cpu * 1e3:8.1f} ms CPU ({means})",
            f"  zip   {usual.zip_bytes / 1e3:10.1f} kB {usual.zip_cpu * 1e3:8.1f} ms CPU",
            *(f"  restore from {k:<8} {s * 1e3:8.1f} ms" for k, s in self.restores.items()),
        ]

    def _all(self, kind: Callable[[list[float]], float]) -> Backup:
        figures = (kind([float(each[at]) for each in self.backups]) for at in range(5))
        return Backup(*figures)  # type: ignore[arg-type]

    def claims(self) -> list[Claim]:
        """What the issue asks for."""
        usual = self._all(median)
        less, faster = usual.zip_bytes / usual.bytes, usual.zip_cpu / usual.cpu
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
            backups = await usual_backups(page, store, lease, rounds=5 if quick else 15)
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
    return Costs(engine=engine, backups=tuple(backups), restores=restores)


async def usual_backups(
    page: Writer, store: SnapshotStore, lease: Lease, *, rounds: int
) -> list[Backup]:
    """Back up and zip in turn."""
    capture = ProfileCapture(
        pid=page.running.pid,
        user_data=page.running.user_data,
        page=page.running.page,
        browser=page.browser,
    )
    await page.call("open")
    await page.call("use", ITEMS, ITEM_BYTES)
    await store.save(await capture(), lease)
    # Backups are a minute apart and more; by then what was written before has settled.
    await asyncio.sleep(SETTLED + 0.5)
    backups: list[Backup] = []
    for _ in range(rounds):
        await page.call("note", CHANGES)
        start = spent()
        snapshot = await capture()
        saved = await store.save(snapshot, lease)
        middle = spent()
        zipped = len(zip_all(page.running.user_data / "Default" / "IndexedDB"))
        backups.append(
            Backup(snapshot.size, saved.uploaded, zipped, middle - start, spent() - middle)
        )
    return backups


def spent() -> float:
    """CPU seconds of this process and of the programs that it ran."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
