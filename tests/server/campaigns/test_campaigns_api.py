"""Campaigns as a tenant makes them: upload, preview, start, pause, report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from blazz_server.accounts.principal import Scope
from blazz_server.campaigns.records import Claim
from blazz_server.campaigns.tables import State
from blazz_server.platform import Platform
from blazz_server.settings import Settings
from tests.server.campaigns.making import (
    given_back,
    made,
    many,
    plan,
    shown,
    steer,
    until,
    uploaded,
)
from tests.server.conftest import MakeTenant, Tenant
from tests.server.sandboxed import open_session


@pytest.fixture
async def shop(tenant: MakeTenant, platform: Platform) -> Tenant:
    """A tenant with one session."""
    acme = await tenant()
    await open_session(acme, platform)
    return acme


async def test_a_file_is_looked_at_when_it_is_uploaded(shop: Tenant) -> None:
    seen = await uploaded(shop, "Nama;Nomor HP\nAna;0812-0000-0001\n", filename="../a b.csv")

    assert seen["columns"] == ["Nama", "Nomor HP"]
    assert (seen["phone"], seen["delimiter"], seen["filename"]) == ("Nomor HP", ";", "a b.csv")
    assert seen["rows"] == [["Ana", "0812-0000-0001"]]
    listed = (await shop.api.get(f"{shop.path}/audiences")).json()
    assert [it["id"] for it in listed["items"]] == [seen["id"]]
    path = f"{shop.path}/audiences/{seen['id']}"
    assert (await shop.api.delete(path)).status_code == 204
    assert (await shop.api.get(path)).status_code == 404


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"a,b\n" + b"\xff\xfe" * 20, b"\n\n"])
async def test_what_is_no_csv_file_is_refused(shop: Tenant, content: bytes) -> None:
    answer = await shop.api.post(f"{shop.path}/audiences", content=content)

    assert answer.status_code in {201, 422}, answer.text
    if answer.status_code == 201:
        assert answer.json()["columns"]


async def test_a_preview_tells_rows_samples_problems_and_cost(shop: Tenant) -> None:
    body = await plan(shop, message={"type": "text", "body": "Halo {name}, {code}"})
    card = {
        "currency": "USD",
        "prices": [{"country": "ID", "category": "service", "price": "0.5"}],
    }
    answer = await shop.api.post(f"{shop.path}/campaigns/preview", json={**body, "rate_card": card})
    assert answer.status_code == 200, answer.text
    found = answer.json()

    assert (found["rows_read"], found["recipients"]) == (5, 3)
    assert [(it["line"], it["kind"]) for it in found["rejects"]] == [
        (4, "invalid"),
        (5, "duplicate"),
    ]
    assert found["countries"] == {"ID": 3}
    assert (found["cost"], found["currency"]) == ("1.5", "USD")
    assert found["samples"][0]["message"]["body"] == "Halo Ana, A1"
    listed = (await shop.api.get(f"{shop.path}/campaigns")).json()
    assert listed["items"] == []


async def test_a_campaign_runs_to_its_end_and_is_reported(shop: Tenant) -> None:
    await made(shop, await plan(shop))
    done = await until(shop, "done")

    assert done["progress"]["counts"]["pending"] == 0
    assert done["progress"]["share"] == 1
    path = f"{shop.path}/campaigns/promo"
    report = (await shop.api.get(f"{path}/report")).json()
    assert (report["rows_read"], report["rejected"], report["duplicates"]) == (5, 1, 1)
    assert report["done"]
    page = await shop.api.get(f"{path}/report.html")
    assert "Delivery funnel" in page.text
    assert "sandbox" in page.headers["content-security-policy"]
    table = await shop.api.get(f"{path}/report.csv")
    assert table.text.startswith("group,name,measure,value")
    rejects = await shop.api.get(f"{path}/rejects.csv")
    assert "not a number" in rejects.text
    people = (await shop.api.get(f"{path}/recipients", params={"limit": 2})).json()
    assert [it["to"] for it in people["items"]] == ["+6281200000001", "+6281200000002"]
    rest = (
        await shop.api.get(f"{path}/recipients", params={"limit": 2, "after": people["next"]})
    ).json()
    assert ([it["to"] for it in rest["items"]], rest["next"]) == (["+6281200000005"], None)


async def test_a_draft_waits_until_it_is_started_and_can_be_deleted(shop: Tenant) -> None:
    body = await plan(shop)
    draft = await made(shop, body, start=False)
    assert draft["state"] == "draft"
    report = await shop.api.get(f"{shop.path}/campaigns/promo/report")
    assert (report.status_code, report.json()["code"]) == (409, "campaign_not_begun")
    needed = await shop.api.delete(f"{shop.path}/audiences/{body['audience']['id']}")
    assert needed.json()["code"] == "audience_needed"
    assert (await shop.api.delete(f"{shop.path}/campaigns/promo")).status_code == 204
    assert (await shop.api.get(f"{shop.path}/campaigns/promo")).status_code == 404


async def test_a_campaign_is_paused_resumed_and_loses_nobody(shop: Tenant) -> None:
    await made(shop, await plan(shop, many(100), rate=20))
    with anyio.fail_after(60):
        while not ((await shown(shop))["progress"] or {}).get("elapsed"):  # noqa: ASYNC110
            await anyio.sleep(0.02)
    paused = await steer(shop, "pause", reason="a break")
    assert (paused["state"], paused["reason"]) == ("paused", "a break")
    await steer(shop, "pause")  # again is no error
    before = (await given_back(shop))["progress"]["counts"]
    assert before["pending"] > 0
    assert before["sending"] == 0

    await steer(shop, "resume")
    await until(shop, "done")
    report = (await shop.api.get(f"{shop.path}/campaigns/promo/report")).json()
    assert report["failed"] + report["unknown"] + report["pending"] == 0


async def test_a_pause_at_the_moment_of_its_start_holds(
    shop: Tenant, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, advance = platform.campaigns.records, platform.campaigns.records.advance

    async def and_then_paused(claim: Claim, state: State, **more: Any) -> None:
        await advance(claim, state, **more)
        if state is State.RUNNING:
            await platform.campaigns.pause(shop.workspace, "promo", reason="wait")

    monkeypatch.setattr(records, "advance", and_then_paused)
    await made(shop, await plan(shop, many(100), rate=20))
    await until(shop, "paused")
    found = await given_back(shop)
    assert (found["state"], found["reason"]) == ("paused", "wait")
    assert found["progress"]["counts"]["pending"] == 100


async def test_a_cancelled_campaign_stays_unsent(shop: Tenant) -> None:
    await made(shop, await plan(shop, many(500), rate=10))
    await until(shop, "running")
    await steer(shop, "cancel", reason="wrong price")
    assert (await shown(shop))["state"] == "cancelled"
    await steer(shop, "resume", status=409)
    await steer(shop, "start", status=409)
    await steer(shop, "cancel", status=409)


async def test_a_campaign_is_cancelled_while_its_file_is_read(
    shop: Tenant, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, go_on = anyio.Event(), anyio.Event()
    opened = platform.campaigns.audiences.opened

    @asynccontextmanager
    async def held_up(workspace: str, audience: str) -> AsyncIterator[Path]:
        async with opened(workspace, audience) as path:
            reads.set()
            await go_on.wait()
            yield path

    monkeypatch.setattr(platform.campaigns.audiences, "opened", held_up)
    await made(shop, await plan(shop, many(60)))
    with anyio.fail_after(60):
        await reads.wait()
    await steer(shop, "cancel", reason="wrong price")
    go_on.set()
    with anyio.fail_after(60):
        while (found := await shown(shop))["owner"] is not None:  # noqa: ASYNC110
            await anyio.sleep(0.05)
    assert found["state"] == "cancelled"
    assert found["progress"]["phase"] in {"cancelled", "importing"}
    left = {"accepted", "delivered", "failed", "read", "sending", "sent", "unknown"}
    assert {name: found["progress"]["counts"][name] for name in left} == dict.fromkeys(left, 0)


async def test_a_chat_shows_what_a_campaign_said(shop: Tenant) -> None:
    await made(shop, await plan(shop))
    await until(shop, "done")
    path = f"{shop.path}/sessions/shop"

    async def history() -> list[dict[str, Any]]:
        answer = await shop.api.get(f"{path}/chats/+6281200000001/messages")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    with anyio.fail_after(60):
        # Statuses come by themselves.
        while [it["status"] for it in await history()] not in (["delivered"], ["read"]):  # noqa: ASYNC110
            await anyio.sleep(0.05)
    (said,) = await history()
    assert (said["kind"], said["text"], said["direction"]) == ("text", "Halo Ana", "out")
    assert said["content"] == {"type": "text", "body": "Halo Ana", "campaign": "promo"}
    assert (await shop.api.get(f"{path}/messages/{said['id']}")).json()["text"] == "Halo Ana"
    # The list is of conversations: a campaign does not bury them.
    assert (await shop.api.get(f"{path}/chats")).json()["items"] == []


async def test_a_campaign_waits_for_its_time(shop: Tenant) -> None:
    late = "2027-10-01T10:00:00Z"
    found = await made(shop, await plan(shop, start_at=late))

    assert (found["state"], found["due_at"]) == ("scheduled", late)
    await steer(shop, "pause")
    assert (await steer(shop, "resume"))["state"] == "scheduled"


async def test_a_campaign_starts_by_itself_when_its_time_comes(shop: Tenant) -> None:
    body = await plan(shop)
    soon = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    found = await made(shop, body, start_at=soon)
    assert found["state"] == "scheduled"
    done = await until(shop, "done")
    assert done["started_at"] >= soon[:19]


async def test_a_campaign_waits_for_its_session_and_goes_on(shop: Tenant) -> None:
    await made(shop, await plan(shop, many(100), rate=20))
    with anyio.fail_after(60):
        while not ((await shown(shop))["progress"] or {}).get("elapsed"):  # noqa: ASYNC110
            await anyio.sleep(0.02)
    stopped = await shop.api.post(f"{shop.path}/sessions/shop/stop")
    assert stopped.is_success, stopped.text
    await given_back(shop)
    waiting = await shown(shop)
    assert waiting["state"] == "running"
    assert waiting["progress"]["counts"]["pending"] > 0

    await shop.api.post(f"{shop.path}/sessions/shop/start")
    await until(shop, "done")
    report = (await shop.api.get(f"{shop.path}/campaigns/promo/report")).json()
    assert report["failed"] + report["pending"] == 0


async def test_an_audience_that_does_not_fit_fails_with_the_reason(shop: Tenant) -> None:
    body = await plan(shop, message={"type": "text", "body": "Halo {surname}"})
    await made(shop, body)

    failed = await until(shop, "failed")
    assert "surname" in failed["reason"]


async def test_a_file_of_somebody_else_is_not_sent(shop: Tenant) -> None:
    body = await plan(shop, message={"type": "image", "media_id": "1037543291543636"})
    await made(shop, body)

    failed = await until(shop, "failed")
    assert failed["reason"] == "there is no media '1037543291543636'"
    assert (await steer(shop, "cancel"))["state"] == "cancelled"


async def test_bad_plans_are_refused(shop: Tenant, tenant: MakeTenant) -> None:
    good = await plan(shop)
    other = await tenant("other")
    stranger = await uploaded(other)
    for change, status in (
        ({"sessions": []}, 422),
        ({"sessions": ["shop", "shop"]}, 422),
        ({"sessions": ["none"]}, 404),
        ({"message": None}, 422),
        ({"message": {"type": "text", "body": ""}}, 422),
        ({"message": {"type": "text", "body": "Halo {"}}, 422),
        ({"variants": {}}, 422),
        ({"audience": {"id": "none"}}, 404),
        ({"audience": {"id": stranger["id"]}}, 404),
        ({"rate": 0}, 422),
        ({"hours": {}}, 422),
        ({"hours": {"quiet": ["25:00-26:00"]}}, 422),
        ({"start_at": "2027-01-01T00:00:00"}, 422),
        ({"start_at": "9999-01-01T00:00:00Z"}, 422),
        ({"start_at": "2027-01-02T00:00:00Z", "end_at": "2027-01-01T00:00:00Z"}, 409),
        ({"unknown_field": 1}, 422),
        ({"id": "Not A Name"}, 422),
    ):
        for path in ("campaigns", "campaigns/preview"):
            body = {"id": "bad", **good, **change}
            answer = await shop.api.post(f"{shop.path}/{path}", json=body)
            assert answer.status_code == status, (change, path, answer.text)


async def test_a_name_is_used_once(shop: Tenant) -> None:
    body = await plan(shop)
    await made(shop, body, start=False)
    again = await shop.api.post(f"{shop.path}/campaigns", json={"id": "promo", **body})
    assert (again.status_code, again.json()["code"]) == (409, "campaign_exists")


async def test_another_tenant_sees_and_does_nothing(shop: Tenant, tenant: MakeTenant) -> None:
    await made(shop, await plan(shop), start=False)
    other = await tenant("other")
    for base in (f"{shop.path}/campaigns/promo", f"{other.path}/campaigns/promo"):
        for method, path in (
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/start"),
            ("POST", "/pause"),
            ("POST", "/resume"),
            ("POST", "/cancel"),
            ("POST", "/retry-failed"),
            ("GET", "/report"),
            ("GET", "/report.html"),
            ("GET", "/report.csv"),
            ("GET", "/recipients"),
            ("GET", "/dead-letters.csv"),
            ("GET", "/rejects.csv"),
        ):
            answer = await other.api.request(method, base + path)
            assert answer.status_code == 404, (method, base + path)
    assert (await other.api.get(f"{other.path}/campaigns")).json()["items"] == []


async def test_who_starts_a_campaign_may_send(tenant: MakeTenant) -> None:
    clerk = await tenant(scopes={Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE})
    answer = await clerk.api.post(f"{clerk.path}/campaigns/promo/start")

    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


class TestLimits:
    """With small limits."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """A server that takes small files."""
        return settings.model_copy(update={"max_upload": 2000})

    async def test_a_large_file_is_refused_while_it_comes(self, tenant: MakeTenant) -> None:
        acme = await tenant()

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1000

        answer = await acme.api.post(f"{acme.path}/audiences", content=endless())
        assert answer.status_code == 413
        listed = (await acme.api.get(f"{acme.path}/audiences")).json()
        assert listed["items"] == []
