"""One URL for all tenants: durable, and nobody sees another's updates."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from blazz.errors import WebhookError
from blazz.events.base import Event
from blazz.webhooks.signature import HEADER, SigningSecret
from blazz_server.incoming.strays import Strays
from blazz_server.platform import Platform
from tests.server.conftest import MakeTenant, client_of
from tests.server.webhooks_in.conftest import Number, add_number, batch, deliver, until, wrote

ACME, GLOBEX = "111111111", "222222222"
WABA = "333333333"
SHARED = "the secret of one app for all"


@pytest.fixture
async def meta(app: FastAPI) -> httpx.AsyncClient:
    """Meta, which has no key."""
    return client_of(app)


@pytest.fixture
async def acme(tenant: MakeTenant, platform: Platform) -> Number:
    """A tenant with a number."""
    return await add_number(await tenant("acme"), platform, number=ACME, waba=WABA, secret=SHARED)


@pytest.fixture
async def globex(tenant: MakeTenant, platform: Platform) -> Number:
    """Another tenant; its number belongs to the same app and business account."""
    return await add_number(
        await tenant("globex"), platform, number=GLOBEX, waba="444444444", secret=SHARED
    )


async def test_the_handshake_takes_the_verify_token_of_any_session(
    meta: httpx.AsyncClient, acme: Number
) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    good = await meta.get(
        "/webhooks/meta", params={**query, "hub.verify_token": "verify-shop-acme"}
    )
    assert (good.status_code, good.text) == (200, "1158201444")
    bad = await meta.get("/webhooks/meta", params={**query, "hub.verify_token": "guess"})
    assert bad.status_code == 403


async def test_an_update_reaches_its_session(meta: httpx.AsyncClient, acme: Number) -> None:
    body = batch(wrote(ACME, WABA, "Halo", message_id="wamid.A1"))
    assert (await deliver(meta, body, secret=SHARED)).status_code == 200
    assert await until(acme.texts) == ["Halo"]
    people = await acme.tenant.api.get(f"{acme.path}/contacts")
    assert [it["name"] for it in people.json()["items"]] == ["Budi"]


async def test_repeated_updates_are_one(meta: httpx.AsyncClient, acme: Number) -> None:
    body = batch(wrote(ACME, WABA, "Halo", message_id="wamid.A1"))
    for _ in range(3):
        assert (await deliver(meta, body, secret=SHARED)).status_code == 200
    last = batch(wrote(ACME, WABA, "and goodbye", message_id="wamid.A2"))
    await deliver(meta, last, secret=SHARED)

    async def both() -> bool:
        return len(await acme.history()) >= 2

    await until(both)
    assert sorted(await acme.texts()) == ["Halo", "and goodbye"]


async def test_a_batch_over_two_tenants_is_split(
    meta: httpx.AsyncClient, acme: Number, globex: Number, platform: Platform
) -> None:
    body = batch(
        wrote(ACME, WABA, "for acme", message_id="wamid.A1"),
        wrote(GLOBEX, "444444444", "for globex", message_id="wamid.G1"),
    )
    assert (await deliver(meta, body, secret=SHARED)).status_code == 200
    assert await until(acme.texts) == ["for acme"]
    assert await until(globex.texts) == ["for globex"]
    # Nothing of the other is in what their inboxes keep, not even unread.
    for workspace, foreign in (("acme", b"globex"), ("globex", b"acme")):
        client = await platform.hosting.client(workspace)
        session = client.sessions["shop"]
        events = session.events(Event, start="oldest")
        event = await anext(events)
        await events.aclose()
        assert foreign.decode() not in repr(event.raw)


async def test_the_secret_of_one_tenants_app_brings_nothing_in_for_another(
    meta: httpx.AsyncClient, acme: Number, tenant: MakeTenant, platform: Platform
) -> None:
    own = "the secret of globex alone"
    globex = await add_number(
        await tenant("globex"), platform, number=GLOBEX, waba="444444444", secret=own
    )
    forged = batch(
        wrote(ACME, WABA, "forged", message_id="wamid.A1"),
        wrote(GLOBEX, "444444444", "real", message_id="wamid.G1"),
    )
    assert (await deliver(meta, forged, secret=own)).status_code == 200
    assert await until(globex.texts) == ["real"]
    assert await acme.texts() == []


@pytest.mark.parametrize("secret", [None, "wrong"])
async def test_unsigned_and_badly_signed_bodies_are_refused(
    meta: httpx.AsyncClient, acme: Number, secret: str | None
) -> None:
    body = batch(wrote(ACME, WABA, "forged", message_id="wamid.A1"))
    assert (await deliver(meta, body, secret=secret)).status_code == 403


async def test_a_changed_body_is_refused(meta: httpx.AsyncClient, acme: Number) -> None:
    body = batch(wrote(ACME, WABA, "Halo", message_id="wamid.A1"))
    signed = await deliver(meta, body, secret=SHARED)
    header = signed.request.headers[HEADER]
    changed = await meta.post(
        "/webhooks/meta", content=body.replace(b"Halo", b"HALO"), headers={HEADER: header}
    )
    assert changed.status_code == 403


async def test_updates_for_an_unknown_number_are_kept_told_and_passed_on(
    meta: httpx.AsyncClient,
    api: httpx.AsyncClient,
    acme: Number,
    tenant: MakeTenant,
    platform: Platform,
) -> None:
    body = batch(
        wrote(GLOBEX, "444444444", "early", message_id="wamid.G1"),
        wrote(ACME, WABA, "for acme", message_id="wamid.A1"),
    )
    for _ in range(2):  # Meta repeats what it is not sure of
        assert (await deliver(meta, body, secret=SHARED)).status_code == 200
    assert await until(acme.texts) == ["for acme"]
    kept = (await api.get("/v1/webhooks/strays")).json()["items"]
    assert [(it["account"], it["count"]) for it in kept] == [(GLOBEX, 1)]

    globex = await add_number(
        await tenant("globex"), platform, number=GLOBEX, waba="444444444", secret=SHARED
    )
    await platform.incoming.refresh()
    assert await until(globex.texts) == ["early"]
    assert (await api.get("/v1/webhooks/strays")).json()["items"] == []


async def test_what_cannot_be_passed_on_yet_is_passed_on_later_and_holds_nobody_up(
    meta: httpx.AsyncClient,
    acme: Number,
    tenant: MakeTenant,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, text in ((GLOBEX, "for globex"), ("555555555", "for initech")):
        body = batch(wrote(number, number, text, message_id=f"wamid.{number}"))
        assert (await deliver(meta, body, secret=SHARED)).status_code == 200
    deliver_home = platform.incoming._deliver

    async def full(workspace: str, body: bytes, signer: str) -> None:
        if workspace == "globex":
            raise WebhookError("the inbox is full")
        await deliver_home(workspace, body, signer)

    monkeypatch.setattr(platform.incoming._switchboard, "_deliver", full)
    others = [
        await add_number(await tenant(name), platform, number=number, waba=number, secret=SHARED)
        for name, number in (("globex", GLOBEX), ("initech", "555555555"))
    ]
    await platform.incoming.refresh()
    assert await until(others[1].texts) == ["for initech"]
    assert await others[0].texts() == []
    monkeypatch.undo()
    await platform.incoming.refresh()
    assert await until(others[0].texts) == ["for globex"]


async def test_what_is_kept_is_told_to_the_administrator_only(
    acme: Number, anonymous: httpx.AsyncClient
) -> None:
    assert (await acme.tenant.api.get("/v1/webhooks/strays")).status_code == 403
    assert (await anonymous.get("/v1/webhooks/strays")).status_code == 401


async def test_a_signed_body_that_is_no_batch_is_kept(
    meta: httpx.AsyncClient, api: httpx.AsyncClient, acme: Number
) -> None:
    for body in (b"not json", b"[]", b'{"entry": 5}'):
        assert (await deliver(meta, body, secret=SHARED)).status_code == 200
    kept = (await api.get("/v1/webhooks/strays")).json()["items"]
    assert [(it["account"], it["count"]) for it in kept] == [(None, 3)]


async def test_one_secret_cannot_fill_the_table(
    meta: httpx.AsyncClient, acme: Number, tenant: MakeTenant, platform: Platform
) -> None:
    own = "the secret of globex alone"
    await add_number(await tenant("globex"), platform, number=GLOBEX, waba="444444444", secret=own)
    platform.incoming.strays = Strays(platform.database, most=10_000)
    lone = batch(wrote("777777777", "777777777", "from acme", message_id="wamid.1"))
    assert (await deliver(meta, lone, secret=SHARED)).status_code == 200
    for i in range(20):
        body = batch(wrote("888888888", "888888888", f"{i} " + "x" * 500, message_id=f"wamid.{i}"))
        assert (await deliver(meta, body, secret=own)).status_code == 200

    kept = {it.account: it.count for it in await platform.incoming.strays.accounts(limit=9)}
    assert kept["777777777"] == 1, "another's secret costs nobody else anything"
    assert 2 < kept["888888888"] < 10
    found = await platform.incoming.strays.of(["888888888"], [SigningSecret(own).fingerprint])
    assert b'"19 xxx' in found[-1].body, "the newest are kept"


async def test_a_body_beyond_metas_limit_is_refused(meta: httpx.AsyncClient, acme: Number) -> None:
    body = b'{"entry": "' + b"x" * (3 * 1024 * 1024) + b'"}'
    assert (await deliver(meta, body, secret=SHARED)).status_code == 413


async def test_updates_of_a_stopped_session_wait_for_it(
    meta: httpx.AsyncClient, acme: Number
) -> None:
    stopped = await acme.tenant.api.post(f"{acme.path}/stop")
    assert stopped.status_code < 300, stopped.text
    body = batch(wrote(ACME, WABA, "while you were away", message_id="wamid.A1"))
    assert (await deliver(meta, body, secret=SHARED)).status_code == 200
    started = await acme.tenant.api.post(f"{acme.path}/start")
    assert started.status_code < 300, started.text
    assert await until(acme.texts) == ["while you were away"]
