"""Where a worker's sessions come from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blazz.addresses import Phone
from blazz.auth_stores.leases import hold
from blazz.auth_stores.memory import MemoryAuth
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.snapshot.contents import Snapshot
from blazz.campaigns.ledger.records import CampaignRow
from blazz.cli.worker_sessions import WorkerSessions, from_app, from_file, from_store
from blazz.conversations.base import Suppression
from blazz.conversations.sqlite import SqliteConversationStore
from blazz.errors import ConfigurationError, Suppressed
from blazz.messages import Text
from blazz.providers.meta_cloud import CloudCredentials, MetaCloud

AT = datetime.now(UTC)
ROW = CampaignRow(workspace="w", id="c", session="sales", message="{}", columns=(), number=1)


async def test_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_TOKEN", "EAAG-from-the-environment")
    (tmp_path / "token").write_text("EAAG-from-a-file\n")
    file = tmp_path / "sessions.toml"
    file.write_text(
        f"""
        [sales]
        phone_number_id = "111"
        token = "env:SALES_TOKEN"
        ["other/sales"]
        phone_number_id = "222"
        token = "file:{(tmp_path / "token").as_posix()}"
        [trial]
        sandbox = "http://127.0.0.1:8790"
        [broken]
        phone_number_id = "333"
        token = "env:NOBODY_SET_THIS"
        [odd]
        phone_number_id = "333"
        tokn = "EAAG"
        """
    )
    find = from_file(file)
    ours, theirs, trial = (
        await find("w", "sales"),
        await find("other", "sales"),
        await find("w", "trial"),
    )
    assert isinstance(ours, MetaCloud)
    assert isinstance(theirs, MetaCloud)
    assert isinstance(trial, MetaCloud)
    assert (ours.phone_number_id, theirs.phone_number_id) == ("111", "222")
    assert trial.base_url == "http://127.0.0.1:8790"
    assert await find("w", "nobody") is None
    for wrong in ("broken", "odd"):
        with pytest.raises(ConfigurationError, match=wrong):
            await find("w", wrong)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        from_file(tmp_path / "missing.toml")


async def test_from_an_auth_store() -> None:
    async with MemoryAuth() as store:
        session = SessionKey("w", "sales")
        number = CloudCredentials(phone_number_id="111", token="EAAG")
        async with hold(store, session) as holding:
            await store.save(Snapshot.of_credentials(number.to_secrets()), holding.lease)
        find = from_store(store)
        provider = await find("w", "sales")
        assert isinstance(provider, MetaCloud)
        assert provider.phone_number_id == "111"
        assert await find("w", "nobody") is None


async def test_from_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop_numbers.py").write_text(
        "from blazz.providers.meta_cloud import MetaCloud\n"
        "def find(workspace, session):\n"
        "    return MetaCloud(workspace + session, 'EAAG') if session == '1' else None\n"
        "async def later(workspace, session):\n"
        "    return find(workspace, session)\n"
        "known = {'1': MetaCloud('9', 'EAAG')}\n"
        "nothing = 3\n"
    )
    for name, number in (("find", "71"), ("later", "71"), ("known", "9")):
        source = from_app(f"shop_numbers:{name}")
        provider = await source("7", "1")
        assert isinstance(provider, MetaCloud)
        assert provider.phone_number_id == number
        assert await source("7", "2") is None
    for wrong in (
        "shop_numbers",
        "shop_numbers:nothing",
        "shop_numbers:missing",
        "no_such_thing:f",
    ):
        with pytest.raises(ConfigurationError):
            from_app(wrong)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[SqliteConversationStore]:
    store = SqliteConversationStore(folder / "conversations.db")
    await store.open()
    try:
        yield store
    finally:
        await store.close()


class FakeProvider(MetaCloud):
    """Connects when a test says so."""

    def __init__(self) -> None:
        super().__init__("111", "EAAG")
        self.connected: list[bool] = []
        self.fails = False
        self.sent: list[str] = []

    async def connect(self, context: Any) -> None:
        self.connected.append(True)
        if self.fails:
            raise ConfigurationError("no such number")

    async def disconnect(self) -> None:
        self.connected.append(False)

    async def send(self, to: Any, message: Any, **options: Any) -> Any:
        self.sent.append(str(to))


async def test_sessions_are_opened_when_they_are_needed(tmp_path: Path) -> None:
    provider = FakeProvider()
    asked: list[tuple[str, str]] = []
    now = [0.0]
    counted: list[str] = []

    async def source(workspace: str, session: str) -> Any:
        asked.append((workspace, session))
        return provider if session == "sales" else None

    async with opened(tmp_path) as store:
        sessions = WorkerSessions(
            [source], conversations=store, sent=counted.append, clock=lambda: now[0]
        )
        await sessions.ready(ROW, ["sales", "unknown"])
        await sessions.ready(ROW, ["sales", "unknown"])
        assert asked == [("w", "sales"), ("w", "unknown")], "nobody is asked twice at once"
        now[0] = 60.0
        await sessions.ready(ROW, ["unknown"])
        assert asked[2:] == [("w", "unknown")], "but again after a while"
        assert sessions.sender(ROW, "unknown") is None
        sender = sessions.sender(ROW, "sales")
        assert sender is not None
        assert sessions.sender(ROW, "sales") is sender

        await sender.send(Phone("+6281234567890"), Text("Halo"), token="t")
        await store.suppress(
            "w/sales", [Suppression(address="+6281234567891", reason="stop", at=AT)]
        )
        with pytest.raises(Suppressed):
            await sender.send(Phone("+6281234567891"), Text("Halo"), token="t")
        assert (provider.sent, counted) == (["+6281234567890"], ["w/sales"])
        await sessions.close()
        assert provider.connected == [True, False]
        assert sessions.sender(ROW, "sales") is None


async def test_a_session_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    provider = FakeProvider()
    provider.fails = True
    now = [0.0]

    async def source(workspace: str, session: str) -> Any:
        return provider

    async with opened(tmp_path) as store:
        sessions = WorkerSessions([source], conversations=store, clock=lambda: now[0])
        await sessions.ready(ROW, ["sales"])
        assert sessions.sender(ROW, "sales") is None
        provider.fails = False
        now[0] = 30.0
        await sessions.ready(ROW, ["sales"])
        assert sessions.sender(ROW, "sales") is not None

        only = WorkerSessions([source], conversations=store, only=["support"])
        await only.ready(ROW, ["sales"])
        assert only.sender(ROW, "sales") is None
