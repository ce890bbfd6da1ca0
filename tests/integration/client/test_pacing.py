"""A session that holds back: alone, in a campaign, and after a restart."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from blazz import Audience, Client, DailyCapReached, Pacing, Sandbox, Session, Text, WindowState
from tests.integration.client.conftest import BUDI, SITI, until

CAPPED = Pacing(per_minute=None, pause=(0, 0), typing=None, daily_cap=2, warm_up_days=0)


async def _has_written(session: Session) -> bool:
    return (await session.window(SITI)).state is WindowState.OPEN


async def test_a_restart_does_not_forget_what_was_sent_today(
    sandbox_url: str, make_client: Callable[[], Client]
) -> None:
    async with make_client() as client:
        session = await client.open("sales", Sandbox(sandbox_url), pacing=CAPPED)
        await session.send(BUDI, Text("one"))
        await session.send(BUDI, Text("two"))
    async with make_client() as client:
        sandbox = Sandbox(sandbox_url)
        session = await client.open("sales", sandbox, pacing=CAPPED)
        with pytest.raises(DailyCapReached) as refused:
            await session.send(SITI, Text("three"))
        assert refused.value.retry_after > 0

        await sandbox.user(SITI).types("Hello?")
        await until(lambda: _has_written(session))
        await session.send(SITI, Text("an answer"))
        assert await sandbox.counts() == {BUDI: 2, SITI: 1}


async def test_the_cloud_does_not_hold_back_by_itself(
    sandbox_url: str, make_client: Callable[[], Client]
) -> None:
    async with make_client() as client:
        session = await client.open("sales", Sandbox(sandbox_url))

        assert session.pacer is None


@pytest.mark.parametrize("rate", [1000.0, None])
async def test_a_campaign_keeps_to_the_cap(
    sandbox_url: str, make_client: Callable[[], Client], rate: float | None
) -> None:
    rows = [{"phone": f"+62812000000{number:02}"} for number in range(10)]
    async with make_client() as client:
        sandbox = Sandbox(sandbox_url)
        session = await client.open("sales", sandbox, pacing=CAPPED)
        campaign = await client.campaign(
            "promo", session=session, message=Text("Halo"), audience=Audience.rows(rows), rate=rate
        )
        with anyio.fail_after(60):
            async for progress in campaign.run():
                assert progress.counts.open >= 8
                if progress.counts.open == 8:
                    await campaign.cancel()

        assert sum((await sandbox.counts()).values()) == 2
