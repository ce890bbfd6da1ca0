"""Makes campaigns through the API, and waits for what becomes of them."""

from __future__ import annotations

from typing import Any

import anyio

from tests.server.conftest import Tenant

CSV = """name,phone,code
Ana,+6281200000001,A1
Budi,+6281200000002,B2
Citra,not a number,C3
Dewi,+6281200000001,D4
Eko,+6281200000005,
"""


async def uploaded(tenant: Tenant, text: str = CSV, **params: str) -> dict[str, Any]:
    answer = await tenant.api.post(f"{tenant.path}/audiences", content=text.encode(), params=params)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def many(count: int) -> str:
    rows = "".join(f"P{number},+62812{number:08}\n" for number in range(count))
    return f"name,phone\n{rows}"


async def plan(tenant: Tenant, text: str = CSV, **more: Any) -> dict[str, Any]:
    audience = await uploaded(tenant, text)
    return {
        "sessions": ["shop"],
        "message": {"type": "text", "body": "Halo {name}"},
        "audience": {"id": audience["id"]},
        **more,
    }


async def made(tenant: Tenant, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"id": "promo", "start": True, **body, **more}
    answer = await tenant.api.post(f"{tenant.path}/campaigns", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shown(tenant: Tenant, name: str = "promo") -> dict[str, Any]:
    answer = await tenant.api.get(f"{tenant.path}/campaigns/{name}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def until(tenant: Tenant, *states: str, name: str = "promo") -> dict[str, Any]:
    """Wait until a campaign is in a state; over HTTP there is nothing to be told of it."""
    with anyio.fail_after(60):
        while (found := await shown(tenant, name))["state"] not in states:  # noqa: ASYNC110
            await anyio.sleep(0.05)
    return found


async def given_back(tenant: Tenant) -> dict[str, Any]:
    """Wait until nobody works on it; gives it."""
    with anyio.fail_after(60):
        while (found := await shown(tenant))["owner"] is not None:  # noqa: ASYNC110
            await anyio.sleep(0.02)
    return found


async def steer(tenant: Tenant, verb: str, *, status: int = 200, **body: Any) -> Any:
    answer = await tenant.api.post(f"{tenant.path}/campaigns/promo/{verb}", json=body or None)
    assert answer.status_code == status, answer.text
    return answer.json()
