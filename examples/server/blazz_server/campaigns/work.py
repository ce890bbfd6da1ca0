"""Works on campaigns in the background, on whichever instance runs their sessions.

An instance claims a campaign for a few seconds at a time and keeps giving signs of life. If it
dies, another one claims it as soon as it runs the campaign's sessions, and goes on: the ledger
knows of every recipient. If both should believe that it is theirs, the ledger's own leases see to
it that nobody gets a message twice.
"""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import anyio

from blazz import Session, Web
from blazz.campaigns import Campaign, Phase, Progress
from blazz.errors import (
    AudienceError,
    BlazzError,
    ConfigurationError,
    InvalidValue,
    NotSupported,
)
from blazz.webhooks.bell import Bell
from blazz_server.campaigns.audiences import Audiences
from blazz_server.campaigns.files import sources_of
from blazz_server.campaigns.plan import CampaignPlan
from blazz_server.campaigns.records import CampaignRecords, Claim
from blazz_server.campaigns.tables import WORKED_ON, CampaignRow, State
from blazz_server.chats.media import MediaShelf
from blazz_server.errors import ApiError

if TYPE_CHECKING:
    from blazz_server.hosting.service import Hosting

LEASE: Final = timedelta(seconds=12)
_RENEW: Final = 2.0
_LOOK: Final = 1.0
_REST: Final = timedelta(seconds=5)
_LATER: Final = timedelta(seconds=20)
_PATIENCE: Final = 60.0
_STATUSES: Final = 20.0
_LONGEST_SEND: Final = 30.0
_LEAST_TAKEOVER: Final = 10.0
_WEB_TAKEOVER: Final = 75.0
_RELEASE_SECONDS: Final = 5.0
_AT_ONCE: Final = 50
_HOPELESS: Final = (AudienceError, ConfigurationError, InvalidValue, NotSupported)
_REFUSED: Final = frozenset({404, 413, 422})
_ENDS: Final = {
    Phase.DONE: State.DONE,
    Phase.PAUSED: State.PAUSED,
    Phase.HALTED: State.HALTED,
    Phase.CANCELLED: State.CANCELLED,
}
_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    """A campaign that is worked on here."""

    claim: Claim
    progress: Progress | None = None

    @property
    def counts(self) -> dict[str, int] | None:
        return None if self.progress is None else counts_of(self.progress)


