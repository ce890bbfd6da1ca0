"""Speed of a WhatsApp Web session: start on a restored profile, send round trip, 500 messages in.

One client with its durable inbox, a real Chromium with the real wa-js on the simulated page, which
answers at once: what is measured is everything between the application and WhatsApp's page.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.claims import Claim, arguments, conclude
from blazz import BrowserSettings, Client, Pacing, QrCode, Session, Text, TextReceived, Web
from blazz.sandbox.web import SimulatedWeb
from blazz.sandbox.web.serving import running_web

SHOP = "+6281100000001"
BUDI = "+6281200000002"
INBOUND = 500
NEEDED = ("Default/IndexedDB", "Default/Local Storage")
"""What a restore brings back of a profile."""


def main() -> int:
    """Measure, and tell what holds."""
    options = arguments(__doc__).parse_args()
    starts, sends, rounds = (3, 50, 1) if options.quick else (10, 300, 5)
    figures = asyncio.run(measure(starts, sends, rounds))
    claims = [
        Claim(
            claim=f"start to READY on a restored profile, median of {starts}",
            value=statistics.median(figures["start"]),
            unit="s",
            limit=2.0,
        ),
        Claim(
            claim=f"round trip of sending a text, median of {sends}",
            value=statistics.median(figures["send"]) * 1000,
            unit="ms",
            limit=15.0,
        ),
        Claim(
            claim=f"{INBOUND} messages from the phone to handlers, median of {rounds}",
            value=statistics.median(figures["inbound"]),
            unit="s",
            limit=1.5,
        ),
        Claim(
            claim="messages that were lost, doubled or out of order",
            value=sum(figures["wrong"]),
            unit="messages",
            limit=0,
        ),
    ]
    return conclude("web", claims, as_json=options.json)


async def measure(starts: int, sends: int, rounds: int) -> dict[str, list[float]]:
    """All figures, in seconds."""
    figures: dict[str, list[float]] = {"start": [], "send": [], "inbound": [], "wrong": []}
    folder = Path(tempfile.mkdtemp(prefix="blazz-benchmark-"))
    try:
        async with running_web() as web:
            async with opened(folder / "first", web) as (session, heard):
                await link(session, web)
                figures["send"] += await send_texts(session, sends)
                for number in range(rounds):
                    seconds, wrong = await receive_texts(web, heard, number)
                    figures["inbound"].append(seconds)
                    figures["wrong"].append(wrong)
            for number in range(starts):
                # Each as the only one that is alive: the same login twice would be a conflict.
                target = folder / f"restored-{number}"
                restore(folder / "first", target)
                async with opened(target, web, figures["start"]):
                    pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return figures


@asynccontextmanager
async def opened(
    folder: Path, web: SimulatedWeb, starts: list[float] | None = None
) -> AsyncIterator[tuple[Session, asyncio.Queue[str]]]:
    """A client with its session; the texts that its handler gets come through the queue.

    Args:
        folder: Where the client keeps its files.
        web: The simulated WhatsApp.
        starts: Is given the seconds from `open` until the session was ready; None: it need not be.
    """
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with Client(folder=folder) as client:

        @client.on(TextReceived)
        async def take(_: Session, event: TextReceived) -> None:
            heard.put_nowait(event.body)

        provider = Web(browser=BrowserSettings(url=web.url), pacing=Pacing.off())
        started = time.perf_counter()
        session = await client.open("shop", provider)
        if starts is not None:
            await session.wait_ready(timeout=60)
            starts.append(time.perf_counter() - started)
        yield session, heard


async def link(session: Session, web: SimulatedWeb) -> None:
    """Let the shop's phone scan the code."""
    async for step in session.pair(timeout=60):
        if isinstance(step, QrCode):
            web.phone(SHOP, name="Shop").scan(step.data)


async def send_texts(session: Session, count: int) -> list[float]:
    """Send one text after the other, and take the time of each."""
    seconds = []
    for number in range(-5, count):
        started = time.perf_counter()
        await session.send(BUDI, Text(f"text {number}"))
        if number >= 0:  # the first ones open the chat
            seconds.append(time.perf_counter() - started)
    return seconds


async def receive_texts(
    web: SimulatedWeb, heard: asyncio.Queue[str], number: int
) -> tuple[float, float]:
    """Have a customer write; seconds until handlers had all of it, and how many came wrong."""
    budi = web.phone(BUDI, name="Budi")
    expected = [f"{number}: {place}" for place in range(INBOUND)]
    started = time.perf_counter()
    for text in expected:
        budi.send_text(SHOP, text)
    async with asyncio.timeout(60):
        got = [await heard.get() for _ in expected]
    seconds = time.perf_counter() - started
    wrong = sum(one != other for one, other in zip(got, expected, strict=True))
    return seconds, float(wrong + heard.qsize())


def restore(source: Path, target: Path) -> None:
    """Make a folder that holds what a restore brings back, and nothing else."""
    session = Path("sessions/default/shop")
    for part in NEEDED:
        place = session / "profile" / part
        shutil.copytree(source / place, target / place)


if __name__ == "__main__":
    sys.exit(main())
