"""What the tests of Meta's webhooks share: tenants with numbers of the Cloud API, signed bodies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import anyio
import httpx

from blazz.webhooks.signature import HEADER, sign
from blazz_server.platform import Platform
from tests.server.conftest import Tenant


@dataclass
class Number:
    """A session with a number of the Cloud API."""

    tenant: Tenant
    name: str
    phone_number_id: str
    waba_id: str
    secret: str

    @property
    def path(self) -> str:
        """Where the routes of the session are."""
        return f"{self.tenant.path}/sessions/{self.name}"

    async def history(self, chat: str = "+6281234567890") -> list[dict[str, Any]]:
        """What was said in a chat, the newest first."""
        answer = await self.tenant.api.get(f"{self.path}/chats/{chat}/messages")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def texts(self) -> list[str]:
        """The texts that somebody wrote, the oldest first."""
        return [it["text"] for it in reversed(await self.history())]


async def add_number(
    tenant: Tenant, platform: Platform, *, number: str, waba: str, secret: str, name: str = "shop"
) -> Number:
    """Make a session of the Cloud API, and wait until it runs."""
    made = await tenant.api.post(
        f"{tenant.path}/sessions",
        json={
            "name": name,
            "provider": {
                "kind": "cloud",
                "phone_number_id": number,
                "waba_id": waba,
                "token": "EAAGexample",
                "app_secret": secret,
                "verify_token": f"verify-{name}-{tenant.workspace}",
            },
        },
    )
    assert made.status_code == 201, made.text
    with anyio.fail_after(60):
        find = platform.hosting.sessions.find
        while find(f"{tenant.workspace}/{name}") is None:  # noqa: ASYNC110  # it tells nobody
            await anyio.sleep(0.02)
    return Number(tenant, name, number, waba, secret)


def wrote(
    number: str, waba: str, text: str, *, message_id: str, sender: str = "6281234567890"
) -> dict[str, Any]:
    """An entry of a batch: somebody wrote to a number."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001111", "phone_number_id": number},
        "contacts": [{"profile": {"name": "Budi"}, "wa_id": sender}],
        "messages": [
            {
                "from": sender,
                "id": message_id,
                "timestamp": "1760000000",
                "type": "text",
                "text": {"body": text},
            }
        ],
    }
    return {"id": waba, "changes": [{"field": "messages", "value": value}]}


def batch(*entries: dict[str, Any]) -> bytes:
    """A body as Meta sends it."""
    return json.dumps({"object": "whatsapp_business_account", "entry": list(entries)}).encode()


async def deliver(api: httpx.AsyncClient, body: bytes, *, secret: str | None) -> httpx.Response:
    """Send a body as Meta does."""
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers[HEADER] = sign(body, secret)
    return await api.post("/webhooks/meta", content=body, headers=headers)


async def until(holds: Any, *, seconds: float = 60.0) -> Any:
    """Wait until something holds that comes by itself; gives it."""
    with anyio.fail_after(seconds):
        while True:
            found = await holds()
            if found:
                return found
            await anyio.sleep(0.02)
