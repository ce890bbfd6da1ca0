"""Looks on at several campaigns at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence

import anyio

from blazz.campaigns.handle import OVER, CampaignHandle, differs
from blazz.campaigns.progress import Progress


async def watch(
    campaigns: Sequence[CampaignHandle], *, every: float = 0.5
) -> AsyncGenerator[Mapping[str, Progress]]:
    """Give the progress of several campaigns by their ids, each time that one of them changes.

    Ends when all are over or halted.

    Args:
        campaigns: Which.
        every: The least seconds between two reports.

    Example:
        ::

            async for board in watch(await client.campaigns()):
                for id, progress in board.items():
                    print(id, progress.share)
    """
    last: dict[str, Progress] = {}
    while True:
        board = {each.id: await each.progress() for each in campaigns}
        if not last or any(differs(now, last[name]) for name, now in board.items()):
            last = board
            yield board
        if all(progress.phase in OVER for progress in board.values()):
            return
        await anyio.sleep(every)
