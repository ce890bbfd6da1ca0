"""Campaigns, blocking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from anyio.from_thread import BlockingPortal

from blazz.campaigns import Campaign as AsyncCampaign
from blazz.campaigns import Progress, Report
from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.records import CampaignRow, RecipientRow
from blazz.sync.iteration import iterate


class Campaign:
    """`blazz.Campaign`, blocking. Made by `Client.campaign`."""

    def __init__(self, campaign: AsyncCampaign, portal: BlockingPortal) -> None:
        self._campaign = campaign
        self._portal = portal

    def __repr__(self) -> str:
        return repr(self._campaign)

    @property
    def id(self) -> str:
        """See `blazz.Campaign.id`."""
        return self._campaign.id

    @property
    def rejects_path(self) -> Path | None:
        """See `blazz.Campaign.rejects_path`."""
        return self._campaign.rejects_path

    def prepare(self) -> CampaignRow:
        """See `blazz.Campaign.prepare`."""
        return self._portal.call(self._campaign.prepare)

    def run(
        self, *, every: float = 0.5, patience: float = 300.0, wait_for_statuses: float = 0.0
    ) -> Iterator[Progress]:
        """See `blazz.Campaign.run`."""
        return iterate(
            self._portal,
            lambda: self._campaign.run(
                every=every, patience=patience, wait_for_statuses=wait_for_statuses
            ),
        )

    def pause(self, reason: str | None = None) -> bool:
        """See `blazz.Campaign.pause`."""
        return self._portal.call(self._campaign.pause, reason)

    def resume(self) -> bool:
        """See `blazz.Campaign.resume`."""
        return self._portal.call(self._campaign.resume)

    def cancel(self, reason: str | None = None) -> bool:
        """See `blazz.Campaign.cancel`."""
        return self._portal.call(self._campaign.cancel, reason)

    def retry_failed(self, *codes: int) -> int:
        """See `blazz.Campaign.retry_failed`."""
        return self._portal.call(self._campaign.retry_failed, *codes)

    def progress(self) -> Progress:
        """See `blazz.Campaign.progress`."""
        return self._portal.call(self._campaign.progress)

    def report(self) -> Report:
        """See `blazz.Campaign.report`."""
        return self._portal.call(self._campaign.report)

    def recipients(self, *states: State) -> Iterator[RecipientRow]:
        """See `blazz.Campaign.recipients`."""
        return iterate(self._portal, lambda: self._campaign.recipients(*states))

    def dead_letters(self) -> Iterator[RecipientRow]:
        """See `blazz.Campaign.dead_letters`."""
        return iterate(self._portal, self._campaign.dead_letters)
