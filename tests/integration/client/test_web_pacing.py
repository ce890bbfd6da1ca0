"""Pacing on WhatsApp Web: texts are typed where the other side sees it, also those of campaigns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from blazz import Audience, Client, Pacing, QrCode, Sandbox, Session, Text, Web
from blazz.sandbox import SandboxPhone
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]

SHOP, BUDI, SITI = "+6281100000001", "+6281200000002", "+6281200000003"
TYPED = Pacing(per_minute=None, pause=(0, 0), typing=40, daily_cap=3, warm_up_days=0)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as started:
        yield started


@pytest.mark.usefixtures("chromium_path", "wa_js_path")
async def test_messages_are_typed_and_counted(sandbox: Sandbox, tmp_path: Path) -> None:
    async with Client(folder=tmp_path) as client:
        session = await client.open("shop", Web(url=sandbox.web_url, pacing=TYPED))
        async for step in session.pair():
            if isinstance(step, QrCode):
                await sandbox.phone(SHOP).scan(step.data)

        await _is_typed_to(sandbox.phone(BUDI), session)
        await _is_typed_to_by_a_campaign(sandbox.phone(SITI), session, client)


async def _is_typed_to(person: SandboxPhone, session: Session) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(session.send, person.number, Text("x" * 40))
        await _sees_typing(person)
    assert (await person.wait_for_message(SHOP)).text == "x" * 40


async def _is_typed_to_by_a_campaign(
    person: SandboxPhone, session: Session, client: Client
) -> None:
    others = ["+6281200000004", "+6281200000005"]
    campaign = await client.campaign(
        "promo",
        session=session,
        message=Text("y" * 40),
        audience=Audience.rows([{"phone": number} for number in (person.number, *others)]),
    )

    async def run() -> None:
        async for progress in campaign.run():
            if progress.counts.open == 1:  # one of the day's three went before the campaign
                await campaign.cancel()

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await _sees_typing(person)
    assert (await person.wait_for_message(SHOP)).text == "y" * 40


async def _sees_typing(person: SandboxPhone) -> None:
    async def look() -> bool:
        return await person.sees(SHOP) == "composing"

    await person.web.wait_until(look, timeout=60)
