"""Asks one server from many connections at once, and measures how long each answer takes.

HTTP by hand over asyncio: what asks must cost less than what answers, on the same machine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Measured:
    """What came back.

    Attributes:
        seconds: How long it took in all.
        answers: How many answers of each status there were.
        waits: How long each answer took, in seconds.
        cpu: How long the server's threads ran on a processor, in seconds.
    """

    seconds: float = 0.0
    answers: dict[int, int] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.waits) / self.seconds

    @property
    def cpu_each(self) -> float:
        """How long the server's threads ran for each answer, in milliseconds."""
        return self.cpu / len(self.waits) * 1e3

    def percentile(self, share: float) -> float:
        """The time in seconds within which this share of the answers came."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def __str__(self) -> str:
        waits = " ".join(
            f"p{share * 100:g} {self.percentile(share) * 1000:.1f} ms" for share in (0.5, 0.99)
        )
        return f"{self.rate:,.0f} requests/s, {waits}, {self.cpu_each:.2f} ms of CPU each"


def request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """Write a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: server", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def load(port: int, requests: Callable[[], Iterator[bytes]], *, connections: int) -> Measured:
    """Send requests, each connection one after another, until there are no more.

    Args:
        port: Where the server listens, on 127.0.0.1.
        requests: Gives the requests; all connections draw from one iterator.
        connections: How many ask at the same time.
    """
    measured = Measured()
    waiting = requests()
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for reader, writer in opened:
            tasks.create_task(_ask(reader, writer, waiting, measured))
    measured.seconds = time.perf_counter() - start
    for _, writer in opened:
        writer.close()
    return measured


async def _ask(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    waiting: Iterator[bytes],
    measured: Measured,
) -> None:
    for each in waiting:
        start = time.perf_counter()
        writer.write(each)
        status = await _answer(reader)
        measured.waits.append(time.perf_counter() - start)
        measured.answers[status] = measured.answers.get(status, 0) + 1


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, rest = head.partition(b"content-length:")
    await reader.readexactly(int(rest.partition(b"\r\n")[0]) if rest else 0)
    return int(head[9:12])
