"""What a worker must know of a campaign to send its chunks."""

from __future__ import annotations

from collections.abc import Callable

from blazz.campaigns.content import Content, read_content
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow
from blazz.campaigns.options import CampaignOptions
from blazz.campaigns.screening import Screen


class Orders:
    """A campaign's content, options and screen, read once.

    Args:
        row: The campaign.
        ledger: Where caps are counted.
        clock: Seconds since the epoch.

    Attributes:
        content: What it says.
        options: How it goes about it.
        screen: What it asks of each recipient before sending.
    """

    def __init__(self, row: CampaignRow, ledger: Ledger, *, clock: Callable[[], float]) -> None:
        self._source = (row.message, row.options)
        self.content: Content = Content(read_content(row.message), seed=row.id)
        self.options: CampaignOptions = CampaignOptions.from_json(row.options)
        self.screen: Screen = Screen(row, ledger, clock=clock)

    def fit(self, row: CampaignRow) -> bool:
        """Whether they are still what the campaign says."""
        return self._source == (row.message, row.options)
