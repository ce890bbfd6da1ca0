"""Campaigns, blocking."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from anyio.from_thread import BlockingPortal

from blazz.campaigns import Audience, DryRun, Progress, RateCard, Report
from blazz.campaigns import Campaign as AsyncCampaign
from blazz.campaigns.delivery import State
from blazz.campaigns.handle import OnProgress
from blazz.campaigns.ledger.records import CampaignRow, Note, RecipientRow
from blazz.providers.base import Receipt
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

    def dry_run(self, *, rate_card: RateCard | str | Path | None = None) -> DryRun:
        """See `blazz.Campaign.dry_run`."""
        return self._portal.call(functools.partial(self._campaign.dry_run, rate_card=rate_card))

    def send_test(self, to: str, *, session: str | None = None) -> list[Receipt]:
        """See `blazz.Campaign.send_test`."""
        return self._portal.call(functools.partial(self._campaign.send_test, to, session=session))

    def start(self) -> None:
        """See `blazz.Campaign.start`."""
        self._portal.call(self._campaign.start)

    def on_progress(self, listener: OnProgress) -> OnProgress:
        """See `blazz.Campaign.on_progress`; it is called in the client's own thread."""
        return self._campaign.on_progress(listener)

    def run(
        self,
        *,
        every: float = 0.5,
        patience: float | None = None,
        wait_for_statuses: float = 0.0,
        resume: bool = True,
    ) -> Iterator[Progress]:
        """See `blazz.Campaign.run`."""
        run = functools.partial(
            self._campaign.run,
            every=every,
            patience=patience,
            wait_for_statuses=wait_for_statuses,
            resume=resume,
        )
        return iterate(self._portal, run)

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

    def retry_unknown(self) -> int:
        """See `blazz.Campaign.retry_unknown`."""
        return self._portal.call(self._campaign.retry_unknown)

    def watch(self, *, every: float = 0.5) -> Iterator[Progress]:
        """See `blazz.Campaign.watch`."""
        return iterate(self._portal, lambda: self._campaign.watch(every=every))

    def notes(self) -> list[Note]:
        """See `blazz.Campaign.notes`."""
        return self._portal.call(self._campaign.notes)

    def progress(self) -> Progress:
        """See `blazz.Campaign.progress`."""
        return self._portal.call(self._campaign.progress)

    def report(self) -> Report:
        """See `blazz.Campaign.report`."""
        return self._portal.call(self._campaign.report)

    def recipients(self, *states: State, after: int = 0) -> Iterator[RecipientRow]:
        """See `blazz.Campaign.recipients`."""
        return iterate(self._portal, lambda: self._campaign.recipients(*states, after=after))

    def dead_letters(self) -> Iterator[RecipientRow]:
        """See `blazz.Campaign.dead_letters`."""
        return iterate(self._portal, self._campaign.dead_letters)

    def export_dead_letters(self, path: str | Path) -> int:
        """See `blazz.Campaign.export_dead_letters`."""
        return self._portal.call(self._campaign.export_dead_letters, path)

    def export_rejects(self, path: str | Path) -> None:
        """See `blazz.Campaign.export_rejects`."""
        self._portal.call(self._campaign.export_rejects, path)

    def audience(self, *states: State, quiet_for: float = 0.0) -> Audience:
        """See `blazz.Campaign.audience`."""
        return self._campaign.audience(*states, quiet_for=quiet_for)

    def unread(self, *, quiet_for: float = 0.0) -> Audience:
        """See `blazz.Campaign.unread`."""
        return self._campaign.unread(quiet_for=quiet_for)
