"""Webhooks may come to any instance: they are kept where the session's own finds them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from blazz_server.settings import Settings
from tests.server.conftest import ADMIN_KEY, Tenant, application, client_of, running
from tests.server.webhooks_in.conftest import add_number, batch, deliver, until, wrote

NUMBER, WABA, SECRET = "111111111", "333333333", "the secret of the app"


@pytest.fixture
def shared(tmp_path: Path, postgres_with_tables: str) -> dict[str, Any]:
    """What two instances share."""
    return {
        "database_url": postgres_with_tables,
        "auth_store": str(tmp_path / "auth"),
        "admin_key": ADMIN_KEY,
        "calls_per_second": 10_000,
        "calls_at_once": 10_000,
        "sandbox": "off",
        "lease": 5,
    }


async def test_an_instance_that_does_not_run_the_session_keeps_its_updates(
    tmp_path: Path, shared: dict[str, Any]
) -> None:
    one = Settings(folder=tmp_path / "one", instance="one", **shared)
    # It has no room: it runs no session, and is only there to receive.
    two = Settings(folder=tmp_path / "two", instance="two", capacity=0, **shared)
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(running(application(one)))
        other = await stack.enter_async_context(running(application(two)))
        api = await stack.enter_async_context(client_of(owner, ADMIN_KEY))
        meta = await stack.enter_async_context(client_of(other))
        await api.post("/v1/workspaces", json={"name": "acme"})
        tenant = Tenant("acme", ADMIN_KEY, api)
        number = await add_number(
            tenant, owner.state.platform, number=NUMBER, waba=WABA, secret=SECRET
        )
        assert not other.state.platform.hosting.is_ours("acme/shop")

        body = batch(wrote(NUMBER, WABA, "Halo", message_id="wamid.1"))
        answer = await deliver(meta, body, secret=SECRET)
        assert answer.status_code == 200, answer.text
        assert await until(number.texts) == ["Halo"]

        # Neither does it matter where the same update comes again.
        for client in (meta, api):
            assert (await deliver(client, body, secret=SECRET)).status_code == 200
        later = batch(wrote(NUMBER, WABA, "still there?", message_id="wamid.2"))
        await deliver(api, later, secret=SECRET)

        async def both() -> bool:
            return len(await number.texts()) > 1

        await until(both)
        assert sorted(await number.texts()) == ["Halo", "still there?"]
