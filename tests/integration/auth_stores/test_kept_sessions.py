"""Clients with an auth store: one owns a session at a time, and the next goes on where it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from blazz import (
    Capability,
    Client,
    ConfigurationError,
    InvalidValue,
    Receipt,
    Secret,
    Session,
    Text,
)
from blazz.auth_stores import LocalAuth, MemoryAuth, SessionKey, Snapshot
from blazz.auth_stores.base import AuthStore
from blazz.auth_stores.keeping import Keeping
from blazz.auth_stores.memory import MemoryBackend
from blazz.errors import KeyRingError, LeaseTaken, OwnershipLost, SnapshotNotFound
from blazz.events.sessions import (
    BackupFailed,
    BackupSaved,
    OwnershipEnded,
    SessionEvent,
    SessionRestored,
)
from blazz.providers.base import (
    Outcome,
    ProviderContext,
    StandbyContext,
    Update,
    WebhookProfile,
)
from blazz.providers.meta_cloud import CloudCredentials, MetaCloud
from tests.faulty import FaultyBackend
from tests.sessions import RING, web

BUDI = "+6281234567890"
NUMBER = CloudCredentials(
    phone_number_id="106540352242922",
    token="EAAGsecret",
    waba_id="102290129340398",
    app_secrets=("newer", "older"),
    verify_token="handshake",
    pin="123456",
)


def _no_updates(body: bytes) -> Sequence[Update]:
    raise AssertionError(body)


class Device:
    """A linked device: its whole state is how many messages it has sent."""

    name = "device"
    capabilities = frozenset({Capability.TEXT, Capability.PAIRING})
    webhooks = WebhookProfile(accounts=(), secrets=(), parse=_no_updates, internal=True)

    def __init__(self) -> None:
        self.sent = 0
        self.killed = anyio.Event()
        self._context: ProviderContext

    @property
    def _keeper(self):
        assert self._context.keeper is not None
        return self._context.keeper

    async def connect(self, context: ProviderContext) -> None:
        self._context = context
        self._keeper.on_lost(self._kill)
        documents = await self._keeper.restore(context.folder)
        if documents:
            self.sent = int(documents["sent"])
        self._keeper.start(self._capture)

    async def send(self, to, message, *, token, reply_to=None) -> Receipt:
        self._keeper.check()
        self.sent += 1
        self._keeper.changed()
        return Receipt(
            message_id=f"id-{self.sent}", to=to, token=token, accepted_at=datetime.now(UTC)
        )

    async def disconnect(self) -> None:
        if not self.killed.is_set():
            await self._keeper.save(await self._capture())

    async def logout(self) -> None: ...

    async def settle(self, token: str) -> Outcome:
        return Outcome.UNKNOWN

    async def _capture(self) -> Snapshot:
        return web({}, documents={"sent": str(self.sent).encode()})

    async def _kill(self) -> None:
        self.killed.set()


class Heard:
    """A handler that lets a test wait for an event."""

    def __init__(self, client: Client, kind: type[SessionEvent]) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[SessionEvent](100)

        async def hear(session: Session, event: SessionEvent) -> None:
            await self._send.send(event)

        client.on(kind, name=kind.__name__)(hear)

    async def next(self) -> SessionEvent:
        with anyio.fail_after(30):
            return await self._receive.receive()

    def close(self) -> None:
        self._send.close()
        self._receive.close()


def _client(store: AuthStore | str, folder: Path, **options) -> Client:
    return Client(workspace="acme", folder=folder, auth_store=store, **options)


@pytest.fixture(params=["memory", "redis"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[list[AuthStore | str]]:
    """What two machines name as their auth store."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        yield [url, url]
    else:
        shared = MemoryBackend()
        yield [MemoryAuth(shared, keyring=RING), MemoryAuth(shared, keyring=RING)]


