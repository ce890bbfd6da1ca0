"""Many WhatsApp Web sessions at once: they start, exchange messages, stop, and leave nothing.

One client, one simulated WhatsApp, a real Chromium with the real wa-js for each session. Each is
paired, sends messages and is sent as many; afterwards no process, no folder and no lock is left.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.claims import Claim, arguments, conclude
from blazz import Client, Pacing, QrCode, Session, Text, TextReceived, Web
from blazz.providers.web.processes import ProcessTree
from blazz.providers.web.settings import BrowserSettings
from blazz.sandbox.condition import Condition
from blazz.sandbox.web import SimulatedWeb
from blazz.sandbox.web.serving import running_web

BUDI = "+6281200000002"
PATIENCE = 300.0
MEGABYTE = 1e6


@dataclass(slots=True)
class Figures:
    """What was measured."""

    ready: float = 0.0
    exchange: float = 0.0
    stop: float = 0.0
    memory: float = 0.0
    sent: int = 0
    received: int = 0
    processes: int = 0
    files: int = 0


class Heard:
    """Counts the texts that each session received."""

    def __init__(self) -> None:
        self.texts: Counter[str] = Counter()
        self.out_of_order = 0
        self._last: dict[str, int] = {}
        self._changed = Condition()

    async def take(self, session: Session, message: TextReceived) -> None:
        """Take one message."""
        name, number = session.name, int(message.body)
        self.out_of_order += number != self._last.get(name, -1) + 1
        self._last[name] = number
        self.texts[name] += 1
        self._changed.notify_all()

    async def until(self, total: int) -> None:
        """Wait until so many have come altogether."""
        await self._changed.wait_for(lambda: self.texts.total() >= total, timeout=PATIENCE)


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    sessions, messages = (4, 25) if options.quick else (20, 100)
    with tempfile.TemporaryDirectory(prefix="blazz-benchmark-") as folder:
        temporary = Path(folder) / "temporary"
        temporary.mkdir()
        os.environ["TMPDIR"] = str(temporary)  # so that nothing of others is taken for ours
        figures, unordered = asyncio.run(measure(Path(folder), sessions, messages))
        figures.files += len(list(temporary.iterdir()))
    output = sys.stderr if options.json else sys.stdout
    print(
        f"{sessions} sessions: ready after {figures.ready:.1f} s, {figures.memory:.0f} MB;"
        f" {messages} messages each way in {figures.exchange:.1f} s; stopped in"
        f" {figures.stop:.1f} s",
        file=output,
    )
    wanted = sessions * messages
    claims = [
        Claim(claim="sent", value=figures.sent, unit="messages", limit=wanted, at_least=True),
        Claim(
            claim="received", value=figures.received, unit="messages", limit=wanted, at_least=True
        ),
        Claim(claim="received twice", value=figures.received - wanted, unit="messages", limit=0),
        Claim(claim="received out of order", value=unordered, unit="messages", limit=0),
        Claim(claim="processes left behind", value=figures.processes, unit="", limit=0),
        Claim(claim="files left behind", value=figures.files, unit="", limit=0),
    ]
    return conclude("web_sessions", claims, as_json=options.json)


async def measure(folder: Path, sessions: int, messages: int) -> tuple[Figures, int]:
    """Run them all."""
    figures, heard = Figures(), Heard()
    async with running_web() as web:
        async with Client(folder=folder / "client", workspace="bench") as client:
            client.on(TextReceived, name="heard")(heard.take)
            began = time.perf_counter()
            opened = await asyncio.gather(*(start(client, web, it) for it in range(sessions)))
            figures.ready = time.perf_counter() - began
            figures.memory = ProcessTree(os.getpid()).memory() / MEGABYTE
            began = time.perf_counter()
            await asyncio.gather(*(exchange(web, it, messages) for it in opened))
            await heard.until(sessions * messages)
            figures.exchange = time.perf_counter() - began
            began = time.perf_counter()
        figures.stop = time.perf_counter() - began
        figures.received = heard.texts.total()
        figures.sent = sum(sent_by(web, number_of(index)) for index in range(sessions))
        figures.processes = len(psutil.Process().children(recursive=True))
    figures.files = len(left_in(folder))
    return figures, heard.out_of_order


def number_of(index: int) -> str:
    """The number of one session's phone."""
    return f"+62811000{index:05d}"


def sent_by(web: SimulatedWeb, number: str) -> int:
    """How many different messages reached the customer from a number."""
    messages = web.phone(BUDI).messages(number)
    return len({message.id for message in messages if f"+{message.sender}" == number})


def left_in(folder: Path) -> list[Path]:
    """What only a running browser needs."""
    return [*folder.rglob("*.scratch"), *folder.rglob("profile.lock")]


async def start(client: Client, web: SimulatedWeb, index: int) -> Session:
    """Open and pair one session."""
    phone = web.phone(number_of(index), name=f"Shop {index}")
    settings = BrowserSettings(url=web.url, start_timeout=PATIENCE, page_timeout=PATIENCE)
    provider = Web(browser=settings, pacing=Pacing.off(), start_timeout=PATIENCE)
    session = await client.open(f"shop-{index}", provider)
    async for step in session.pair(timeout=PATIENCE):
        if isinstance(step, QrCode):
            phone.scan(step.data)
    return session


async def exchange(web: SimulatedWeb, session: Session, messages: int) -> None:
    """Send and be sent so many messages."""
    budi = web.phone(BUDI, name="Budi")
    number = number_of(int(session.name.rpartition("-")[2]))
    for index in range(messages):
        budi.send_text(number, f"{index}")
        await session.send(BUDI, Text(f"{index}"))


if __name__ == "__main__":
    sys.exit(main())
