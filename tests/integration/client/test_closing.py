"""Sessions that are closed or lost while something else is under way."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from blazz import Client, MetaCloud, Receipt, Session, Text, TextReceived, addresses, sync
from blazz.auth_stores import MemoryAuth
from blazz.client.background import Background
from blazz.client.campaigns import SessionSender
from blazz.errors import (
    ConfigurationError,
    LedgerError,
    OwnershipLost,
    SessionClosed,
    StoreUnavailable,
)
from blazz.providers.base import ProviderContext
from blazz.providers.meta_cloud.credentials import CloudCredentials
from blazz.webhooks import sign
from tests.integration.client.conftest import BUDI
from tests.integration.webhooks import traffic

NUMBER = "106540352242922"


class Number(MetaCloud):
    """A number that notes what is done with it; a test may hold its disconnecting back."""

    def __init__(self) -> None:
        super().__init__(NUMBER, "T1", app_secret="former secret")
        self.done: list[str] = []
        self.disconnecting = anyio.Event()
        self.may_disconnect = anyio.Event()
        self.may_disconnect.set()

    async def connect(self, context: ProviderContext) -> None:
        await super().connect(context)
        self.done.append("connected")

    async def disconnect(self) -> None:
        self.disconnecting.set()
        await self.may_disconnect.wait()
        await super().disconnect()
        self.done.append("disconnected")

    async def send(self, *args: Any, **more: Any) -> Receipt:
        raise AssertionError("something was sent")


class Gate:
    """Holds a coroutine function back."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        self.reached, self.opened = anyio.Event(), anyio.Event()
        self._behind = getattr(owner, name)
        patch.setattr(owner, name, self)

    async def __call__(self, *args: Any, **more: Any) -> Any:
        self.reached.set()
        await self.opened.wait()
        return await self._behind(*args, **more)


async def test_who_closes_second_waits_for_the_first(tmp_path: Path) -> None:
    number = Number()
    async with Client(folder=tmp_path) as client, anyio.create_task_group() as tasks:
        session = await client.open("shop", number)
        number.may_disconnect = anyio.Event()
        tasks.start_soon(session.close)
        await number.disconnecting.wait()

        async def close_second() -> None:
            await session.close()
            number.done.append("closed")

        tasks.start_soon(close_second)
        await anyio.lowlevel.checkpoint()
        number.may_disconnect.set()
    assert number.done == ["connected", "disconnected", "closed"]


async def test_a_close_that_fails_is_an_end_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(name: str) -> None:
        raise RuntimeError(f"the store has a fault, and {name} is not released")

    async with Client(folder=tmp_path) as client:
        session = await client.open("shop", Number())
        monkeypatch.setattr(client._auth, "disown", fail)
        with pytest.raises(RuntimeError, match="the store has a fault"):
            await session.close()
        with anyio.fail_after(60):
            await session.close()
        assert client.sessions == {}


@pytest.mark.parametrize("step", ["own", "attach"])
async def test_who_is_closed_while_it_is_opened_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store, number = MemoryAuth(), Number()
    async with Client(folder=tmp_path, auth_store=store) as client:
        gate = Gate(monkeypatch, client._auth if step == "own" else client._inbox, step)

        async def open_it() -> None:
            with pytest.raises(SessionClosed, match="while it was being opened"):
                await client.open("shop", number, exclusive=True)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(open_it)
            await gate.reached.wait()
            await client.sessions["shop"].close()
            gate.opened.set()

        assert number.done[-1] == "disconnected"
        assert client.webhooks.routes.sessions == frozenset()
        assert client.sessions == {}
        monkeypatch.undo()
        again = await client.open("shop", number, exclusive=True)  # nobody holds it
        assert client.sessions == {"shop": again}


async def test_who_fails_late_does_not_close_what_was_opened_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Client(folder=tmp_path, auth_store=MemoryAuth()) as client:
        gate = Gate(monkeypatch, client._auth, "own")

        async def fail(*_: object, **__: object) -> None:
            raise StoreUnavailable("the store is away")

        gate._behind = fail

        async def open_it() -> None:
            with pytest.raises(StoreUnavailable):
                await client.open("shop", Number())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(open_it)
            await gate.reached.wait()
            await client.sessions["shop"].close()
            monkeypatch.undo()
            later = await client.open("shop", Number())
            gate.opened.set()
        assert client.sessions == {"shop": later}


@pytest.mark.parametrize("is_opened_again", [False, True])
async def test_secrets_that_change_while_a_session_is_closed_are_not_those_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_opened_again: bool
) -> None:
    async with Client(folder=tmp_path) as client:
        session = await client.open("shop", Number())
        gate = Gate(monkeypatch, client._inbox._inbox, "register")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client._inbox.renew, session)
            await gate.reached.wait()
            await session.close()
            monkeypatch.undo()
            if is_opened_again:
                await client.open("shop", MetaCloud(NUMBER, "T2", app_secret="new secret"))
            gate.opened.set()
        assert await status_of(client, "former secret") == 403
        assert await status_of(client, "new secret") == (200 if is_opened_again else 403)


