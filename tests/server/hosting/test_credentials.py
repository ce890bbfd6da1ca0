"""Credentials of a number are replaced while it runs: nothing is lost, nothing is shown."""

from __future__ import annotations

from typing import Any

import anyio
import httpx

from blazz import MetaCloud, Session
from blazz.events.messages import TextReceived
from blazz.providers.meta_cloud.credentials import CloudCredentials
from blazz_server.platform import Platform
from tests.server.conftest import MakeTenant, Tenant
from tests.server.webhooks_in.conftest import add_number, batch, deliver, wrote

NUMBER, WABA = "106540352242922", "102290129340398"
FORMER, NEW, NEWEST = "the former secret", "the new secret of it", "the newest secret"


async def replace(tenant: Tenant, **body: Any) -> httpx.Response:
    return await tenant.api.patch(f"{tenant.path}/sessions/shop/credentials", json=body)


async def stored(platform: Platform) -> CloudCredentials:
    client = await platform.hosting.client("acme")
    return CloudCredentials.from_secrets(await client.credentials("shop"))


async def test_a_number_that_runs_goes_on_with_other_credentials(
    tenant: MakeTenant, platform: Platform, anonymous: httpx.AsyncClient
) -> None:
    heard: dict[str, anyio.Event] = {text: anyio.Event() for text in ("one", "two", "three")}

    async def hear(_session: Session, event: TextReceived) -> None:
        heard[event.body].set()

    platform.hosting.on_client(lambda client: (client.on(TextReceived, name="test")(hear), None)[1])
    acme = await tenant("acme")
    await add_number(acme, platform, number=NUMBER, waba=WABA, secret=FORMER)
    session = await platform.hosting.session("acme", "shop")

    answer = await replace(acme, token="EAAGnew", app_secret=NEW)

    assert answer.status_code == 200, answer.text
    assert not [it for it in ("EAAGnew", NEW, FORMER) if it in answer.text]
    assert answer.json()["config"]["credentials_changed_at"]
    assert await platform.hosting.session("acme", "shop") is session, "it was not closed"
    assert isinstance(session.provider, MetaCloud)
    assert session.provider._token.reveal() == "EAAGnew"
    assert session.provider._graph is not None
    history = (await acme.api.get(f"{acme.path}/sessions/shop/history")).json()
    [key] = (await acme.api.get(f"{acme.path}/keys")).json()["items"]
    said = f"token, app_secret by test ({key['id']})"
    assert (history[0]["change"], history[0]["reason"]) == ("renewed", said)
    assert answer.json()["config"]["credentials_changed_by"] == key["id"]
    assert "EAAGnew" not in str(history)
    for text, secret in (("one", FORMER), ("two", NEW)):  # Meta changes over when it likes
        body = batch(wrote(NUMBER, WABA, text, message_id=f"wamid.{text}"))
        assert (await deliver(anonymous, body, secret=secret)).status_code == 200
        with anyio.fail_after(30):
            await heard[text].wait()

    answer = await replace(acme, app_secret=NEWEST, keep_former_app_secret=False)
    assert answer.status_code == 200, answer.text
    await platform.incoming.refresh()
    body = batch(wrote(NUMBER, WABA, "three", message_id="wamid.three"))
    for secret in (FORMER, NEW):
        assert (await deliver(anonymous, body, secret=secret)).status_code == 403
    assert (await deliver(anonymous, body, secret=NEWEST)).status_code == 200
    with anyio.fail_after(30):
        await heard["three"].wait()
    assert (await stored(platform)).token.reveal() == "EAAGnew"  # type: ignore[union-attr]


async def test_a_number_that_is_stopped_starts_with_other_credentials(
    tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")
    provider = {"kind": "cloud", "phone_number_id": NUMBER, "token": "EAAGold"}
    made = await acme.api.post(
        f"{acme.path}/sessions", json={"name": "shop", "provider": provider, "running": False}
    )
    assert made.status_code == 201, made.text
    answer = await replace(acme, token="EAAGnew", verify_token="words")
    assert answer.status_code == 200, answer.text
    found = await stored(platform)
    assert found.verify_token is not None
    assert [str(it.reveal()) for it in (found.token, found.verify_token)] == ["EAAGnew", "words"]  # type: ignore[union-attr]


async def test_what_cannot_be_replaced_is_refused(tenant: MakeTenant) -> None:
    acme = await tenant("acme")
    await acme.api.post(
        f"{acme.path}/sessions",
        json={"name": "shop", "provider": {"kind": "sandbox"}, "running": False},
    )
    for body, status in (({}, 422), ({"token": ""}, 422), ({"token": "EAAG"}, 409)):
        answer = await replace(acme, **body)
        assert answer.status_code == status, answer.text
    unknown = await acme.api.patch(f"{acme.path}/sessions/no/credentials", json={"token": "EAAG"})
    assert unknown.status_code == 404
