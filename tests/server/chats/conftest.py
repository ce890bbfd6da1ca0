"""What the tests of chats share: a tenant with a number of the sandbox, and the other side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import pytest

from blazz.sandbox import SandboxUser
from blazz.session import Session
from blazz_server.platform import Platform
from tests.server.conftest import MakeTenant, Tenant

SOMEBODY = "+6281234567890"


@dataclass
class Shop:
    """A tenant with one session, and what its customers do."""

    tenant: Tenant
    name: str
    platform: Platform
    session: Session

    @property
    def api(self) -> httpx.AsyncClient:
        """A client with the tenant's key."""
        return self.tenant.api

    @property
    def path(self) -> str:
        """Where the routes of the session are."""
        return f"{self.tenant.path}/sessions/{self.name}"

    def customer(self, phone: str = SOMEBODY) -> SandboxUser:
        """Somebody on the other side."""
        provider: Any = self.session.provider
        user: SandboxUser = provider.user(phone)
        return user

    async def post(self, body: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        """Ask for a message to be sent."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.api.post(f"{self.path}/messages", json=body, headers=headers)

    async def say(self, text: str = "Halo", *, to: str = SOMEBODY, key: str | None = None) -> Any:
        """Send a text."""
        return await self.post({"to": to, "message": {"type": "text", "body": text}}, key=key)

    async def history(self, chat: str = SOMEBODY) -> list[dict[str, Any]]:
        """What was said in a chat, the newest first."""
        answer = await self.api.get(f"{self.path}/chats/{chat}/messages")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def sent(self) -> int:
        """How many messages WhatsApp got."""
        provider: Any = self.session.provider
        counts: dict[str, int] = await provider.counts()
        return sum(counts.values())

    async def until(self, holds: Any, *, seconds: float = 60.0) -> Any:
        """Wait until something holds that comes by itself; gives it."""
        with anyio.fail_after(seconds):
            while True:  # the server tells nobody
                found = await holds()
                if found:
                    return found
                await anyio.sleep(0.02)


async def open_shop(tenant: Tenant, platform: Platform, name: str = "shop") -> Shop:
    """Make a session of the sandbox, and wait until it can send."""
    made = await tenant.api.post(
        f"{tenant.path}/sessions", json={"name": name, "provider": {"kind": "sandbox"}}
    )
    assert made.status_code == 201, made.text
    with anyio.fail_after(60):
        find = platform.hosting.sessions.find
        while find(f"{tenant.workspace}/{name}") is None:  # noqa: ASYNC110  # it tells nobody
            await anyio.sleep(0.02)
    session = await platform.hosting.session(tenant.workspace, name)
    await session.wait_ready(timeout=60)
    return Shop(tenant, name, platform, session)


@pytest.fixture
async def shop(tenant: MakeTenant, platform: Platform) -> Shop:
    """A tenant with one session."""
    return await open_shop(await tenant("acme"), platform)