async def test_secrets_that_could_not_be_stored_are_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailable("the store is away")

    changed = CloudCredentials(phone_number_id=NUMBER, token="T2", app_secrets=("new secret",))
    async with Client(folder=tmp_path, auth_store=MemoryAuth()) as client:
        await client.open("shop", Number())
        monkeypatch.setattr(client._auth, "save_credentials", fail)
        with pytest.raises(StoreUnavailable):
            await client.renew_credentials("shop", changed)
        assert await status_of(client, "new secret") == 200


async def status_of(client: Client, secret: str, body: bytes = b"{}") -> int:
    """What a webhook that is signed with a secret is answered."""
    headers = {"X-Hub-Signature-256": sign(body, secret)}
    return (await client.webhooks.handle("POST", "", headers, body)).status


class Losing:
    """A pacer during whose pauses the session is lost."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def turn(self, *_: object) -> None:
        self._session.keeper._leases.lost.set()  # type: ignore[union-attr]

    type = turn


async def test_nothing_leaves_that_waited_while_its_session_was_lost(tmp_path: Path) -> None:
    async with Client(folder=tmp_path, auth_store=MemoryAuth()) as client:
        session = await client.open("shop", Number(), exclusive=True)
        session.pacer = Losing(session)  # type: ignore[assignment]
        with pytest.raises(OwnershipLost):
            await session.send(BUDI, Text("too late"))


async def test_campaigns_send_nothing_for_a_session_that_was_lost(tmp_path: Path) -> None:
    async with Client(folder=tmp_path, auth_store=MemoryAuth()) as client:
        session = await client.open("shop", Number(), exclusive=True)
        session.pacer = Losing(session)  # type: ignore[assignment]
        with pytest.raises(OwnershipLost):
            await SessionSender(session).send(
                addresses.parse(BUDI), Text("too late"), token="v1.1.1.1.0"
            )


async def test_parts_of_campaigns_are_closed_whatever_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    def closing(name: str, error: Exception | None = None) -> Any:
        async def close() -> None:
            closed.append(name)
            if error is not None:
                raise error

        return close

    async def fail() -> str:
        raise LedgerError("it was made by a later version")

    async with Client(folder=tmp_path) as client:
        campaigns = client._campaigns
        monkeypatch.setattr(campaigns._ledger, "key", fail)
        with pytest.raises(LedgerError):
            await client.campaigns()
        with monkeypatch.context() as patch:
            patch.setattr(campaigns._ledger, "close", closing("ledger"))
            patch.setattr(campaigns._limiter, "close", closing("limiter", OSError("away")))
            with pytest.raises(OSError, match="away"):
                await campaigns.close()
        assert closed == ["limiter", "ledger"]
        await campaigns._ledger.close()


async def test_a_handler_cannot_close_its_client(tmp_path: Path) -> None:
    """It would wait for itself for ever; whoever is told so closes it elsewhere."""
    refused = anyio.Event()
    client = Client(folder=tmp_path)

    @client.on(TextReceived)
    async def stop(_session: Session, _event: TextReceived) -> None:
        async with anyio.create_task_group() as tasks:  # nor can what it starts
            tasks.start_soon(close)

    async def close() -> None:
        with pytest.raises(ConfigurationError, match="close the client where it was opened"):
            await client.close()
        refused.set()

    async with client:
        await client.open("shop", MetaCloud(traffic.NUMBERS[0], "T1", app_secret=traffic.SECRET))
        assert await status_of(client, traffic.SECRET, traffic.body([0])) == 200
        with anyio.fail_after(60):
            await refused.wait()


def test_nor_can_one_that_blocks(tmp_path: Path) -> None:
    refused = threading.Event()
    client = sync.Client(folder=tmp_path)

    @client.on(TextReceived)
    def stop(_session: sync.Session, _event: TextReceived) -> None:
        with pytest.raises(ConfigurationError, match="close the client where it was opened"):
            client.close()
        refused.set()

    with client:
        client.open("shop", MetaCloud(traffic.NUMBERS[0], "T1", app_secret=traffic.SECRET))
        body = traffic.body([0])
        headers = {"X-Hub-Signature-256": sign(body, traffic.SECRET)}
        assert client.handle_webhook("POST", "", headers, body).status == 200
        assert refused.wait(60)


async def test_work_that_is_cancelled_while_it_starts_can_be_stopped() -> None:
    background = Background()
    starting = asyncio.create_task(background.start())
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await background.stop()
    assert not background.running