class CampaignWork:
    """Sends the campaigns whose sessions run here.

    Args:
        records: What is to be sent.
        audiences: To whom.
        hosting: The sessions that run here.
        shelf: The files that their messages name.
        takeover: Seconds until what a dead instance was sending is sent by its successor.
    """

    def __init__(
        self,
        records: CampaignRecords,
        audiences: Audiences,
        hosting: Hosting,
        *,
        shelf: MediaShelf,
        takeover: float,
    ) -> None:
        self._shelf = shelf
        self._takeover = takeover
        self._records = records
        self._audiences = audiences
        self._hosting = hosting
        self._bell = Bell()
        self._working: set[tuple[str, str]] = set()

    def wake(self) -> None:
        """Look at once: something has changed."""
        self._bell.ring()

    async def run(self) -> None:
        """Work until cancelled; what is on its way is waited for, and the rest given back."""
        async with anyio.create_task_group() as tasks:
            while True:
                try:
                    for claim in await self._claim_some():
                        self._working.add((claim.row.workspace, claim.row.id))
                        name = f"campaign {claim.row.workspace}/{claim.row.id}"
                        tasks.start_soon(self._work, _Running(claim), name=name)
                except Exception:  # noqa: BLE001  # a database that is away must not end the work
                    _log.exception("campaigns cannot be looked at; trying again")
                    await anyio.sleep(_REST.total_seconds())
                await self._bell.wait(_LOOK)

    async def _claim_some(self) -> list[Claim]:
        claims: list[Claim] = []
        for row in await self._records.due():
            if len(self._working) + len(claims) >= _AT_ONCE:
                break
            if (row.workspace, row.id) not in self._working and self._sessions(row) is not None:
                claim = await self._records.claim(row)
                if claim is not None:
                    claims.append(claim)
        return claims

    def _sessions(self, row: CampaignRow) -> list[Session] | None:
        """The sessions of a campaign, if all of them run here."""
        keys = [f"{row.workspace}/{name}" for name in row.plan["sessions"]]
        if not all(self._hosting.is_ours(key) for key in keys):
            return None
        return [self._hosting.running(row.workspace, it).session for it in row.plan["sessions"]]

    async def _work(self, running: _Running) -> None:
        claim = running.claim
        due_in, reason = _LATER, None
        try:
            due_in, reason = await self._attempt(running)
        except Exception:  # noqa: BLE001  # the other campaigns must go on
            _log.exception("campaign %s fails", claim.row.id)
        finally:
            self._working.discard((claim.row.workspace, claim.row.id))
            with anyio.move_on_after(_RELEASE_SECONDS, shield=True):
                await self._release(claim, due_in, reason)
            self._bell.ring()

    async def _attempt(self, running: _Running) -> tuple[timedelta, str | None]:
        """Send as far as possible; tell when to look again, and what is in the way."""
        claim = running.claim
        due_in = timedelta(0)
        error: BaseException | None = None
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._hold, running, tasks.cancel_scope)
                due_in = await self._send(running)
                tasks.cancel_scope.cancel()
        except* (BlazzError, ApiError) as group:
            error = _first(group)
        if error is None:
            return due_in, None
        _log.warning("campaign %s cannot go on: %s", claim.row.id, error)
        if isinstance(error, _HOPELESS) or (
            isinstance(error, ApiError) and error.status in _REFUSED
        ):
            await self._records.advance(claim, State.FAILED, reason=str(error))
            return timedelta(0), None
        # A server is away, or the session has just moved: it is tried again.
        return _REST, f"it is tried again: {error}"

    async def _release(self, claim: Claim, due_in: timedelta, reason: str | None) -> None:
        try:
            await self._records.release(claim, due_in=due_in, reason=reason)
        except Exception:  # noqa: BLE001  # it is free when the lease ends
            _log.exception("campaign %s could not be given back", claim.row.id)

    async def _hold(self, running: _Running, scope: anyio.CancelScope) -> None:
        """Give signs of life; stop when it is not ours any more, or not to be sent."""
        while True:
            await anyio.sleep(_RENEW)
            state = await self._records.renew(running.claim, counts=running.counts)
            gone = state is None or self._sessions(running.claim.row) is None
            if gone or state in {State.PAUSED, State.CANCELLED}:
                scope.cancel()
                return

    async def _send(self, running: _Running) -> timedelta:
        """Send as long as there is something to send now; tell when to look again."""
        claim, row = running.claim, running.claim.row
        plan = CampaignPlan.model_validate(row.plan)
        sessions = self._sessions(row)
        if sessions is None:
            return _REST
        if not row.imported:
            await self._import(claim, plan, sessions)
        campaign = await self._campaign(row, plan, sessions)
        state = await self._records.renew(claim)
        if state not in WORKED_ON:
            # Whoever stopped it while its audience was read found nothing in the ledger to stop.
            if state is State.CANCELLED:
                await campaign.cancel(row.reason)
            return timedelta(0)
        running.progress = await campaign.progress()
        if running.progress.phase in {Phase.PAUSED, Phase.CANCELLED}:
            # Whoever resumes it resumes the ledger first. It paused itself, or an instance died
            # between the two steps of pausing it: it must not be sent.
            await self._ended(running)
            return timedelta(0)
        # If it is halted, that is because its session was closed under it, or nobody could write
        # down why: if there is a reason, it halts again at the first message.
        await self._records.advance(claim, State.RUNNING)
        ended = False
        async with aclosing(
            campaign.run(
                every=0.5,
                patience=_PATIENCE,
                wait_for_statuses=_STATUSES,
                resume=False,  # it may have been paused a moment ago
            )
        ) as reports:
            async for progress in reports:
                running.progress = progress
                if progress.phase is Phase.HALTED and self._sessions(row) != sessions:
                    break  # its session went elsewhere, or was stopped: nobody has to act
                if not ended and progress.phase in _ENDS:
                    ended = True
                    await self._ended(running)
                if progress.phase in {Phase.PAUSED, Phase.CANCELLED}:
                    break
        await self._records.renew(claim, counts=running.counts)
        if self._sessions(row) != sessions:
            return timedelta(0)
        return timedelta(0) if ended else _LATER

    async def _import(self, claim: Claim, plan: CampaignPlan, sessions: list[Session]) -> None:
        row = claim.row
        sources = await sources_of(plan, sessions, self._shelf)
        file = await self._audiences.get(row.workspace, row.audience)
        async with self._audiences.opened(row.workspace, row.audience) as path:
            audience = plan.audience.read(
                path, encoding=file.encoding, delimiter=file.delimiter, phone=file.phone
            )
            client = await self._hosting.client(row.workspace)
            campaign = await client.campaign(
                row.id,
                session=sessions,
                message=plan.said(sources),
                audience=audience,
                **plan.settings(),
            )
            await campaign.prepare()
        await self._records.imported(claim)

    async def _campaign(
        self, row: CampaignRow, plan: CampaignPlan, sessions: list[Session]
    ) -> Campaign:
        client = await self._hosting.client(row.workspace)
        begun = await client.campaign(row.id)
        # Whoever runs the session now waits for requests of its last owner that may still be on
        # their way. WhatsApp Web types before it sends, so each takes longer there.
        web = any(isinstance(each.provider, Web) for each in sessions)
        takeover = max(self._takeover, _WEB_TAKEOVER if web else _LEAST_TAKEOVER)
        return await client.campaign(
            row.id,
            session=sessions,
            message=begun.spec.message,
            send_timeout=min(_LONGEST_SEND, takeover / 2.5),
            takeover=takeover,
            **plan.settings(),
        )

    async def _ended(self, running: _Running) -> None:
        assert running.progress is not None
        await self._records.advance(
            running.claim,
            _ENDS[running.progress.phase],
            reason=running.progress.reason,
            counts=running.counts,
        )


def counts_of(progress: Progress) -> dict[str, int]:
    """What lists and subscribers are told of a campaign."""
    return {
        **asdict(progress.counts),
        "rows_read": progress.rows_read,
        "rejected": progress.rejected,
        "duplicates": progress.duplicates,
    }


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
