"""Where sessions stand is told of every provider: to browsers and to subscribers, once each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from blazz.errors import LeaseTaken
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.session.states import StateWatch
from blazz_server.hosting import telling
from blazz_server.hosting.telling import SessionStates
from blazz_server.platform import Platform
from blazz_server.webhooks.tables import Delivery, OutboxEvent, Subscription
from tests.server.conftest import MakeTenant, Tenant
from tests.server.hosting.hearing import hearing

SUBSCRIBER = "sub_1"


async def subscribe(platform: Platform, workspace: str = "acme") -> None:
    """Have somebody want to know; whether they can be reached is not the question here."""
    async with platform.database.begin() as transaction:
        transaction.add(
            Subscription(
                id=SUBSCRIBER, workspace=workspace, url="https://none.test/",
                kinds=["session.status"], secret="none",
            )
        )  # fmt: skip


async def delivered(platform: Platform) -> list[dict[str, Any]]:
    """What is on its way to the subscriber."""
    query = (
        select(OutboxEvent)
        .join(Delivery, Delivery.event == OutboxEvent.id)
        .where(Delivery.subscription == SUBSCRIBER)
    )
    async with platform.database.read() as transaction:
        found = [row.data for row in await transaction.scalars(query)]
    return by_key(found)


def by_key(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(told, key=lambda data: str(data["key"]))


async def make(tenant: Tenant, name: str, provider: dict[str, Any], **more: Any) -> None:
    answer = await tenant.api.post(
        f"{tenant.path}/sessions", json={"name": name, "provider": provider, **more}
    )
    assert answer.status_code == 201, answer.text


CLOUD = {
    "kind": "cloud",
    "phone_number_id": "106540352242922",
    "token": "EAAG",
    "app_secret": "a secret of the app",
}


@pytest.mark.parametrize("provider", [{"kind": "sandbox"}, CLOUD], ids=["sandbox", "cloud"])
async def test_a_life_is_told_from_start_to_end(
    platform: Platform, tenant: MakeTenant, provider: dict[str, Any]
) -> None:
    acme = await tenant("acme")
    await subscribe(platform)
    async with hearing(platform) as heard:
        await make(acme, "shop", provider)
        await heard.until("ready")
        await acme.api.post(f"{acme.path}/sessions/shop/stop")
        await heard.until("stopped")
        await acme.api.post(f"{acme.path}/sessions/shop/start")
        await heard.until("ready", count=2)
        assert (await acme.api.delete(f"{acme.path}/sessions/shop")).status_code == 204
        states = await heard.until("stopped", count=2)
    opened = [("starting", "opened"), ("ready", "connected")]
    assert states == [*opened, ("stopped", "closed"), *opened, ("stopped", "closed")]
    assert heard.told[-1]["detail"] == "the session was deleted"
    # A page that is drawn anew because of an event shows what the event said.
    assert heard.shown == ["ready", "ready", "stopped", "ready", "ready", None]
    first = heard.told[0]
    assert {*first} == {"session", "type", "key", "at", "state", "previous", "reason"}
    assert (first["session"], first["type"]) == ("shop", "SessionStateChanged")
    assert await delivered(platform) == by_key(heard.told), "subscribers are told the same"


async def test_a_session_that_cannot_start_is_told_of_once(
    platform: Platform, tenant: MakeTenant
) -> None:
    acme = await tenant("acme")
    await subscribe(platform)
    await make(acme, "sales", CLOUD, running=False)
    client = await platform.hosting.client("acme")
    await client.forget("sales")  # its credentials are gone
    async with hearing(platform) as heard:
        await acme.api.post(f"{acme.path}/sessions/sales/start")
        assert await heard.until("stopped") == [("stopped", "failed")]
        detail = heard.told[0]["detail"]
        await platform.hosting.sessions.teller.failed("acme", "sales", detail)  # tried again
        await platform.live.bus.publish(
            "private-workspace.acme", "session.status", '{"session":"-","state":"-","reason":""}'
        )
        assert await heard.until("-") == [("stopped", "failed"), ("-", "")]
    shown = (await acme.api.get(f"{acme.path}/sessions/sales")).json()
    assert (shown["state"], shown["reason"]) == ("stopped", "failed")
    assert [it["reason"] for it in await delivered(platform)] == ["failed"]


async def test_what_is_not_foreseen_is_a_failure_too_and_tells_no_secret(
    platform: Platform, tenant: MakeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = await tenant("acme")
    await make(acme, "shop", {"kind": "sandbox"}, running=False)

    async def broken(_workspace: str, _name: str) -> None:
        raise RuntimeError("EAAG-secret")

    monkeypatch.setattr(platform.hosting.sessions, "_open", broken)
    with pytest.raises(RuntimeError):
        await platform.hosting.sessions.start("acme/shop")
    row = await platform.hosting.records.get("acme", "shop")
    assert (row.state, row.reason) == ("stopped", "failed")
    assert "EAAG" not in row.detail


async def test_who_waits_for_a_session_in_vain_says_nothing_of_it(
    platform: Platform, tenant: MakeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner knows where it stands; that another one could not have it changes nothing."""
    acme = await tenant("acme")
    async with hearing(platform) as heard:
        await make(acme, "shop", {"kind": "sandbox"})
        await heard.until("ready")

        async def taken(_workspace: str, _name: str) -> None:
            raise LeaseTaken("another one runs it", owner="two", retry_after=1.0)

        monkeypatch.setattr(platform.hosting.sessions, "_open", taken)
        with pytest.raises(LeaseTaken):
            await platform.hosting.sessions.start("acme/shop")
        row = await platform.hosting.records.get("acme", "shop")
        assert (row.state, row.reason) == ("ready", "connected")


async def test_an_earlier_owner_tells_nothing_any_more(
    platform: Platform, tenant: MakeTenant
) -> None:
    acme = await tenant("acme")
    records = platform.hosting.records
    await make(acme, "shop", {"kind": "sandbox"}, running=False)
    watch = StateWatch()
    watch.opened()
    assert await records.note("acme", "shop", watch.since(0), epoch=7)
    watch.closed()
    assert not await records.note("acme", "shop", watch.since(2), epoch=6)
    assert (await records.get("acme", "shop")).state == "ready"


class Wavering:
    """A session, and a teller that fails now and then."""

    def __init__(self) -> None:
        self.key, self.epoch, self.owned = "acme/shop", 1, True
        self.states = StateWatch()
        self.told: list[SessionStateChanged] = []
        self.fails = 0

    @property
    def state(self) -> SessionState:
        return self.states.state

    async def tell(
        self, _session: object, changes: Sequence[SessionStateChanged], **_: int
    ) -> None:
        if self.fails:
            self.fails -= 1
            raise OperationalError("UPDATE", {}, Exception("the database is away"))
        self.told += changes


async def test_states_are_told_again_when_the_database_was_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "_REST", 0.0)
    session = Wavering()
    session.fails = 2
    states = SessionStates(session, session)  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(states.follow)
        session.states.opened()
        session.states.entered(
            SessionStateChanged(
                key="k", at=datetime.now(UTC), state=SessionState.RECONNECTING,
                previous=SessionState.READY, reason=StateReason.CONNECTION_LOST,
            )
        )  # fmt: skip
        session.states.closed()
    assert [it.state.value for it in session.told] == [
        "starting", "ready", "reconnecting", "stopped",
    ]  # fmt: skip
    session.fails = 1
    await states.tell_the_last()  # nothing is left to tell, and nothing is told twice
    assert len(session.told) == 4
