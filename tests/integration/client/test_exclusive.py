"""A session that one process alone may run, whatever its provider, and what clients share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import psutil
import pytest

from blazz import Client, MetaCloud, Session, Text
from blazz.auth_stores import Keeping, MemoryAuth
from blazz.auth_stores.clock import unstopped
from blazz.auth_stores.memory import MemoryBackend
from blazz.errors import (
    ConfigurationError,
    LeaseTaken,
    OwnershipLost,
    SessionClosed,
    SnapshotNotFound,
)
from blazz.events.messages import TextReceived
from blazz.events.sessions import SessionState, StateReason
from blazz.providers.meta_cloud.credentials import CloudCredentials
from blazz.realtime.bus.memory import MemoryBus
from blazz.sandbox import Sandbox, SandboxControl
from blazz.sandbox.server import running
from blazz.webhooks.inbox.sqlite import SqliteInbox

KEEPING = Keeping(ttl=60)


@pytest.fixture
async def sandbox_url() -> AsyncIterator[str]:
    async with running() as (url, _world):
        yield url


class Process:
    """A client on stores that others share, and what its handler got."""

    def __init__(self, folder: Path, backend: MemoryBackend, inbox: SqliteInbox) -> None:
        self.heard: list[str] = []
        self.news = anyio.Event()
        self.client = Client(
            folder=folder,
            auth_store=MemoryAuth(backend),
            inbox=inbox,
            keeping=KEEPING,
            keep_parts_open=True,
        )
        self.client.on(TextReceived, name="test")(self.hear)

    async def hear(self, _session: Session, event: TextReceived) -> None:
        self.heard.append(event.body)
        self.news.set()

    async def open(self, url: str, *, wait: float = 0.0) -> Session:
        return await self.client.open("shop", Sandbox(url), exclusive=True, wait=wait)


def lose(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a session's process sleep for longer than its lease, as SIGSTOP does."""
    monkeypatch.setattr(session.keeper._leases, "_clock", lambda: unstopped() + 1000)  # type: ignore[union-attr]


async def test_a_second_owner_is_refused_and_epochs_grow(tmp_path: Path, sandbox_url: str) -> None:
    backend, inbox = MemoryBackend(), SqliteInbox(tmp_path / "inbox.db")
    one, two = (Process(tmp_path / name, backend, inbox) for name in ("one", "two"))
    async with one.client, two.client:
        first = await one.open(sandbox_url)
        assert (first.epoch, first.owned) == (1, True)
        with pytest.raises(LeaseTaken):
            await two.open(sandbox_url)
        await first.close()
        assert not first.owned
        assert (await two.open(sandbox_url)).epoch == 2
    await inbox.close()


async def test_who_lost_a_session_neither_sends_nor_handles_for_it(
    tmp_path: Path, sandbox_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, inbox = MemoryBackend(), SqliteInbox(tmp_path / "inbox.db")
    one, two = (Process(tmp_path / name, backend, inbox) for name in ("one", "two"))
    async with SandboxControl(sandbox_url) as control, one.client, two.client:
        slept = await one.open(sandbox_url)
        lose(slept, monkeypatch)
        assert not slept.owned
        with pytest.raises(OwnershipLost):
            await slept.send("+6281200000001", Text("too late"))
        # It still has the webhooks' address: what comes is kept, and handled by whoever owns it.
        await control.user("+6281200000001").types("Halo")
        await control.settle()
        assert one.heard == []

        lease = slept.keeper.lease  # type: ignore[union-attr]
        await one.client._auth._store.release(lease)  # type: ignore[union-attr]
        owner = await two.open(sandbox_url)
        with anyio.fail_after(60):
            await two.news.wait()
        assert two.heard == ["Halo"]
        assert one.heard == []
        assert owner.epoch == 2
    await inbox.close()


async def test_a_session_that_is_lost_is_closed(
    tmp_path: Path, sandbox_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    process = Process(tmp_path / "one", MemoryBackend(), inbox)
    async with process.client:
        session = await process.open(sandbox_url)
        seen = session.states.changes
        session.keeper._leases._give_up("another one has it")  # type: ignore[union-attr]
        with anyio.fail_after(60):
            await session.states.changed(seen)
            while process.client.sessions:  # noqa: ASYNC110  # it is closed a moment later
                await anyio.sleep(0.01)
        assert (session.state, session.state_reason) == (
            SessionState.STOPPED,
            StateReason.OWNERSHIP_LOST,
        )
        with pytest.raises(SessionClosed):
            await session.send("+6281200000001", Text("too late"))
    await inbox.close()


async def test_without_a_store_nothing_is_exclusive(tmp_path: Path) -> None:
    async with Client(folder=tmp_path) as client:
        with pytest.raises(ConfigurationError, match="auth store"):
            await client.open("shop", MetaCloud("106540352242922", "token"), exclusive=True)
        assert client.sessions == {}
        shared = await client.open("shop", MetaCloud("106540352242922", "token"))
        assert (shared.epoch, shared.owned) == (None, True)


async def test_parts_that_are_shared_outlive_each_client(tmp_path: Path) -> None:
    bus, inbox, store = MemoryBus(), SqliteInbox(tmp_path / "inbox.db"), MemoryAuth()
    clients = [
        Client(
            workspace=name, folder=tmp_path / name, inbox=inbox, bus=bus, auth_store=store,
            keep_parts_open=True,
        )
        for name in ("acme", "other")
    ]  # fmt: skip
    async with clients[1]:
        async with clients[0]:
            await inbox.put(b"{}", signer="somebody")
        assert await inbox.counts() is not None
        await bus.publish("channel", "event", "{}")
    assert await inbox.counts() is not None
    await inbox.close()


async def test_what_is_stored_of_a_session_is_forgotten(tmp_path: Path) -> None:
    store = MemoryAuth()
    async with Client(folder=tmp_path, auth_store=store, keep_parts_open=True) as client:
        await client.save_credentials(
            "shop", CloudCredentials(phone_number_id="106540352242922", token="EAAG")
        )
        session = await client.open("shop", exclusive=True)
        with pytest.raises(ConfigurationError, match="close it first"):
            await client.forget("shop")
        await session.close()
        await client.forget("shop")
        assert await store.sessions() == []
        with pytest.raises(SnapshotNotFound):
            await client.credentials("shop")
        await client.forget("shop")
    # What it has made itself is nobody else's to close.
    assert not [it for it in psutil.Process().open_files() if it.path.startswith(str(tmp_path))]


async def test_what_somebody_owns_is_not_forgotten(tmp_path: Path, sandbox_url: str) -> None:
    backend, inbox = MemoryBackend(), SqliteInbox(tmp_path / "inbox.db")
    one, two = (Process(tmp_path / name, backend, inbox) for name in ("one", "two"))
    async with one.client, two.client:
        await one.open(sandbox_url)
        with pytest.raises(LeaseTaken):
            await two.client.forget("shop")
    await inbox.close()
