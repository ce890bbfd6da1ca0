"""A machine with a disk and a kept session on it, whose whole state is one number."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from blazz.auth_stores import MemoryAuth, Snapshot
from blazz.auth_stores.base import AuthStore
from blazz.auth_stores.keeping import Keeping, StoreKeeper
from blazz.auth_stores.memory import MemoryBackend
from blazz.events.sessions import SessionEvent
from tests.sessions import RING, SESSION, web

QUICK = Keeping(ttl=20, interval=0, last_pauses=(0, 0))


class Machine:
    """A machine with a folder, and a provider on it whose whole state is one number."""

    def __init__(self, store: AuthStore, disk: Path) -> None:
        self.store = store
        self.folder = disk / "profile"
        self.events: list[SessionEvent] = []
        self.news = anyio.Event()
        self.stopped = anyio.Event()
        self.keeper: StoreKeeper

    async def hear(self, event: SessionEvent) -> None:
        self.events.append(event)
        self.news.set()
        self.news = anyio.Event()

    async def heard(self, kind: type[SessionEvent], count: int = 1) -> SessionEvent:
        with anyio.fail_after(30):
            while len(found := [it for it in self.events if type(it) is kind]) < count:
                await self.news.wait()
        return found[-1]

    @asynccontextmanager
    async def owning(self, **options) -> AsyncIterator[StoreKeeper]:
        keeping = options.pop("keeping", QUICK)
        self.keeper = keeper = await StoreKeeper.acquire(
            self.store, SESSION, report=self.hear, keeping=keeping, **options
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keeper.run)
            try:
                yield keeper
            finally:
                await keeper.release()

    @property
    def state(self) -> int | None:
        file = self.folder / "Default" / "log"
        return int(file.read_bytes()) if file.exists() else None

    def go_on(self, state: int) -> None:
        (self.folder / "Default").mkdir(parents=True, exist_ok=True)
        (self.folder / "Default" / "log").write_bytes(str(state).encode())

    async def capture(self) -> Snapshot:
        content = str(self.state).encode()
        return web({"Default/log": content}, documents={"local_storage.json": content})

    async def stop(self) -> None:
        self.stopped.set()


def two_machines(backend: MemoryBackend, disks: Path) -> tuple[Machine, Machine]:
    """Two machines with a disk each, and one place where sessions are kept."""
    one, two = (Machine(MemoryAuth(backend, keyring=RING), disks / name) for name in ("one", "two"))
    return one, two
