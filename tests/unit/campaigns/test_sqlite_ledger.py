"""The SQLite ledger where it differs from others; what all promise is in tests/contract."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from blazz.campaigns.delivery import State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger import sqlite
from blazz.campaigns.ledger.records import CampaignRow, CampaignState, NewRow, unpack
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.pacing import LARGEST_WINDOW
from blazz.databases.queries import migrations
from blazz.databases.sqlite import SqliteDatabase
from blazz.errors import LedgerError
from tests.unit.campaigns.senders import FakeSender, a_campaign, numbers, people, run

NOW = 1_780_000_000.0
ROW = CampaignRow(workspace="w", id="c", session="s", message="{}", columns=())

EARLIER = """
INSERT INTO campaign (
    workspace, id, session, message, columns, priority, not_before, unknown, settle_after,
    most_refusals, chunk_size, state, created_at
) VALUES ('w', 'c', 's', '{}', '[]', 3, 0, 'hold', 60, 5, 2, 'running', 1);
INSERT INTO chunk (campaign, number, pending) VALUES (1, 1, 2), (1, 2, 1);
INSERT INTO recipient (campaign, seq, line, address, vars)
VALUES (1, 1, 1, '+621', '[]'), (1, 2, 2, '+622', '[]'), (1, 3, 3, '+623', '[]')
"""

DIES = """
import asyncio, os, signal, sys
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.sqlite import SqliteLedger

async def main():
    async with SqliteLedger(sys.argv[1]) as ledger:
        owner = await ledger.join()
        if sys.argv[2] == "import":
            await ledger.begin_import(1, owner=owner, now=float(sys.argv[3]), ttl=1e6)
        else:
            chunk = ChunkId(1, 1)
            lease = await ledger.lease_chunk(chunk, owner=owner, ttl=1e6, now=float(sys.argv[3]))
            await ledger.begin_window(lease, 2, after=0, ttl=1e6, now=float(sys.argv[3]))
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def die_in(path: Path, what: str) -> None:
    """Kill another process while it owns something in the ledger."""
    ended = subprocess.run([sys.executable, "-c", DIES, str(path), what, str(NOW)], check=False)
    assert ended.returncode == -9


async def ready(ledger: SqliteLedger, count: int) -> CampaignRow:
    row = await ledger.create(ROW, now=NOW)
    owner = await ledger.join()
    await ledger.begin_import(row.number, owner=owner, now=NOW, ttl=60)
    rows = [NewRow(n, number, "[]") for n, number in enumerate(numbers(count), 1)]
    await ledger.import_rows(row.number, rows, owner=owner, now=NOW, ttl=60)
    await ledger.finish_import(row.number, owner=owner, audience="a", columns=(), now=NOW, ttl=60)
    await ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
    return row


async def test_what_a_killed_process_held_is_free_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with SqliteLedger(path) as ledger:
        row = await ready(ledger, 5)
        die_in(path, "send")
        owner = await ledger.join()
        later = NOW + 5
        assert await ledger.offer(owner=owner, depth=9, hold=30, now=later)
        lease = await ledger.lease_chunk(ChunkId(row.number, 1), owner=owner, ttl=60, now=later)
        assert lease is not None
        assert lease.due == 3
        unknown = await ledger.recipients(row.number, {State.UNKNOWN})
        assert [it.seq for it in unknown] == [1, 2]


async def test_an_import_that_a_killed_process_began_can_be_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with SqliteLedger(path) as ledger:
        await ledger.create(ROW, now=NOW)
        die_in(path, "import")
        await ready(ledger, 1)


