"""Instances of the server die while messages flow; their sessions go on elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.server_cluster import MARGIN, Servers, cluster
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]


@pytest.fixture
def servers(postgres_url: str, redis_url: str, s3_url: str) -> Servers:
    """Servers of this test's own."""
    return Servers(postgres=postgres_url, redis=redis_url, store=s3_url)


@pytest.mark.usefixtures("chromium_path", "wa_js_path")
async def test_a_killed_instance_is_replaced_while_messages_flow(
    servers: Servers, tmp_path: Path
) -> None:
    async with cluster(servers, folder=tmp_path, lease=5) as made:
        await made.start("one", "two")
        await made.pair(4)
        owned = {name: await made.owned_by(name) for name in made.instances}
        dead = max(owned, key=lambda name: len(owned[name]))
        moving = owned[dead]
        async with made.traffic(pause=0.1) as traffic:
            killed_at = time.monotonic()
            await made.kill(dead)
            ready_at = await made.until_ready(moving, elsewhere=dead)
            print("READY after", ready_at - killed_at, len(moving))
        await made.check_all_handled(traffic)
        await made.check_no_new_devices()
        assert ready_at - killed_at <= made.lease + MARGIN
