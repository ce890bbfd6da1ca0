"""A browser is ready before a dead owner's lease ends; it counts only if nothing has changed."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from blazz import Client, Event, QrCode, Session
from blazz.auth_stores import Keeping, SessionKey, SnapshotStore
from blazz.auth_stores.base import Lease
from blazz.auth_stores.clock import unstopped
from blazz.auth_stores.memory import MemoryBackend
from blazz.events.sessions import SessionRestored
from blazz.providers.web.preparing import PreparedBrowser
from blazz.sandbox.web import SimulatedPhone
from tests.integration.sessions.scene import Heard
from tests.integration.web_provider.studio import Studio, browser_of
from tests.sessions import RING

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = SessionKey("acme", "shop")
TTL = 30.0


class Successor:
    """A machine that waits for the session of a dead one, by a clock that can be turned on.

    Attributes:
        store: The store, as both machines see it.
        lease: The lease of the dead machine.
        provider: What will run the session here.
        heard: The events of the session here.
    """

    def __init__(self, studio: Studio, backend: MemoryBackend, lease: Lease, folder: Path) -> None:
        self._later = 0.0
        self.store = SnapshotStore(backend, keyring=RING, clock=lambda: unstopped() + self._later)
        self.lease = lease
        self.provider = studio.provider()
        self.heard = Heard()
        self._client = Client(
            folder=folder, workspace="acme", auth_store=self.store, keeping=Keeping(ttl=TTL)
        )
        self.profile = folder / "sessions" / "acme" / "shop" / "profile"

    def turn_on(self, part: float) -> None:
        """Let part of a lease's time pass."""
        self._later += part * TTL

    async def open(self, *, task_status: anyio.abc.TaskStatus[Client]) -> None:
        """Open the session as soon as it is free."""
        async with self._client as client:
            client.on(Event, name="heard")(self.heard.take)
            task_status.started(client)
            self.session = await client.open("shop", self.provider, wait=600)
            await anyio.sleep_forever()

    async def prepared(self, *, other_than: PreparedBrowser | None = None) -> PreparedBrowser:
        """Wait until a browser is prepared."""
        found: list[PreparedBrowser] = []

        def is_another() -> bool:
            found[:] = [it for it in (self._ready,) if it is not None and it is not other_than]
            return bool(found)

        await _until(is_another)
        return found[0]

    async def ready(self) -> Session:
        """Wait until the session runs here."""
        await _until(lambda: hasattr(self, "session"))
        await self.session.wait_ready(timeout=60)
        return self.session

    async def save(self, name: str) -> int:
        """Store a newer state, as the machine does that owns the session; give its number."""
        snapshot = await (await self.store.load(KEY)).as_snapshot()
        documents = {**snapshot.documents, name: b"{}"}
        newer = dataclasses.replace(snapshot, documents=documents)
        return (await self.store.save(newer, self.lease)).revision.number

    @property
    def _ready(self) -> PreparedBrowser | None:
        preparing = self.provider._preparing
        return None if preparing is None else preparing._ready


@asynccontextmanager
async def successor_of(
    studio: Studio, shop: SimulatedPhone, folder: Path
) -> AsyncIterator[Successor]:
    """Waits for a linked session whose machine is dead: nobody renews its lease."""
    backend = MemoryBackend()
    store = SnapshotStore(backend, keyring=RING)
    first = Client(
        folder=folder / "first", workspace="acme", auth_store=store, keeping=Keeping(ttl=TTL)
    )
    async with first as client:
        session = await client.open("shop", studio.provider())
        async for step in session.pair(timeout=60):
            if isinstance(step, QrCode):
                shop.scan(step.data)
        assert session.keeper is not None
        lease = session.keeper.lease
        left = copy.deepcopy(backend)
    waiting = Successor(studio, left, lease, folder / "second")
    async with anyio.create_task_group() as tasks:
        await tasks.start(waiting.open)
        await _until(lambda: bool(waiting.store._leasing._seen))
        yield waiting
        tasks.cancel_scope.cancel()


async def test_a_browser_is_ready_before_the_session_is_free(
    studio: Studio, shop: SimulatedPhone, tmp_path: Path
) -> None:
    async with successor_of(studio, shop, tmp_path) as successor:
        devices = [device.id for device in shop.devices]
        successor.turn_on(0.5)
        prepared = await successor.prepared()
        assert connected(shop) == [False], "the page must not be loaded before the session is ours"

        successor.turn_on(0.6)
        session = await successor.ready()
        assert browser_of(session).pid == prepared.bridge.browser.pid
        assert connected(shop) == [True]
        assert [device.id for device in shop.devices] == devices
        assert [device.rollbacks for device in shop.devices] == [0]
        event = await successor.heard.one(SessionRestored)
        assert event.revision == prepared.restored.revision.number


async def test_what_was_prepared_is_thrown_away_when_it_is_not_the_newest(
    studio: Studio, shop: SimulatedPhone, tmp_path: Path
) -> None:
    async with successor_of(studio, shop, tmp_path) as successor:
        successor.turn_on(0.5)
        first = await successor.prepared()

        # The owner was only slow: it is back, and goes on.
        successor.lease = await successor.store.renew(successor.lease)
        successor.turn_on(0.1)
        await first.bridge.browser.closed.wait()
        await _until(lambda: not successor.profile.exists())
        await successor.save("one.json")

        # Then it stores something while its lease runs out.
        successor.turn_on(0.5)
        second = await successor.prepared(other_than=first)
        newest = await successor.save("two.json")
        successor.turn_on(0.6)
        session = await successor.ready()
        ended = {first.bridge.browser.pid, second.bridge.browser.pid}
        assert browser_of(session).pid not in ended
        assert second.bridge.browser.closed.is_set()
        event = await successor.heard.one(SessionRestored)
        assert event.revision == newest
        assert len(shop.devices) == 1


def connected(phone: SimulatedPhone) -> list[bool]:
    """Of each linked device, whether its page is connected."""
    return [device.line is not None for device in phone.devices]


async def _until(holds: Callable[[], bool]) -> None:
    """Wait for what sets no event."""
    with anyio.fail_after(60):
        while not holds():  # noqa: ASYNC110
            await anyio.sleep(0.02)
