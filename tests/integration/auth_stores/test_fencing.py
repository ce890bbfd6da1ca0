"""Two owners, paused, killed, cut off, with jumping clocks: never two writers in one epoch.

A few trials run by default; `BLAZZ_FENCING_TRIALS=200` asks for more.
"""

from __future__ import annotations

import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from blazz.auth_stores import Kind, SessionKey, from_url
from blazz.auth_stores.store import SnapshotStore
from blazz.security.keyring import KeyRing
from tests.servers.proxy import Proxy
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server

SESSION = SessionKey("acme", "support")
SCRIPT = Path(__file__).with_name("owner_process.py")
TRIALS = int(os.environ.get("BLAZZ_FENCING_TRIALS", "2"))
PATIENCE = 60.0


class News:
    """What all owners of a trial tell, as it comes."""

    def __init__(self) -> None:
        self._lines: queue.Queue[tuple[Owner, tuple[str, ...]]] = queue.Queue()

    def put(self, owner: Owner, words: tuple[str, ...]) -> None:
        """Take a line of an owner."""
        self._lines.put((owner, words))

    def save_by(self, *owners: Owner) -> tuple[Owner, int]:
        """Wait until one of these saves, from now on; return which one, and the epoch."""
        while not self._lines.empty():
            self._lines.get()
        until = time.monotonic() + PATIENCE
        while True:
            owner, words = self._lines.get(timeout=max(0.1, until - time.monotonic()))
            if owner in owners and words[0] == "saved":
                return owner, int(words[1])


@dataclass(eq=False)
class Owner:
    """A process that saves whenever it owns the session, and what it told."""

    url: str
    keyring: Path
    name: str
    seed: int
    news: News
    told: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start it, perhaps again."""
        self.process = subprocess.Popen(
            [sys.executable, SCRIPT, self.url, self.keyring, self.name, str(self.seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            words = tuple(line.split())
            self.told.append(words)
            self.news.put(self, words)

    def send(self, what: signal.Signals) -> None:
        """Stop, continue or kill it."""
        self.process.send_signal(what)

    def end(self) -> None:
        """End it, also if it is stopped; what it told before is heard."""
        self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()


@dataclass
class Place:
    """A store that two owners share: each has a way of its own that can be cut."""

    urls: list[str]
    direct: str
    proxies: list[Proxy]


@pytest.fixture(params=["local", "redis", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "local":
        yield Place([f"file://{tmp_path}/store"] * 2, f"file://{tmp_path}/store", [])
        return
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        proxies = [Proxy(server.port), Proxy(server.port)]
        urls = [f"redis://127.0.0.1:{proxy.port}/0" for proxy in proxies]
        yield Place(urls, server.url, proxies)
    else:
        s3: S3Server = request.getfixturevalue("s3_server")
        proxies = [Proxy(s3.port), Proxy(s3.port)]
        direct = s3.url()
        urls = [direct.replace(s3.endpoint, f"http://127.0.0.1:{proxy.port}") for proxy in proxies]
        yield Place(urls, direct, proxies)
    for proxy in proxies:
        proxy.close()


@pytest.fixture
def keyring(tmp_path: Path) -> Path:
    path = tmp_path / "keyring"
    KeyRing.generate().write(path)
    return path


def _trial(place: Place, keyring: Path, dice: random.Random) -> list[Owner]:
    """Let two owners fight over a session while everything happens to the one that has it."""
    news = News()
    owners = [
        Owner(url, keyring, name, dice.randrange(10**6), news)
        for url, name in zip(place.urls, ("ann", "bob"), strict=True)
    ]
    ways = dict(zip(owners, place.proxies or (None, None), strict=True))
    try:
        for _ in range(3):
            victim, _ = news.save_by(*owners)
            (other,) = set(owners) - {victim}
            heal = _strike(victim, ways[victim], dice)
            news.save_by(other)
            heal()
        for owner in owners:
            news.save_by(owner)
    finally:
        for owner in owners:
            owner.end()
    return owners


def _strike(victim: Owner, way: Proxy | None, dice: random.Random) -> Callable[[], None]:
    """Do something to an owner; return what undoes it."""
    what = dice.choice(["stop", "kill", "cut", "drop answers"] if way else ["stop", "kill"])
    if what == "stop":
        victim.send(signal.SIGSTOP)
        return lambda: victim.send(signal.SIGCONT)
    if what == "kill":
        victim.end()
        return victim.start
    assert way is not None
    if what == "cut":
        way.cut()
    else:
        way.drop_answers = True
    return way.mend


async def _check(store: SnapshotStore, owners: list[Owner]) -> int:
    """What the owners were told is true, in one order; return how many saves that were."""
    saves = sorted(
        (int(number), int(epoch), label)
        for owner in owners
        for kind, epoch, *rest in owner.told
        if kind == "saved"
        for number, label in [rest]
    )
    numbers = [number for number, _, _ in saves]
    epochs = [epoch for _, epoch, _ in saves]
    assert len(set(numbers)) == len(numbers), "two saves were given one revision"
    assert epochs == sorted(epochs), "an older owner's save came after a newer owner's"
    for _, epoch, label in saves:
        assert label.split("-")[1] == str(epoch)

    history = await store.history(SESSION)
    assert history[0].number >= numbers[-1], "a newer revision is gone"
    told = {number: label for number, _, label in saves}
    for revision in history:
        stored = await store.load(SESSION, kind=Kind.WEB, revision=revision.number)
        label = (await stored.document("label")).decode()
        assert label.split("-")[1] == str(revision.epoch)
        assert told.get(revision.number, label) == label, "a revision holds another save"
    verification = await store.verify(SESSION)
    assert verification.ok, verification.damage
    return len(saves)


@pytest.mark.chaos
@pytest.mark.parametrize("trial", range(TRIALS))
async def test_never_two_writers_in_one_epoch_order(
    trial: int, place: Place, keyring: Path
) -> None:
    owners = _trial(place, keyring, random.Random(trial))

    async with from_url(place.direct, keyring=keyring) as store:
        assert await _check(store, owners) >= 4


@pytest.mark.chaos
async def test_a_process_that_wakes_up_after_its_lease_changes_nothing(
    place: Place, keyring: Path
) -> None:
    news = News()
    ann = Owner(place.urls[0], keyring, "ann", 1, news)
    owners = [ann]
    try:
        _, epoch = news.save_by(ann)
        ann.send(signal.SIGSTOP)
        bob = Owner(place.urls[1], keyring, "bob", 2, news)
        owners.append(bob)
        _, later = news.save_by(bob)
        assert later > epoch
        ann.send(signal.SIGCONT)
        _, again = news.save_by(ann)
        assert again > later, "it went on in an epoch that was not its own"
    finally:
        for owner in owners:
            owner.end()

    async with from_url(place.direct, keyring=keyring) as store:
        await _check(store, owners)
