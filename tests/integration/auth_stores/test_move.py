"""A WhatsApp Web session survives the machine that it runs on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from blazz.security.keyring import KeyRing
from tests.moving import journey
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]


@pytest.mark.chaos
@pytest.mark.usefixtures("chromium_path", "wa_js_path")
@pytest.mark.parametrize(("store", "moves"), [("redis_url", 2), ("s3_url", 1)])
async def test_a_session_goes_on_when_its_machine_and_its_disk_are_gone(
    store: str,
    moves: int,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    chaos_seconds: float | None,
) -> None:
    """How long a move takes is measured by `python -m benchmarks.move`."""
    url = request.getfixturevalue(store)
    keyring = tmp_path / "keyring"
    KeyRing.generate().write(keyring)
    ends_at = time.monotonic() + (chaos_seconds or 0)
    async with journey(store=url, keyring=keyring, disks=tmp_path, ttl=3) as travelling:
        done = 0
        while done < moves or time.monotonic() < ends_at:
            await travelling.move()
            done += 1
        assert [device.rollbacks for device in travelling.phone.devices] == [0]
