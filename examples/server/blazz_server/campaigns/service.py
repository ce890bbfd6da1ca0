"""Campaigns: made from a plan and an uploaded audience, sent in the background, told of live."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import anyio

from blazz.campaigns import Campaign, Progress
from blazz.errors import CampaignError
from blazz_server.campaigns.audiences import Audiences
from blazz_server.campaigns.plan import CampaignPlan
from blazz_server.campaigns.previews import Previews
from blazz_server.campaigns.records import CampaignRecords
from blazz_server.campaigns.tables import WORKED_ON, CampaignRow, State
from blazz_server.campaigns.work import LEASE, CampaignWork
from blazz_server.chats.media import MediaShelf
from blazz_server.database import Database
from blazz_server.errors import ApiError
from blazz_server.settings import Settings
from blazz_server.webhooks.outbox import Outbox

if TYPE_CHECKING:
    from blazz_server.hosting.service import Hosting

_TIDY_EVERY: Final = 3600.0
_log: Final = logging.getLogger(__name__)


class CampaignDesk:
    """The campaigns of all workspaces.

    Args:
        settings: What the environment says.
        database: Where they are written down.
        hosting: Runs the sessions that send them.
        shelf: The files that their messages name.

    Attributes:
        audiences: The uploaded files.
        previews: What a campaign would do.
        records: What is known of campaigns.
    """

    def __init__(
        self, settings: Settings, database: Database, hosting: Hosting, shelf: MediaShelf
    ) -> None:
        self._hosting = hosting
        self.audiences = Audiences(
            database, folder=settings.folder / "uploads", limit=settings.max_upload
        )
        self.records = CampaignRecords(
            database,
            Outbox(database, instance=settings.instance),
            instance=settings.instance,
            lease=min(LEASE, timedelta(seconds=settings.lease)),
        )
        self.previews = Previews(self.audiences, hosting)
        self._work = CampaignWork(
            self.records, self.audiences, hosting, shelf=shelf, takeover=settings.lease
        )

    # Making

    async def create(self, workspace: str, name: str, plan: CampaignPlan) -> CampaignRow:
        """Write a campaign down; nothing is sent before it is started.

        Raises:
            ApiError: Its name is taken, or its audience or a session does not exist.
            InvalidValue: Something in it breaks a limit.
        """
        plan.spec(workspace, name).to_row()  # also tries its placeholders
        await self.audiences.get(workspace, plan.audience.id)
        for session in plan.sessions:
            await self._hosting.records.get(workspace, session)
        return await self.records.create(
            workspace, name, plan=plan.model_dump(mode="json"), audience=plan.audience.id
        )

    # Steering

    async def start(self, workspace: str, name: str) -> CampaignRow:
        """Start a draft: now, or when its plan says.

        Raises:
            ApiError: There is none, or it was started before.
        """
        row = await self.records.get(workspace, name)
        if State(row.state) not in {State.DRAFT, State.FAILED}:
            raise _not_now(row, "start")
        return await self._go(row, expected={State.DRAFT, State.FAILED})

    async def pause(self, workspace: str, name: str, *, reason: str | None = None) -> CampaignRow:
        """Stop taking new recipients, wherever it runs.

        Raises:
            ApiError: There is none, or it does not run.
        """
        row = await self.records.get(workspace, name)
        # First what is wanted: whoever works on it then stops even if we die before the second.
        moved = await self.records.move(row, State.PAUSED, expected=WORKED_ON, reason=reason)
        if not moved and row.state != State.PAUSED.value:
            raise _not_now(row, "pause")
        campaign = await self.find(row)
        if campaign is not None:
            await campaign.pause(reason)
        return await self.records.get(workspace, name)

    async def resume(self, workspace: str, name: str) -> CampaignRow:
        """Go on after a pause or a halt.

        Raises:
            ApiError: There is none, or it is neither paused nor halted.
        """
        row = await self.records.get(workspace, name)
        stopped = {State.PAUSED, State.HALTED}
        if State(row.state) not in stopped:
            raise _not_now(row, "resume")
        campaign = await self.find(row)
        if campaign is not None:
            await campaign.resume()
        return await self._go(row, expected=stopped)

    async def cancel(self, workspace: str, name: str, *, reason: str | None = None) -> CampaignRow:
        """End it for good; what was not sent stays unsent.

        Raises:
            ApiError: There is none, or it has ended.
        """
        row = await self.records.get(workspace, name)
        open_states = set(State) - {State.CANCELLED, State.DONE}
        if not await self.records.move(row, State.CANCELLED, expected=open_states, reason=reason):
            raise _not_now(row, "cancel")
        campaign = await self.find(row)
        if campaign is not None:
            await campaign.cancel(reason)
        self._work.wake()
        return await self.records.get(workspace, name)

    async def retry_failed(self, workspace: str, name: str, codes: list[int]) -> int:
        """Send failed messages again; give how many.

        Raises:
            ApiError: There is none, or it has nothing that could be sent again.
            CampaignError: It is cancelled.
        """
        row = await self.records.get(workspace, name)
        campaign = await self.begun(row)
        count = await campaign.retry_failed(*codes)
        if count and State(row.state) is State.DONE:
            await self._go(row, expected={State.DONE})
        self._work.wake()
        return count

    # Looking

    async def find(self, row: CampaignRow) -> Campaign | None:
        """The campaign in the ledger; None: it has not begun."""
        client = await self._hosting.client(row.workspace)
        try:
            return await client.campaign(row.id)
        except CampaignError:
            return None

    async def begun(self, row: CampaignRow) -> Campaign:
        """The campaign in the ledger.

        Raises:
            ApiError: It has not begun.
        """
        campaign = await self.find(row)
        if campaign is None:
            raise ApiError(
                409, "campaign_not_begun", f"the campaign {row.id!r} has not begun; start it first"
            )
        return campaign

    async def progress(self, row: CampaignRow) -> Progress | None:
        """How far it is at this moment; None: it has not begun."""
        if State(row.state) is State.DRAFT:
            return None
        campaign = await self.find(row)
        return None if campaign is None else await campaign.progress()

    # From start to end

    async def open(self) -> None:
        """Get ready; what a former process of this instance held is free."""
        await self.records.forget_former_self()

    async def run(self) -> None:
        """Send until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._tidy_up)
            await self._work.run()

    async def close(self) -> None:
        """Nothing is left to close."""

    async def _go(self, row: CampaignRow, *, expected: set[State]) -> CampaignRow:
        start_at = CampaignPlan.model_validate(row.plan).start_at
        now = datetime.now(UTC)
        later = start_at is not None and start_at > now
        state = State.SCHEDULED if later else State.RUNNING
        due_at = start_at if later else now
        if not await self.records.move(row, state, expected=expected, due_at=due_at):
            raise _not_now(await self.records.get(row.workspace, row.id), "start")
        self._work.wake()
        return await self.records.get(row.workspace, row.id)

    async def _tidy_up(self) -> None:
        while True:
            try:
                await self.audiences.prune()
            except Exception:  # noqa: BLE001  # next time
                _log.exception("old audiences could not be forgotten")
            await anyio.sleep(_TIDY_EVERY)


def _not_now(row: CampaignRow, verb: str) -> ApiError:
    detail = f"the campaign {row.id!r} is {row.state}; it cannot {verb} now"
    return ApiError(409, "campaign_state", detail, state=row.state)
