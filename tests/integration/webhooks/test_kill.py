"""kill -9 at random moments while updates arrive: none is lost."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import anyio
import httpx
import pytest

from blazz.webhooks import sign
from blazz.webhooks.inbox.base import State
from blazz.webhooks.inbox.sql import SqlInbox
from tests.integration.webhooks import traffic
from tests.servers.process import free_port

ROOT = Path(__file__).resolve().parents[3]
BATCH = 50


class Victim:
    """The process that is killed and started again."""

    def __init__(self, inbox_url: str, log: Path) -> None:
        self.port = free_port()
        module = "tests.integration.webhooks.handling_process"
        self._command = [sys.executable, "-m", module, inbox_url, str(self.port), str(log)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT)

    def kill(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, "it ended by itself"
        self._process.kill()
        self._process.wait()


async def post(client: httpx.AsyncClient, url: str, body: bytes) -> None:
    """Send a body until it is accepted, as Meta does."""
    headers = {"X-Hub-Signature-256": sign(body, traffic.SECRET)}
    while True:
        try:
            response = await client.post(url, content=body, headers=headers)
        except httpx.TransportError:
            await anyio.sleep(0.02)
            continue
        assert response.status_code == 200
        return


@pytest.mark.chaos
async def test_nothing_is_lost(
    inbox_url: str,
    make_inbox: Callable[[], SqlInbox],
    tmp_path: Path,
    chaos_seconds: float | None,
) -> None:
    """By default 4,000 updates and 3 kills; 20,000 and 6 or more with `--chaos-minutes`."""
    updates, least = (4_000, 3) if chaos_seconds is None else (20_000, 6)
    log = tmp_path / "handled.log"
    victim = Victim(inbox_url, log)
    bodies = iter([traffic.body(range(start, start + BATCH)) for start in range(0, updates, BATCH)])
    sent = anyio.Event()
    kills = 0

    async def send(client: httpx.AsyncClient) -> None:
        for body in bodies:
            await post(client, f"http://127.0.0.1:{victim.port}/", body)

    async def kill_and_restart() -> None:
        nonlocal kills
        end = time.monotonic() + (chaos_seconds or 0)
        while kills < least or time.monotonic() < end:
            accepted = await reached(log, at_least=kills * updates // (2 * least))
            await anyio.sleep(random.uniform(0, 0.3))
            victim.kill()
            victim.start()
            kills += 1
            if sent.is_set() and accepted >= updates:
                return

    victim.start()
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(kill_and_restart)
            async with (
                httpx.AsyncClient(timeout=60) as client,
                anyio.create_task_group() as senders,
            ):
                for _ in range(4):
                    senders.start_soon(send, client)
            sent.set()
        async with make_inbox() as inbox:
            with anyio.fail_after(30):
                while await inbox.backlog():  # noqa: ASYNC110  # no bell rings across processes
                    await anyio.sleep(0.05)
            assert State.DEAD not in (await inbox.counts()).updates
    finally:
        victim.kill()

    handled = Counter(log.read_text().splitlines())
    assert len(handled) == updates, "updates were lost"
    # Again comes only what a killed process had in hand, and had not recorded as done.
    assert sum(handled.values()) - updates <= kills * 1_000


async def reached(log: Path, *, at_least: int) -> int:
    """Wait until so many updates have been handled."""
    while (count := lines(log)) < at_least:  # noqa: ASYNC110  # it is another process that writes
        await anyio.sleep(0.02)
    return count


def lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0
