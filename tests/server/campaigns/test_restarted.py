"""A server that is alone is killed while it sends; it goes on when it is started again."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx

from blazz.sandbox import Sandbox
from tests.server.campaigns.waiting import until
from tests.server.one_process import OneServer
from tests.server.webhooks_out.receiving import subscriber

PEOPLE = 100


@asynccontextmanager
async def server_on(sandbox: Sandbox) -> AsyncIterator[OneServer]:
    server = OneServer(
        SANDBOX="remote", SANDBOX_URL=str(sandbox.url), ALLOW_PRIVATE_TARGETS="true", LEASE="4"
    )
    try:
        await anyio.to_thread.run_sync(server.start)
        yield server
    finally:
        await anyio.to_thread.run_sync(server.process.remove)


async def test_a_campaign_goes_on_after_a_crash_and_all_of_it_is_told() -> None:
    async with subscriber() as there, Sandbox() as sandbox, server_on(sandbox) as server:
        url = f"{server.url}/v1/workspaces/acme"
        async with httpx.AsyncClient(headers=server.admin, timeout=30) as api:

            async def ask(method: str, path: str, **body: Any) -> Any:
                answer = await api.request(method, url + path, **body)
                assert answer.is_success, answer.text
                return answer.json()

            await api.post(f"{server.url}/v1/workspaces", json={"name": "acme"})
            hook = {"url": there.url, "kinds": ["message.delivered", "campaign.progress"]}
            await ask("POST", "/webhooks/subscriptions", json=hook)
            session = {"name": "shop", "provider": {"kind": "sandbox"}}
            await ask("POST", "/sessions", json=session)
            rows = "".join(f"P{number},+62812{number:08}\n" for number in range(PEOPLE))
            audience = await ask("POST", "/audiences", content=f"name,phone\n{rows}")
            campaign = {
                "id": "promo",
                "start": True,
                "sessions": ["shop"],
                "message": {"type": "text", "body": "Halo {name}"},
                "audience": {"id": audience["id"]},
                "rate": 40,
            }
            await ask("POST", "/campaigns", json=campaign)

            async def in_the_middle() -> bool:
                return sum((await sandbox.counts()).values()) >= PEOPLE // 3

            async def is_done() -> bool:
                state: str = (await ask("GET", "/campaigns/promo"))["state"]
                return state == "done"

            await until(in_the_middle)
            await anyio.to_thread.run_sync(server.process.stop, signal.SIGKILL)
            await anyio.to_thread.run_sync(server.start)
            await until(is_done)

            got = await sandbox.counts()
            report = await ask("GET", "/campaigns/promo/report")
            assert max(got.values()) == 1
            assert len(got) >= PEOPLE - report["unknown"]
            assert report["pending"] + report["failed"] == 0

            def told() -> set[str]:
                kind = "message.delivered"
                events = [it["data"] for it in there.events if it["type"] == kind]
                return {it["recipient"]["address"] for it in events}

            await there.until(lambda _: told() >= set(got))
            phases = {
                it["data"]["phase"] for it in there.events if it["type"] == "campaign.progress"
            }
            assert phases >= {"running", "done"}
