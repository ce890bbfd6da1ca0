"""A pause takes effect while requests are on their way, and gives back what waits for its turn."""

from __future__ import annotations

from pathlib import Path

import anyio
import anyio.lowlevel

from blazz.campaigns import CampaignState
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.ledger.records import CampaignRow
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.progress import Phase
from tests.unit.campaigns.senders import FakeSender, a_campaign, numbers, people, run


class Watched(SqliteLedger):
    """Tells when somebody has seen that a campaign is paused."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.noticed = anyio.Event()

    async def get(self, number: int) -> CampaignRow | None:
        row = await super().get(number)
        if row is not None and row.state is CampaignState.PAUSED:
            self.noticed.set()
        return row


async def test_rows_that_wait_for_their_turn_do_not_leave_after_a_pause(tmp_path: Path) -> None:
    begun, answer = anyio.Event(), anyio.Event()
    asked: list[str] = []

    async def slow(address: str) -> None:
        asked.append(address)
        if len(asked) == 10:
            begun.set()
        await answer.wait()

    async def pause(campaign: Campaign) -> None:
        await begun.wait()
        assert await campaign.pause("lunch")
        await ledger.noticed.wait()
        await anyio.lowlevel.checkpoint()  # whoever noticed goes on first
        answer.set()

    async with Watched(tmp_path / "ledger.db") as ledger:
        # Ten requests at once, so that five more rows are marked and wait for their turn.
        campaign = a_campaign(ledger, FakeSender(slow), people(40), concurrency=10)
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(pause, Campaign(campaign.spec, ledger=ledger))
                async for progress in campaign.run(every=0.01):
                    if progress.phase is Phase.PAUSED and not progress.counts.sending:
                        break
        assert len(asked) == 10, "no request left after the pause"
        counts = (await campaign.progress()).counts
        assert (counts.accepted, counts.pending, counts.unknown) == (10, 30, 0)

        sender = FakeSender()
        await run(a_campaign(ledger, sender, None))
        assert sorted([*asked, *sender.times]) == numbers(40)
