"""Live events of the reference server: one to 2,000 sockets, 10,000 to clients that come and go.

A real server process and one client process. Subscriptions are signed and events published as
stock clients do.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import resource
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import anyio.to_thread
import pusher
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.claims import Claim, arguments, conclude
from benchmarks.server_process import measured_server
from benchmarks.server_sockets import Listener, listen
from blazz.realtime.pusher.signing import App
from blazz.security.secret import Secret

SECRET: Final = "a-secret-for-measuring"
APP: Final = App("1", "blazz", Secret(SECRET))
CHANNEL: Final = "private-workspace.bench"
SOCKETS: Final = 2_000
SLOWEST_FANOUT: Final = 1.0
EVENTS: Final = 10_000
_PATH: Final = "/realtime/app/blazz?protocol=7&client=bench&version=1"
_OPEN_FILES: Final = 8_192
_AT_ONCE: Final = 10


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_OPEN_FILES, most), most))
    rounds, clients = (3, 3) if options.quick else (10, 10)
    with measured_server(LIVE_SECRET=SECRET) as server:
        slowest = asyncio.run(fan_out(server.port, sockets=SOCKETS, rounds=rounds))
        resumed = asyncio.run(resume(server.port, clients=clients))
    claims = [
        Claim(
            claim=f"one event reaches {SOCKETS:,} sockets within",
            value=slowest,
            unit="s",
            limit=SLOWEST_FANOUT,
        ),
        Claim(
            claim=f"of {EVENTS:,} events, missing, double or out of order for who came back",
            value=resumed.wrong,
            unit="events",
            limit=0,
        ),
        Claim(
            claim="times that those clients came back",
            value=resumed.resumptions,
            unit="times",
            limit=resumed.clients,
            at_least=True,
        ),
    ]
    return conclude("server_live", claims, as_json=options.json)


# One event to many sockets


async def fan_out(port: int, *, sockets: int, rounds: int) -> float:
    """Seconds from publishing an event to its last socket: the median round."""
    listeners: list[Listener] = []
    for start in range(0, sockets, 200):
        count = min(200, sockets - start)
        listeners += await asyncio.gather(*(listen(port, _PATH, _subscribe) for _ in range(count)))
    publish = _publisher(port).trigger
    taken: list[float] = []
    for number in range(rounds):
        data = {"round": number, "text": "x" * 300}
        waiting = [listener.next() for listener in listeners]
        start = time.perf_counter()
        await anyio.to_thread.run_sync(publish, [CHANNEL], "message.received", data)
        async with asyncio.timeout(30):
            await asyncio.gather(*waiting)
        taken.append(time.perf_counter() - start)
        print(f"fan-out to {sockets:,} sockets: {taken[-1]:.3f} s", flush=True)
    for listener in listeners:
        listener.close()
    return sorted(taken)[len(taken) // 2]


def _subscribe(socket_id: str) -> str:
    return _frame("pusher:subscribe", channel=CHANNEL, auth=APP.authorize(socket_id, CHANNEL))


# Many events to clients that come and go


@dataclass(slots=True)
class Resumed:
    """How it went."""

    clients: int
    resumptions: int = 0
    wrong: int = 0


@dataclass(slots=True)
class Client:
    """One that loses its connection now and then.

    Attributes:
        seen: The numbers of the events that it got, in order.
        cursor: Where it is.
        connections: How often it connected.
    """

    chance: random.Random
    seen: list[int] = field(default_factory=list)
    cursor: str | None = None
    connections: int = 0

    async def follow(self, port: int, ready: asyncio.Event) -> None:
        """Collect all events, through as many connections as it takes."""
        while len(self.seen) < EVENTS:
            self.connections += 1
            with contextlib.suppress(ConnectionClosed):
                async with self._connected(port) as socket:
                    await self._collect(socket, ready)

    @contextlib.asynccontextmanager
    async def _connected(self, port: int) -> AsyncIterator[ClientConnection]:
        async with connect(f"ws://127.0.0.1:{port}{_PATH}", compression=None) as socket:
            greeting = json.loads(json.loads(await socket.recv())["data"])
            signed = APP.authorize(greeting["socket_id"], CHANNEL)
            more = {} if self.cursor is None else {"after": self.cursor}
            await socket.send(_frame("pusher:subscribe", channel=CHANNEL, auth=signed, **more))
            yield socket

    async def _collect(self, socket: ClientConnection, ready: asyncio.Event) -> None:
        until = len(self.seen) + self.chance.randint(300, 2_500)
        async for text in socket:
            frame: dict[str, Any] = json.loads(text)
            if frame["event"] == "pusher_internal:subscription_succeeded":
                ready.set()
            elif frame["event"] == "count":
                self.seen.append(json.loads(frame["data"])["n"])
                self.cursor = frame["cursor"]
            elif frame["event"] == "blazz:backlog_lost":
                raise SystemExit("a client was away for longer than the backlog lasts")
            if len(self.seen) >= EVENTS:
                return
            if len(self.seen) >= until:
                if self.chance.random() < 0.5:
                    socket.transport.abort()  # as when the network is gone
                else:
                    await asyncio.sleep(1.5)  # too slow: the server closes it
                    until = len(self.seen) + 2_000


async def resume(port: int, *, clients: int) -> Resumed:
    """Publish many events to clients that lose their connections; tell what they have not."""
    chance = random.Random(7)
    all_clients = [Client(random.Random(chance.random())) for _ in range(clients)]
    ready = [asyncio.Event() for _ in all_clients]
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for client, event in zip(all_clients, ready, strict=True):
            tasks.create_task(client.follow(port, event))
        for event in ready:
            await event.wait()
        await anyio.to_thread.run_sync(_publish_all, port)
    seconds = time.perf_counter() - start
    found = Resumed(clients)
    for client in all_clients:
        found.resumptions += client.connections - 1
        found.wrong += _wrong(client.seen)
    print(
        f"{EVENTS:,} events to {clients} clients: {seconds:.1f} s,"
        f" {found.resumptions} times resumed, {found.wrong} events wrong",
        flush=True,
    )
    return found


def _publish_all(port: int) -> None:
    publisher = _publisher(port)
    for start in range(0, EVENTS, _AT_ONCE):
        publisher.trigger_batch(
            [
                {"channel": CHANNEL, "name": "count", "data": {"n": number}}
                for number in range(start, min(start + _AT_ONCE, EVENTS))
            ]
        )


def _wrong(seen: Sequence[int]) -> int:
    """How many are missing, double or out of order."""
    missing = EVENTS - len(set(seen))
    double = len(seen) - len(set(seen))
    disorder = sum(later < earlier for earlier, later in itertools.pairwise(seen))
    return missing + double + disorder


def _publisher(port: int) -> pusher.Pusher:
    return pusher.Pusher(
        app_id=APP.id,
        key=APP.key,
        secret=SECRET,
        host="127.0.0.1",
        port=port,
        ssl=False,
        timeout=30,
    )


def _frame(event: str, **data: str) -> str:
    return json.dumps({"event": event, "data": data})


if __name__ == "__main__":
    raise SystemExit(main())
