"""kill -9 of a campaign at any moment, then the same command: nobody twice, nobody missing."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from blazz.sandbox import SandboxControl

RECIPIENTS = 1200
KILLS = 3
RATE = 600
WINDOW = 256
"""More than a campaign at this rate ever has on its way."""


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "blazz.cli", "sandbox", "--port", "0", "--json",
               "--set", "throughput=null", "--set", "speed=5", "--set", "latency=0.02",
               "--set", "retry_first=0.2", "--set", "retry_most=1"]  # fmt: skip
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()
        process.wait(60)


def _start(sandbox: str, folder: Path, out: IO[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "blazz.cli", "campaign", "run", "people.csv", "--json",
               "--text", "Halo {name}", "--sandbox-url", sandbox, "--rate", str(RATE),
               "--wait", "3"]  # fmt: skip
    return subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.PIPE, text=True)


def _accepted(sandbox: str) -> dict[str, int]:
    async def counts() -> dict[str, int]:
        async with SandboxControl(sandbox) as control:
            return await control.counts()

    return asyncio.run(counts())


@pytest.mark.chaos
def test_a_killed_campaign_goes_on(
    tmp_path: Path, sandbox: str, chaos_seconds: float | None
) -> None:
    people = [f"+62812{n:08}" for n in range(RECIPIENTS)]
    rows = "\n".join(f"{phone},Person {n}" for n, phone in enumerate(people))
    (tmp_path / "people.csv").write_text(f"phone,name\n{rows}\n", encoding="utf-8")
    chance = random.Random(7)
    kills = 0
    deadline = time.monotonic() + (chaos_seconds or 0)

    while True:
        before = sum(_accepted(sandbox).values())
        with (tmp_path / "out.jsonl").open("w+") as out, _start(sandbox, tmp_path, out) as run:
            if kills < KILLS or time.monotonic() < deadline:
                # From the first message on, so that kills hit the sending and not the start.
                _wait_for_messages(sandbox, run, more_than=before)
                time.sleep(chance.uniform(0.0, 0.5))
                run.send_signal(signal.SIGKILL)
                run.communicate()
                kills += 1
            if run.wait(120) in {0, 4}:
                out.seek(0)
                report: dict[str, Any] = json.loads(out.read().splitlines()[-1])
                break

    counts = _accepted(sandbox)
    twice = {to: count for to, count in counts.items() if count > 1}
    missing = [phone for phone in people if phone not in counts]
    assert not twice
    assert report["done"]
    assert report["rows_read"] == RECIPIENTS
    # Who was on their way when a process died may have got nothing; no more than that.
    assert len(missing) == report["unknown"] <= kills * WINDOW
    assert report["read"] + report["unknown"] == RECIPIENTS


def _wait_for_messages(sandbox: str, run: subprocess.Popen[str], *, more_than: int) -> None:
    async def wait() -> None:
        async with SandboxControl(sandbox) as control:
            while run.poll() is None:
                async for _ in control.log(after=more_than, wait=0.5):
                    return

    asyncio.run(wait())
