"""The routes of webhooks, with a server, a session of the sandbox and a real subscriber."""

from __future__ import annotations

import time
from typing import Any

import anyio
import pytest

from blazz_server.accounts.principal import Scope
from blazz_server.platform import Platform
from blazz_server.settings import Settings
from blazz_server.webhooks.signing import HEADER, verify
from tests.server.conftest import MakeTenant, Tenant
from tests.server.sandboxed import open_session, write_to
from tests.server.webhooks_out.receiving import Subscriber, subscriber


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Subscribers may be on this machine."""
    return settings.model_copy(update={"allow_private_targets": True})


async def subscribe(tenant: Tenant, to: Subscriber, **more: Any) -> dict[str, Any]:
    answer = await tenant.api.post(
        f"{tenant.path}/webhooks/subscriptions", json={"url": to.url, **more}
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def delivery_in(tenant: Tenant, state: str) -> dict[str, Any]:
    """Wait until a delivery is in a state; over HTTP there is nothing to be told of it."""
    with anyio.fail_after(30):
        while True:
            answer = await tenant.api.get(
                f"{tenant.path}/webhooks/deliveries", params={"state": state}
            )
            if answer.json()["items"]:
                found: dict[str, Any] = answer.json()["items"][0]
                return found
            await anyio.sleep(0.05)


async def test_what_happens_reaches_the_subscriber_signed(
    tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant()
    async with subscriber() as there:
        made = await subscribe(acme, there, kinds=["message.received"])
        await open_session(acme, platform)
        await write_to(acme, "Halo")
        (event,) = await there.until(bool)

    headers, body = there.got[0]
    verify(made["secret"], headers[HEADER.lower()], body, now=time.time())
    assert (event["type"], event["workspace"], event["session"]) == (
        "message.received",
        "acme",
        "shop",
    )
    assert event["data"]["body"] == "Halo"
    delivery = await delivery_in(acme, "delivered")
    detail = (await acme.api.get(f"{acme.path}/webhooks/deliveries/{delivery['id']}")).json()
    assert detail["body"] == body.decode()
    assert [attempt["status"] for attempt in detail["log"]] == [204]
    counts = (await acme.api.get(f"{acme.path}/webhooks/deliveries/counts")).json()
    assert counts == {"pending": 0, "delivered": 1, "dead": 0}


async def test_a_test_event_and_replays(tenant: MakeTenant) -> None:
    acme = await tenant()
    async with subscriber() as there:
        made = await subscribe(acme, there)
        path = f"{acme.path}/webhooks/subscriptions/{made['id']}"
        assert (await acme.api.post(f"{path}/test")).status_code == 202
        await there.until(bool)
        delivery = await delivery_in(acme, "delivered")
        again = await acme.api.post(f"{acme.path}/webhooks/deliveries/{delivery['id']}/replay")
        assert again.status_code == 202
        await there.until(lambda events: len(events) == 2)
        await delivery_in(acme, "delivered")
        answer = await acme.api.post(
            f"{path}/replay", json={"since": "2020-01-01T00:00:00Z", "states": ["delivered"]}
        )
        assert answer.json() == {"replayed": 1}
        events = await there.until(lambda events: len(events) == 3)

    assert len({event["id"] for event in events}) == 1


async def test_secrets_are_shown_once(tenant: MakeTenant, platform: Platform) -> None:
    acme = await tenant()
    async with subscriber() as there:
        made = await subscribe(acme, there)
        path = f"{acme.path}/webhooks/subscriptions"
        rotated = (await acme.api.post(f"{path}/{made['id']}/rotate-secret")).json()
        shown = [
            (await acme.api.get(path)).text,
            (await acme.api.get(f"{path}/{made['id']}")).text,
            (await acme.api.patch(f"{path}/{made['id']}", json={"description": "x"})).text,
        ]
    row = await platform.webhooks.subscriptions.get("acme", made["id"])

    assert rotated["secret"] != made["secret"]
    for secret in (made["secret"], rotated["secret"]):
        assert all(secret not in text for text in shown)
        assert secret not in (row.secret, row.previous_secret)


async def test_subscriptions_are_listed_changed_and_deleted(tenant: MakeTenant) -> None:
    acme = await tenant()
    path = f"{acme.path}/webhooks/subscriptions"
    async with subscriber() as there:
        ids = [(await subscribe(acme, there))["id"] for _ in range(3)]
    first = (await acme.api.get(path, params={"limit": 2})).json()
    second = (await acme.api.get(path, params={"limit": 2, "after": first["next"]})).json()
    assert [it["id"] for it in first["items"] + second["items"]] == ids
    assert second["next"] is None

    changed = await acme.api.patch(f"{path}/{ids[0]}", json={"active": False, "kinds": []})
    assert changed.json()["active"] is False
    assert (await acme.api.delete(f"{path}/{ids[0]}")).status_code == 204
    assert (await acme.api.get(f"{path}/{ids[0]}")).status_code == 404


async def test_bad_bodies_are_refused(tenant: MakeTenant) -> None:
    acme = await tenant()
    path = f"{acme.path}/webhooks/subscriptions"
    for body in (
        {},
        {"url": "not a url"},
        {"url": "https://user:pass@example.com/"},
        {"url": "ftp://example.com/"},
        {"url": "https://no-such-host.invalid/"},
        {"url": "https://example.com/", "kinds": ["no.such"]},
        {"url": "https://example.com/", "description": "a\0b"},
    ):
        answer = await acme.api.post(path, json=body)
        assert answer.status_code == 422, body


async def test_another_tenant_sees_and_does_nothing(tenant: MakeTenant) -> None:
    acme, other = await tenant("acme"), await tenant("other")
    async with subscriber() as there:
        made = await subscribe(acme, there)
        await acme.api.post(f"{acme.path}/webhooks/subscriptions/{made['id']}/test")
        delivery = await delivery_in(acme, "delivered")
    mine, theirs = f"{other.path}/webhooks", f"{acme.path}/webhooks"
    for base in (mine, theirs):
        for method, path in (
            ("GET", f"subscriptions/{made['id']}"),
            ("PATCH", f"subscriptions/{made['id']}"),
            ("DELETE", f"subscriptions/{made['id']}"),
            ("POST", f"subscriptions/{made['id']}/rotate-secret"),
            ("POST", f"subscriptions/{made['id']}/test"),
            ("GET", f"deliveries/{delivery['id']}"),
            ("POST", f"deliveries/{delivery['id']}/replay"),
        ):
            answer = await other.api.request(
                method, f"{base}/{path}", json={} if method == "PATCH" else None
            )
            assert answer.status_code == 404, (method, path)
    assert (await other.api.get(f"{mine}/deliveries")).json()["items"] == []
    assert (await other.api.get(f"{mine}/subscriptions")).json()["items"] == []


async def test_scopes_are_needed(tenant: MakeTenant) -> None:
    reader = await tenant(scopes={Scope.WEBHOOKS_READ})
    path = f"{reader.path}/webhooks/subscriptions"

    assert (await reader.api.get(path)).status_code == 200
    assert (await reader.api.post(path, json={"url": "https://a.example/"})).status_code == 403