async def test_two_processes_do_not_take_each_others_chunks(tmp_path: Path) -> None:
    async with SqliteLedger(tmp_path / "l.db") as one, SqliteLedger(tmp_path / "l.db") as two:
        row = await ready(one, 5)
        ann, bob = await one.join(), await two.join()
        chunk = ChunkId(row.number, 1)
        assert await one.lease_chunk(chunk, owner=ann, ttl=60, now=NOW) is not None
        assert await two.offer(owner=bob, depth=9, hold=30, now=NOW + 5) == []
        assert await two.lease_chunk(chunk, owner=bob, ttl=60, now=NOW + 5) is None
        await one.close()
        assert len(await two.offer(owner=bob, depth=9, hold=30, now=NOW + 10)) == 1


async def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(LedgerError, match=r"ledger\.db: file is not a database"):
        await SqliteLedger(path).open()
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version=999")
    connection.close()
    with pytest.raises(LedgerError, match="use the newer blazz"):
        await SqliteLedger(newer).open()
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError):
        await SqliteLedger(tmp_path / "file" / "ledger.db").open()


async def test_a_ledger_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    first = migrations("blazz.campaigns.ledger", "sqlite_migrations")[:1]
    async with SqliteDatabase(path, migrations=first) as database:
        for statement in EARLIER.split(";"):
            await database.write(lambda c, sql=statement: c.execute(sql))  # type: ignore[misc]
    async with SqliteLedger(path) as ledger:
        owner = await ledger.join()
        offers = await ledger.offer(owner=owner, depth=9, hold=30, now=NOW)
        assert [it.chunk.number for it in offers] == [1, 2]
        lease = await ledger.lease_chunk(ChunkId(1, 1), owner=owner, ttl=60, now=NOW)
        assert lease is not None
        assert (lease.due, lease.lane) == (2, 0)
        rows = await ledger.begin_window(lease, 5, after=0, ttl=60, now=NOW)
        assert [(it.seq, it.variant) for it in rows] == [(1, 0), (2, 0)]
        row = await ledger.find("w", "c")
        assert row is not None
        assert (row.options, row.upto) == ("{}", None)


async def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(LedgerError, match="or newer is needed"):
        await SqliteLedger(tmp_path / "ledger.db").open()


async def test_a_ledger_that_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="is not open"):
        await SqliteLedger(tmp_path / "ledger.db").get(1)


async def test_a_campaign_that_is_not_there(tmp_path: Path) -> None:
    async with SqliteLedger(tmp_path / "ledger.db") as ledger:
        owner = await ledger.join()
        with pytest.raises(LedgerError, match="there is no campaign 7"):
            await ledger.standing(7, now=NOW)
        with pytest.raises(LedgerError, match="there is no campaign 7"):
            await ledger.begin_import(7, owner=owner, now=NOW, ttl=60)
        assert await ledger.get(7) is None
        assert await ledger.lease_chunk(ChunkId(7, 1), owner=owner, ttl=60, now=NOW) is None


@pytest.mark.parametrize("spare_pages", [0, 8])
async def test_a_full_disk_stops_sending_and_doubles_nothing(
    tmp_path: Path, spare_pages: int
) -> None:
    sender = FakeSender()
    path = tmp_path / "ledger.db"
    async with SqliteLedger(path) as ledger:
        campaign = a_campaign(ledger, sender, people(2000), concurrency=20)
        await campaign.prepare()
        used = await ledger._database.read(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
        full = f"PRAGMA max_page_count={used + spare_pages}"
        await ledger._database.write(lambda c: c.execute(full).fetchone())
        with pytest.raises(LedgerError, match="database or disk is full"):
            await run(campaign)
        assert len(sender.sent) < 2000
    async with SqliteLedger(path) as ledger:
        again = a_campaign(ledger, sender, people(2000))
        last = await run(again)
    assert max(sender.times.values()) == 1, "nobody got two"
    assert last.counts.unknown == 2000 - last.counts.accepted <= LARGEST_WINDOW * 20
    assert len(sender.times) >= last.counts.accepted


def test_values_of_a_row_keep_their_columns() -> None:
    with pytest.raises(ValueError, match="zip"):
        unpack('["a"]', ("one", "two"))
