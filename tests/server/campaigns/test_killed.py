"""An instance dies in the middle of a campaign: nobody is lost or written to twice, all is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.campaigns.waiting import until
from tests.server.webhooks_out.receiving import subscriber
from tests.server_cluster import Cluster, Servers, cluster

WORKSPACE = "/v1/workspaces/acme"
PEOPLE = 180


async def ask(api: httpx.AsyncClient, method: str, path: str, **body: Any) -> Any:
    answer = await api.request(method, WORKSPACE + path, **body)
    assert answer.is_success, answer.text
    return answer.json()


async def begun(made: Cluster, hook: str) -> None:
    """Make a session and a subscription, and start a campaign."""
    answer = await made.api.post("/v1/workspaces", json={"name": "acme"})
    assert answer.is_success, answer.text
    kinds = ["message.delivered", "campaign.progress"]
    subscription = {"url": hook, "kinds": kinds}
    await ask(made.api, "POST", "/webhooks/subscriptions", json=subscription)
    session = {"name": "shop", "provider": {"kind": "sandbox"}}
    await ask(made.api, "POST", "/sessions", json=session)
    rows = "".join(f"P{number},+62812{number:08}\n" for number in range(PEOPLE))
    audience = await ask(made.api, "POST", "/audiences", content=f"name,phone\n{rows}")
    campaign = {
        "id": "promo",
        "start": True,
        "sessions": ["shop"],
        "message": {"type": "text", "body": "Halo {name}"},
        "audience": {"id": audience["id"]},
        "rate": 60,
    }
    await ask(made.api, "POST", "/campaigns", json=campaign)


@pytest.mark.long
async def test_an_instance_is_killed_while_it_sends(
    postgres_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BLAZZ_SERVER_ALLOW_PRIVATE_TARGETS", "true")
    servers = Servers(postgres=postgres_url, redis=redis_url, store=str(tmp_path / "auth"))
    async with subscriber() as there, cluster(servers, folder=tmp_path, lease=4) as made:
        await made.start("one", "two")
        await begun(made, there.url)

        async def shown() -> dict[str, Any]:
            found: dict[str, Any] = await ask(made.api, "GET", "/campaigns/promo")
            return found

        async def in_the_middle() -> bool:
            return sum((await made.sandbox.counts()).values()) >= PEOPLE // 4

        async def is_done() -> bool:
            return (await shown())["state"] == "done"

        await until(in_the_middle)
        dead = (await shown())["owner"]
        assert dead in {"one", "two"}
        await made.kill(dead)
        await until(is_done)
        assert (await shown())["owner"] in {None, *made.instances}

        got = await made.sandbox.counts()
        report = await ask(made.api, "GET", "/campaigns/promo/report")
        assert max(got.values()) == 1, "somebody got it twice"
        assert report["rows_read"] == PEOPLE
        assert report["failed"] + report["pending"] == 0
        assert len(got) >= PEOPLE - report["unknown"]
        assert report["unknown"] <= 120  # no more than were on their way

        async def delivered() -> set[str]:
            found: set[str] = set()
            after: str | None = "0"
            while after is not None:
                params = {"state": ["delivered", "read"], "limit": 200, "after": after}
                page = await ask(made.api, "GET", "/campaigns/promo/recipients", params=params)
                found |= {it["to"] for it in page["items"]}
                after = page["next"]
            return found

        def told() -> set[str]:
            kind = "message.delivered"
            events = [it["data"] for it in there.events if it["type"] == kind]
            return {it["recipient"]["address"] for it in events}

        async def all_told() -> bool:
            reached = await delivered()
            return len(reached) + report["unknown"] >= PEOPLE and reached <= told()

        await until(all_told)

        phases = [it["data"]["phase"] for it in there.events if it["type"] == "campaign.progress"]
        assert {"running", "done"} <= set(phases)
        ids = Counter(it["id"] for it in there.events)
        assert sum(ids.values()) - len(ids) <= 64  # again are only those that were on their way
