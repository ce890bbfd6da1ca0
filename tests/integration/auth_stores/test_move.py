"""A WhatsApp Web session survives the machine that it runs on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from blazz import Client, Text
from blazz.auth_stores import MemoryAuth, SessionKey, import_profile
from blazz.events.sessions import SessionState
from blazz.pairing import QrCode
from blazz.providers.pacing import Pacing
from blazz.providers.web.provider import Web
from blazz.providers.web.settings import BrowserSettings
from blazz.sandbox.web.serving import running_web
from blazz.security.keyring import KeyRing
from tests.moving import BUDI, SHOP, journey
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]


@pytest.mark.chaos
@pytest.mark.usefixtures("chromium_path", "wa_js_path")
@pytest.mark.parametrize(("store", "moves"), [("redis_url", 1), ("s3_url", 1)])
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
    async with journey(store=url, keyring=keyring, disks=tmp_path, ttl=6) as travelling:
        done = 0
        while done < moves or time.monotonic() < ends_at:
            await travelling.move()
            done += 1
        assert [device.rollbacks for device in travelling.phone.devices] == [0]


@pytest.mark.usefixtures("chromium_path", "wa_js_path")
async def test_a_profile_folder_that_another_program_has_left_goes_on(tmp_path: Path) -> None:
    store = MemoryAuth()
    left = tmp_path / "left"
    async with running_web() as web:
        phone = web.phone(SHOP, name="Shop")
        settings = BrowserSettings(url=web.url)
        async with Client(folder=left) as client:
            session = await client.open("main", Web(browser=settings, pacing=Pacing.off()))
            async for step in session.pair(timeout=60):
                if isinstance(step, QrCode):
                    phone.scan(step.data)
            await session.send(BUDI, Text("before"))

        profile = left / "sessions/default/main/profile"
        key = SessionKey("default", "moved")
        await import_profile(profile, store, key, version="131.0.6778.85")

        async with Client(folder=tmp_path / "blazz", auth_store=store) as client:
            session = await client.open("moved", Web(browser=settings, pacing=Pacing.off()))
            assert session.state is SessionState.READY
            assert len(phone.devices) == 1
            history = [getattr(it.message, "body", "") async for it in session.history(BUDI)]
            assert history == ["before"]