async def test_a_session_goes_from_machine_to_machine(
    place: list[AuthStore | str], tmp_path: Path
) -> None:
    ring = {"keyring": RING} if isinstance(place[0], str) else {}
    first = _client(place[0], tmp_path / "one", **ring)
    second = _client(place[1], tmp_path / "two", **ring)
    async with first, second:
        saved, restored = Heard(first, BackupSaved), Heard(second, SessionRestored)
        session = await first.open("support", Device())
        await session.send(BUDI, Text("one"))
        await saved.next()
        with pytest.raises(LeaseTaken, match="acme/support is held by"):
            await second.open("support", Device())
        assert "support" not in second.sessions

        async def take_over() -> None:
            device = Device()
            theirs = await second.open("support", device, wait=30)
            assert device.sent == 2
            await theirs.send(BUDI, Text("three"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take_over)
            await session.send(BUDI, Text("two"))
            await session.close()

        event = await restored.next()
        assert isinstance(event, SessionRestored)
        assert event.revision > 1
        saved.close()
        restored.close()


async def test_a_provider_gets_ready_while_its_session_is_waited_for(tmp_path: Path) -> None:
    happened: list[str] = []

    class Warm(Device):
        @asynccontextmanager
        async def warm(self, context: StandbyContext) -> AsyncIterator[None]:
            happened.append("warm")
            await first_session.close()
            try:
                yield
            finally:
                happened.append("let go")

        async def connect(self, context: ProviderContext) -> None:
            happened.append("connected")
            await super().connect(context)

    shared = MemoryBackend()
    stores = [MemoryAuth(shared, keyring=RING) for _ in range(2)]
    async with _client(stores[0], tmp_path / "1") as first, _client(stores[1], tmp_path) as second:
        first_session = await first.open("support", Device())
        await second.open("support", Warm(), wait=30)
        assert happened == ["warm", "connected", "let go"]


async def test_a_session_that_is_lost_is_stopped_and_can_be_opened_again(tmp_path: Path) -> None:
    backend = FaultyBackend()
    store = MemoryAuth(backend, keyring=RING)
    async with _client(store, tmp_path, keeping=Keeping(ttl=1.5)) as client:
        ended, failed = Heard(client, OwnershipEnded), Heard(client, BackupFailed)
        device = Device()
        session = await client.open("support", device)
        backend.fail("read_record", times=10_000)
        session.provider._keeper.changed()

        event = await ended.next()
        assert isinstance(event, OwnershipEnded)
        assert isinstance(await failed.next(), BackupFailed)
        assert device.killed.is_set()
        with pytest.raises(OwnershipLost):
            await session.send(BUDI, Text("late"))
        assert device.sent == 0

        backend.faults.clear()
        await session.close()
        again = await client.open("support", Device(), wait=30)
        await again.send(BUDI, Text("on time"))
        ended.close()
        failed.close()


async def test_without_an_auth_store_nothing_is_owned(tmp_path: Path) -> None:
    class Alone(Device):
        async def connect(self, context: ProviderContext) -> None:
            assert context.keeper is None
            assert context.folder == tmp_path / "sessions" / "default" / "support"

        async def disconnect(self) -> None: ...

    async with Client(folder=tmp_path) as client:
        await client.open("support", Alone())
        with pytest.raises(ConfigurationError, match="no auth store"):
            await client.save_credentials("sales", NUMBER)


# Credentials


async def test_a_number_opens_by_its_name_in_any_number_of_processes(tmp_path: Path) -> None:
    store = tmp_path / "store"
    async with _client(str(store), tmp_path / "one") as client:
        await client.save_credentials("sales", NUMBER)
    async with (
        _client(str(store), tmp_path / "one") as first,
        _client(str(store), tmp_path / "two") as second,
    ):
        sessions = [await client.open("sales") for client in (first, second)]
        await first.save_credentials("sales", {"phone_number_id": "1", "token": "renewed"})
        kept = await second.credentials("sales")

    provider = sessions[0].provider
    assert isinstance(provider, MetaCloud)
    assert (provider.phone_number_id, provider.waba_id) == (NUMBER.phone_number_id, NUMBER.waba_id)
    assert provider.webhooks is not None
    assert provider.webhooks.secrets == ("newer", "older")
    assert provider.verify_token == Secret("handshake")
    assert kept["token"] == Secret("renewed")


async def test_secrets_are_nowhere_in_the_clear(tmp_path: Path) -> None:
    async with _client(str(tmp_path / "store"), tmp_path) as client:
        await client.save_credentials("sales", NUMBER)
        shown = f"{NUMBER!r} {await client.credentials('sales')!r}"
    stored = b"".join(
        path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file()
    )
    for secret in ("EAAGsecret", "123456", "handshake", "newer"):
        assert secret not in shown
        assert secret.encode() not in stored


async def test_the_owner_of_a_session_may_store_secrets_with_it(tmp_path: Path) -> None:
    async with _client(MemoryAuth(), tmp_path) as client:
        await client.open("support", Device())
        await client.save_credentials("support", {"proxy_password": "hunter2"})
        assert (await client.credentials("support"))["proxy_password"] == Secret("hunter2")


async def test_what_opens_nothing_is_refused(tmp_path: Path) -> None:
    async with _client(MemoryAuth(), tmp_path) as client:
        with pytest.raises(SnapshotNotFound, match="acme/sales"):
            await client.open("sales")
        await client.save_credentials("sales", {"token": "EAAG"})
        with pytest.raises(InvalidValue, match="a phone_number_id"):
            await client.open("sales")
        assert client.sessions == {}


def test_a_key_ring_belongs_to_a_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="keyring="):
        Client(folder=tmp_path, keyring=RING)
    shared = tmp_path / "keyring"
    RING.write(shared)
    shared.chmod(0o644)
    with pytest.raises(KeyRingError, match="open to others"):
        Client(folder=tmp_path, auth_store=tmp_path / "store", keyring=shared)


async def test_a_store_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    class Gone(LocalAuth):
        async def open(self) -> None:
            raise KeyRingError("gone")

    client = _client(Gone(tmp_path / "store"), tmp_path)
    with pytest.raises(KeyRingError):
        async with client:
            raise AssertionError
    async with LocalAuth(tmp_path / "store") as store:
        assert await store.holder(SessionKey("acme", "support")) is None
