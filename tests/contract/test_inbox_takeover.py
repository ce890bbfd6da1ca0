"""What a killed process had taken from an SQLite inbox is ready as soon as another opens it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from blazz.webhooks.inbox.base import Row, Split, State
from blazz.webhooks.inbox.sqlite import SqliteInbox

TAKE_AND_WAIT = """
import asyncio, sys
from blazz.webhooks.inbox.sqlite import SqliteInbox

async def main():
    async with SqliteInbox(sys.argv[1]) as inbox:
        items = await inbox.take("first", sessions=["acme/sales"], limit=10, lease=3600)
        print(len(items), flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_nobody_waits_for_the_lease_of_a_dead_process(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    await _fill(path)
    with subprocess.Popen(  # noqa: ASYNC220  # its one line comes at once
        [sys.executable, "-c", TAKE_AND_WAIT, path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "2\n"

        async with SqliteInbox(path) as inbox:
            assert not await _taken(inbox), "its owner is alive"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    async with SqliteInbox(path) as inbox:
        assert len(await _taken(inbox)) == 2


async def _taken(inbox: SqliteInbox):
    return await inbox.take("second", sessions=["acme/sales"], limit=10, lease=3600)


async def _fill(path: Path) -> None:
    async with SqliteInbox(path) as inbox:
        await inbox.put(b"{}", signer="s")
        (arrived,) = await inbox.arrived(["s"], limit=1)
        rows = [
            Row(position, f"key-{position}".encode(), "acme/sales", "", State.READY)
            for position in range(2)
        ]
        version = (await inbox.routes()).version
        await inbox.split([Split(arrived.body_id, rows)], version=version)
