"""Sessions of the sandbox, for tests that need somebody to send and to write."""

from __future__ import annotations

import anyio

from blazz import Session
from blazz_server.platform import Platform
from tests.server.conftest import Tenant


async def open_session(tenant: Tenant, platform: Platform, name: str = "shop") -> Session:
    """Make a session, and wait until it runs."""
    answer = await tenant.api.post(
        f"{tenant.path}/sessions", json={"name": name, "provider": {"kind": "sandbox"}}
    )
    assert answer.status_code == 201, answer.text
    with anyio.fail_after(30):
        # Its start is told to nobody in the process.
        while not platform.hosting.is_ours(f"{tenant.workspace}/{name}"):  # noqa: ASYNC110
            await anyio.sleep(0.02)
    return await platform.hosting.session(tenant.workspace, name)


async def write_to(
    tenant: Tenant, text: str, *, sender: str = "+6281234567890", session: str = "shop"
) -> None:
    """Have somebody write to a session."""
    answer = await tenant.api.post(
        f"{tenant.path}/sandbox/users/{sender}/messages", json={"session": session, "text": text}
    )
    assert answer.status_code == 201, answer.text
