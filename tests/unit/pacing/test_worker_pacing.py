"""Sessions hold back as their providers want it, in a client and in a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from blazz.addresses import Address, Phone
from blazz.campaigns.ledger.records import CampaignRow
from blazz.campaigns.options import CampaignOptions
from blazz.cli.worker_sessions import WorkerSessions
from blazz.conversations.sqlite import SqliteConversationStore
from blazz.messages import Message, Text
from blazz.providers.base import Capability, Outcome, Provider, ProviderContext, Receipt
from blazz.providers.pacing import Pacing
from blazz.providers.web.provider import Web
from blazz.sandbox import Sandbox
from blazz.session.pacer import pacer_for
from tests.unit.pacing.test_pacer import Store

BUDI = Phone("+6281234567890")
CAREFUL = Pacing(per_minute=1, typing=1000)


def test_a_provider_says_whether_its_sessions_hold_back() -> None:
    def made(provider: Web | Sandbox, pacing: Pacing | None = None) -> Pacing | None:
        pacer = pacer_for(provider, pacing, session="acme/sales", store=Store())
        return pacer.pacing if pacer is not None else None

    assert made(Web()) == Pacing()
    assert made(Web(pacing=Pacing.off())) is None
    assert made(Web(), Pacing.off()) is None
    assert made(Web(), CAREFUL) == CAREFUL
    assert made(Sandbox()) is None
    assert made(Sandbox(), CAREFUL) == CAREFUL


class CarefulProvider:
    """A provider with a pacing of its own, which notes what is done with it."""

    name = "careful"
    capabilities = frozenset({Capability.TEXT, Capability.PRESENCE})
    webhooks = None
    pacing = CAREFUL

    def __init__(self) -> None:
        self.done: list[str] = []

    async def connect(self, context: ProviderContext) -> None:
        self.done.append(f"connect {context.session}")

    async def send(self, to: Address, message: Message, *, token: str, **_: Any) -> Receipt:
        self.done.append(f"send {to}")
        return Receipt(message_id="1", to=to, token=token, accepted_at=datetime.now(UTC))

    async def settle(self, tokens: Sequence[str]) -> Mapping[str, Outcome]:
        return {}

    async def show_activity(self, to: Address, activity: str) -> None:
        self.done.append(f"{activity} {to}")

    async def disconnect(self) -> None:
        self.done.append("disconnect")

    async def logout(self) -> None:
        raise AssertionError


async def test_a_worker_holds_back(tmp_path: Path) -> None:
    provider = CarefulProvider()

    async def source(workspace: str, session: str) -> Provider | None:
        return provider

    store = SqliteConversationStore(tmp_path / "conversations.db")
    sessions = WorkerSessions([source], conversations=store, folder=tmp_path)
    options = CampaignOptions().to_json()
    row = cast("CampaignRow", SimpleNamespace(workspace="acme", number=1, options=options))
    await store.open()
    try:
        assert sessions.pacer_of("acme/sales") is None
        await sessions.ready(row, ["sales"])
        pacer = sessions.pacer_of("acme/sales")
        assert pacer is not None
        assert await pacer.claim() == 0
        assert await pacer.claim() > 0

        sender = sessions.sender(row, "sales")
        assert sender is not None
        await sender.send(BUDI, Text("Halo"), token="v1.a")
    finally:
        await sessions.close()
        await store.close()
    assert provider.done == ["connect sales", f"typing {BUDI}", f"send {BUDI}", "disconnect"]
