"""What a backup of a running Chromium is worth, what it costs, and what the page notices of it.

A page writes without pause: two databases that must agree, a key that cannot be read out, and
localStorage. Snapshots of it are stored, restored, and opened in a fresh browser each; beside them
stands what a zip of the live folder is worth, taken in turn with them. This goes on with LevelDB
and SQLite, on a fast disk and on one of 10 MB/s, see `benchmarks.slow_disk`. Then a session is
used as most are, a small change a second, and backups are compared with zips.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
import zipfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.claims import Claim, arguments, conclude
from benchmarks.slow_disk import NoSlowDisk, slow_disk
from benchmarks.snapshot_costs import Costs, measure_costs
from benchmarks.snapshot_store import RING, SESSION
from blazz.auth_stores import Lease, LocalAuth, Snapshot, SnapshotStore, StorageEngine, restore
from blazz.auth_stores.profiles import NEEDED
from blazz.errors import SourceChanged
from blazz.providers.web.browser_storage import restore_documents
from blazz.providers.web.capture import Captured, Method, ProfileCapture
from blazz.providers.web.driver import kept_driver
from tests.servers.writing_page import ITEM_BYTES, Verdict, Writer, look, writer

SLOW_BYTES = 10 * 1024 * 1024
ROWS = tuple(
    f"{engine}-{disk}"
    for engine in (StorageEngine.LEVELDB, StorageEngine.SQLITE)
    for disk in ("fast", "slow")
)


@dataclass(slots=True)
class Row:
    """What came of many snapshots in one place."""

    name: str
    captured: list[Captured] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    quiet_gaps: list[float] = field(default_factory=list)
    zips: list[Verdict] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    repeated: int = 0

    @property
    def pauses(self) -> list[float]:
        """The milliseconds that the browser stood still."""
        return [each.pause * 1000 for each in self.captured]


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--snapshots", type=int, help="in each of the four places; 50 by default")
    parser.add_argument("--only", choices=(*ROWS, "costs"), help="measure only this")
    options = parser.parse_args()
    output = sys.stderr if options.json else sys.stdout
    with tempfile.TemporaryDirectory(prefix="blazz-snapshot-") as folder:
        rows, costs = asyncio.run(measure(Path(folder), options))
    for row in rows:
        print("\n".join(described(row)), file=output)
    for cost in costs:
        print("\n".join(cost.lines()), file=output)
    claims = [
        *(claims_of_rows(rows) if rows else ()),
        *(each for c in costs for each in c.claims()),
    ]
    return conclude("snapshot", claims, as_json=options.json)


async def measure(folder: Path, options: Namespace) -> tuple[list[Row], list[Costs]]:
    """Measure what was asked for."""
    count = options.snapshots or (2 if options.quick else 50)
    rows, costs = [], []
    async with kept_driver():
        for name in ROWS:
            if options.only in {None, name}:
                try:
                    with disk(folder / name, name) as place:
                        copies = folder / f"{name}-copies"
                        rows.append(await measure_row(name, place, copies, count))
                except NoSlowDisk as error:
                    print(f"{name}: not measured: {error}", file=sys.stderr)
        for engine in StorageEngine:
            if options.only in {None, "costs"} and not (options.quick and rows and costs):
                costs.append(await measure_costs(folder / "costs" / engine, engine, options.quick))
    return rows, costs


@contextmanager
def disk(folder: Path, name: str) -> Iterator[Path]:
    """A folder on the disk that a row is about."""
    if name.endswith("slow"):
        with slow_disk(folder, rate=SLOW_BYTES) as mounted:
            yield mounted
    else:
        folder.mkdir()
        yield folder


async def measure_row(name: str, place: Path, copies: Path, count: int) -> Row:
    """Take snapshots and zips of a browser that writes; open all of them afterwards."""
    engine = StorageEngine(name.partition("-")[0])
    row = Row(name)
    profile, zips = place / "profile", []
    async with LocalAuth(copies / "store", keyring=RING) as store, writer(profile, engine) as page:
        lease = await store.acquire(SESSION, "bench")
        await page.call("start", ITEM_BYTES)
        await asyncio.sleep(2 if count < 10 else 15)
        capture = ProfileCapture(
            pid=page.running.pid,
            user_data=profile,
            page=page.running.page,
            browser=page.browser,
            on_captured=row.captured.append,
        )
        for number in range(count):
            await one_snapshot(row, page, capture, store, lease, copies / "restored")
            if not number % 3:
                target = place / f"{number}.zip"
                zips.append(target if await asyncio.to_thread(zip_live, profile, target) else None)
        await page.call("stop")
    for target in zips:
        row.zips.append(await look_into_zip(target, copies / "unzipped", engine))
    return row


async def one_snapshot(
    row: Row,
    page: Writer,
    capture: ProfileCapture,
    store: SnapshotStore,
    lease: Lease,
    folder: Path,
) -> None:
    """Take a snapshot, store it, restore it, and open it in a fresh browser."""
    try:
        try:
            await store.save(await captured(row, page, capture), lease)
        except SourceChanged:  # a second later, as `Backups` does
            row.repeated += 1
            await asyncio.sleep(1)
            await store.save(await captured(row, page, capture), lease)
    except Exception as error:  # noqa: BLE001  # no snapshot is a failure, whatever the reason
        row.failures.append(f"{type(error).__name__}: {error}")
        return
    restored = await restore(store, SESSION, folder, browser=page.browser, force=True)
    storage = restore_documents(restored.documents)
    row.verdicts.append(await look(folder, page.browser.engine, storage))


async def captured(row: Row, page: Writer, capture: ProfileCapture) -> Snapshot:
    """Take a snapshot; ask the page for the gap in its time there, and for one without a cause."""
    before = time.time() * 1000
    await asyncio.sleep(0.1)
    snapshot = await capture()
    stopped = snapshot.captured_at.timestamp() * 1000
    length = row.pauses[-1]
    row.gaps.append(await page.call("gap", stopped, stopped + length))
    row.quiet_gaps.append(await page.call("gap", before, before + length))
    return snapshot


def zip_live(profile: Path, target: Path) -> bool:
    """Zip the live folder, as remote stores commonly do; False if that failed."""
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in NEEDED:
                found = profile / part
                for path in sorted(found.rglob("*")) if found.is_dir() else [found]:
                    if path.is_file():
                        archive.write(path, path.relative_to(profile))
    except OSError:
        target.unlink()
        return False
    return True


async def look_into_zip(target: Path | None, folder: Path, engine: StorageEngine) -> Verdict:
    """Open what was zipped in a fresh browser."""
    if target is None:
        return Verdict("a file vanished while it was zipped: no backup")
    copy = folder / target.stem
    with zipfile.ZipFile(target) as archive:
        archive.extractall(copy)
    return await look(copy, engine, None)


def described(row: Row) -> list[str]:
    """The row in words and figures."""
    ways = {way: sum(each.method is way for each in row.captured) for way in Method}
    head = (
        f"{row.name}: {len(row.captured)} snapshots"
        f" ({', '.join(f'{count} {way}' for way, count in ways.items() if count)}),"
        f" {statistics.median(each.size for each in row.captured) / 1e6:.1f} MB,"
        f" up to {max(each.attempts for each in row.captured)} attempts, {row.repeated} repeated"
    )
    return [
        head,
        f"  blazz  {losses(row.verdicts)}",
        f"  zip    {losses(row.zips)}",
        f"  pause  {spread(row.pauses)}",
        f"  page   {spread(row.gaps)}; without a snapshot {spread(row.quiet_gaps)}",
        f"  total  {spread([each.seconds * 1000 for each in row.captured])}",
        *(f"  FAILED {failure}" for failure in row.failures),
        *(f"  blazz  unreadable: {each.unreadable}" for each in row.verdicts if each.unreadable),
    ]


def losses(verdicts: list[Verdict]) -> str:
    """How many copies are worth less than they should be."""
    readable = [each for each in verdicts if each.unreadable is None]
    behind = [each.tick - each.storage for each in readable if each.stale]
    worst = f" (up to {max(behind)} changes)" if behind else ""
    return (
        f"{len(verdicts)} opened: {len(verdicts) - len(readable)} unreadable,"
        f" {sum(not each.whole for each in readable)} broken,"
        f" {sum(not each.together for each in readable)} torn between databases,"
        f" {sum(not each.key for each in readable)} without key,"
        f" {len(behind)} with older localStorage{worst}"
    )


def spread(values: list[float]) -> str:
    """Median and maximum of milliseconds."""
    return f"{statistics.median(values):.1f} ms median, {max(values):.1f} ms worst"


def claims_of_rows(rows: list[Row]) -> list[Claim]:
    """What the issue asks of all rows together, and the pause of each."""
    verdicts = [each for row in rows for each in row.verdicts]
    failed = sum(len(row.failures) for row in rows)
    counts = {
        "snapshots that failed or are unreadable": failed
        + sum(each.unreadable is not None for each in verdicts),
        "snapshots with a broken invariant": sum(
            each.unreadable is None and not (each.whole and each.together) for each in verdicts
        ),
        "snapshots that lost the key": sum(
            each.unreadable is None and not each.key for each in verdicts
        ),
        "snapshots with an older localStorage": sum(each.stale for each in verdicts),
    }
    claims = [Claim(claim=name, value=value, unit="", limit=0) for name, value in counts.items()]
    gaps = [gap for row in rows for gap in row.gaps]
    for name, value, limit in (
        ("pause seen by the page, median", statistics.median(gaps), 10),
        ("pause seen by the page, worst", max(gaps), 60),
    ):
        claims.append(Claim(claim=name, value=value, unit="ms", limit=limit))
    return claims


if __name__ == "__main__":
    sys.exit(main())
