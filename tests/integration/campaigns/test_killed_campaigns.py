"""A campaign that is killed again and again sends no message twice and forgets nobody."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest

from blazz.addresses import Identity, Phone
from blazz.campaigns import CampaignState, StatusSettler, pacing
from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.tokens import TokenSigner
from blazz.events.statuses import Delivered
from tests.integration.campaigns.sending_process import CONCURRENCY, make

PEOPLE = 3000
KILLS = 6
WINDOW = pacing.LARGEST_WINDOW * CONCURRENCY
# What each process may send before it is killed: there is always something left for the next.
SHARE = PEOPLE // KILLS - WINDOW
PATIENCE = 240.0
ROOT = Path(__file__).resolve().parents[3]


class Scene:
    """The files of one campaign and the processes that work on it."""

    def __init__(self, folder: Path, people: int) -> None:
        self.ledger = folder / "ledger.db"
        self.audience = folder / "contacts.csv"
        self.sent = folder / "sent.log"
        self.numbers = [f"+6281{n:08}" for n in range(people)]
        lines = (f"{number},name {n}" for n, number in enumerate(self.numbers))
        self.audience.write_text("phone,name\n" + "\n".join(lines))
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def start(self, what: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.integration.campaigns.sending_process",
                str(self.ledger),
                str(self.audience),
                str(self.sent),
                what,
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def import_and_die(self, size: int) -> None:
        """Kill an import once its ledger has about that size."""
        process = self.start("import")
        while process.poll() is None and size_of(self.ledger) < size:
            time.sleep(0.005)
        process.kill()
        process.communicate()

    def count(self) -> int:
        """How many messages have left."""
        return self.sent.read_bytes().count(b"\n") if self.sent.exists() else 0

    def times(self) -> Counter[str]:
        """How often each number got a message."""
        lines = self.sent.read_text().splitlines() if self.sent.exists() else []
        return Counter(line.split()[0] for line in lines)

    def tokens(self) -> list[str]:
        return [line.split()[1] for line in self.sent.read_text().splitlines()]


def wait_for_progress(process: subprocess.Popen[str], more: int) -> bool:
    """Read the process's counts until so many more are done; False if it ends before."""
    assert process.stdout is not None
    start = None
    for line in process.stdout:
        start = int(line) if start is None else start
        if int(line) >= start + more:
            return True
    return False


@pytest.mark.chaos
async def test_kill_nine_at_random_moments(tmp_path: Path, chaos_seconds: float | None) -> None:
    end = time.monotonic() + (chaos_seconds or 0)
    for number in itertools.count():
        folder = tmp_path / str(number)
        folder.mkdir()
        with Scene(folder, PEOPLE) as scene:
            kill_and_restart(scene)
            await check_killed(scene)
        if time.monotonic() >= end:
            return


def kill_and_restart(scene: Scene) -> None:
    """Run the campaign to its end, and kill it on the way."""
    rng = random.Random()
    for _ in range(KILLS):
        enough = scene.count() + rng.randrange(1, SHARE)
        process = scene.start(str(SHARE))
        while scene.count() < enough:
            assert process.poll() is None
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    process = scene.start("send")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


async def check_killed(scene: Scene) -> None:
    times = scene.times()
    assert [number for number, count in times.items() if count > 1] == [], "nobody got two"
    async with SqliteLedger(scene.ledger) as ledger:
        campaign = make(ledger, str(scene.audience), str(scene.sent))
        report = await campaign.report()
        assert report.balanced
        assert report.done
        assert report.counts.accepted + report.counts.unknown == PEOPLE, "nobody is forgotten"
        assert report.counts.unknown <= KILLS * WINDOW
        in_doubt = {row.address async for row in campaign.recipients(State.UNKNOWN)}
        assert set(scene.numbers) - set(times) <= in_doubt, "whoever got nothing is in doubt"

        await settle(ledger, scene)
        report = await campaign.report()
        assert report.counts.delivered == len(times), "their statuses settle all that were sent"
        assert report.counts.unknown == PEOPLE - len(times)


async def settle(ledger: SqliteLedger, scene: Scene) -> None:
    """Let the status updates of all messages that left come in."""
    settler = StatusSettler(ledger, TokenSigner(await ledger.key()), clock=time.time)
    await settler.apply(
        Delivered(
            key=token,
            at=datetime.now(UTC),
            message_id=token,
            recipient=Identity(phone=Phone(scene.numbers[0])),
            token=token,
        )
        for token in scene.tokens()
    )


@pytest.mark.chaos
async def test_kill_nine_while_the_audience_is_imported(tmp_path: Path) -> None:
    people = 20_000
    with Scene(tmp_path, people) as scene:
        for _ in range(3):
            scene.import_and_die(random.randrange(200_000, 1_600_000))
    async with SqliteLedger(scene.ledger) as ledger:
        campaign = make(ledger, str(scene.audience), str(scene.sent))
        await campaign.prepare()
        progress = await campaign.progress()
        assert (progress.rows_read, progress.duplicates) == (people, 0)
        assert progress.counts.pending == people
        row = await ledger.find("default", "promo")
        assert row is not None
        assert row.state is CampaignState.READY
        lines = [it.line async for it in campaign.recipients()]
        assert lines == list(range(2, people + 2)), "every row once, in order"
    assert scene.times() == Counter(), "nothing is sent by an import"


def size_of(ledger: Path) -> int:
    files = (ledger, ledger.with_name(f"{ledger.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


async def test_an_interrupt_leaves_nobody_in_doubt(tmp_path: Path) -> None:
    people = 2000  # at a tenth of its speed far more than it sends before it is interrupted
    with Scene(tmp_path, people) as scene:
        for _ in range(2):
            process = scene.start("send slowly")
            assert wait_for_progress(process, 100)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)
            assert process.returncode == 130
            async with SqliteLedger(scene.ledger) as ledger:
                campaign = make(ledger, str(scene.audience), str(scene.sent))
                counts = (await campaign.progress()).counts
            assert counts.unknown == counts.sending == 0
            assert 0 < counts.accepted == len(scene.times()) < people
        process = scene.start("send")
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert scene.times() == dict.fromkeys(scene.numbers, 1)
