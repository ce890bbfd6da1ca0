"""What is known of campaigns, and which instance works on each; every change of state is told."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from blazz_server.campaigns.tables import WORKED_ON, CampaignRow, State
from blazz_server.database import Database, utc_now
from blazz_server.errors import ApiError, not_found
from blazz_server.webhooks.happenings import Happening
from blazz_server.webhooks.outbox import Outbox

_ENDED: Final = frozenset({State.DONE, State.CANCELLED, State.FAILED})
_LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a campaign, until its lease ends.

    Attributes:
        row: The campaign.
        mark: Tells this claim from later ones.
    """

    row: CampaignRow
    mark: str


class CampaignRecords:
    """The table of campaigns.

    Args:
        database: Where it is.
        outbox: Tells subscribers of changes, in the same transaction.
        instance: The name of this instance.
        lease: After this time without a sign of life another instance takes over.
        clock: The time.
    """

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        *,
        instance: str,
        lease: timedelta,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._instance = instance
        self._lease = lease
        self._clock = clock

    # Making and finding

    async def create(
        self,
        workspace: str,
        name: str,
        *,
        plan: Mapping[str, Any],
        audience: str,
    ) -> CampaignRow:
        """Write a campaign down; nothing happens until it is started.

        Raises:
            ApiError: There is one of that name.
        """
        row = CampaignRow(
            workspace=workspace,
            id=name,
            plan=dict(plan),
            audience=audience,
            state=State.DRAFT.value,
            counts={},
            due_at=self._clock(),
            created_at=self._clock(),
        )
        try:
            async with self._database.begin() as session:
                session.add(row)
        except IntegrityError as error:
            detail = f"there is a campaign {name!r} already; its name must be new"
            raise ApiError(409, "campaign_exists", detail) from error
        return row

    async def get(self, workspace: str, name: str) -> CampaignRow:
        """Find a campaign.

        Raises:
            ApiError: There is none in this workspace.
        """
        async with self._database.read() as session:
            row = await session.get(CampaignRow, (workspace, name))
        if row is None:
            raise not_found("campaign", name)
        return row

    async def page(
        self, workspace: str, *, state: State | None, after: str, limit: int
    ) -> list[CampaignRow]:
        """List campaigns by name, and one more than asked for if there are more."""
        query = select(CampaignRow).where(
            CampaignRow.workspace == workspace, CampaignRow.id > after
        )
        if state is not None:
            query = query.where(CampaignRow.state == state.value)
        async with self._database.read() as session:
            return list(await session.scalars(query.order_by(CampaignRow.id).limit(limit + 1)))

    async def delete(self, workspace: str, name: str) -> None:
        """Delete a draft.

        Raises:
            ApiError: There is none, or it was started: what was sent stays on record.
        """
        row = await self.get(workspace, name)
        async with self._database.begin() as session:
            deleted = await session.execute(
                delete(CampaignRow).where(
                    *_is(row),
                    CampaignRow.imported.is_(False),
                    CampaignRow.claim.is_(None),
                    CampaignRow.state.not_in([each.value for each in WORKED_ON]),
                )
            )
        if not _changed(deleted):
            detail = f"the campaign {name!r} was begun; it stays on record"
            raise ApiError(409, "campaign_begun", detail)

    # Steering

    async def move(
        self,
        row: CampaignRow,
        state: State,
        *,
        expected: Collection[State],
        reason: str | None = None,
        due_at: datetime | None = None,
    ) -> bool:
        """Change the state, if it is one of those expected; subscribers are told."""
        async with self._database.begin() as session:
            return await self._move(
                session, row, state, expected=expected, reason=reason, due_at=due_at
            )

    async def _move(
        self,
        session: AsyncSession,
        row: CampaignRow,
        state: State,
        *,
        expected: Collection[State],
        reason: str | None = None,
        due_at: datetime | None = None,
        mark: str | None = None,
    ) -> bool:
        now = self._clock()
        values: dict[str, Any] = {
            "state": state.value,
            "reason": reason[:_LONGEST_REASON] if reason else None,
            "turn": CampaignRow.turn + 1,
            "due_at": due_at or now,
            "ended_at": now if state in _ENDED else None,
        }
        if state is State.RUNNING and row.started_at is None:
            values["started_at"] = now
        statement = update(CampaignRow).where(
            *_is(row),
            CampaignRow.state.in_([each.value for each in set(expected) - {state}]),
        )
        if mark is not None:
            statement = statement.where(CampaignRow.claim == mark)
        if not _changed(await session.execute(statement.values(**values))):
            return False
        found = (
            await session.execute(select(CampaignRow.turn, CampaignRow.counts).where(*_is(row)))
        ).one()
        await self._outbox.write(
            session,
            [
                Happening(
                    workspace=row.workspace,
                    key=f"campaign:{row.id}:{row.created_at.timestamp()}:{found.turn}",
                    names=["campaign.progress"],
                    data={
                        "campaign": row.id,
                        "phase": state.value,
                        "reason": values["reason"],
                        "counts": found.counts,
                    },
                )
            ],
        )
        return True

    # Working

    async def due(self, *, limit: int = 100) -> list[CampaignRow]:
        """Campaigns that nobody works on and that are due."""
        async with self._database.read() as session:
            query = select(CampaignRow).where(*self._free())
            return list(await session.scalars(query.order_by(CampaignRow.due_at).limit(limit)))

    async def claim(self, row: CampaignRow) -> Claim | None:
        """Take a campaign; None: another instance was faster, or it is not due any more."""
        mark = secrets.token_hex(16)
        statement = (
            update(CampaignRow)
            .where(*_is(row), *self._free())
            .values(owner=self._instance, claim=mark, lease_until=self._clock() + self._lease)
        )
        async with self._database.begin() as session:
            if not _changed(await session.execute(statement)):
                return None
        return Claim(await self.get(row.workspace, row.id), mark)

    async def renew(self, claim: Claim, *, counts: Mapping[str, int] | None = None) -> State | None:
        """Give a sign of life; tells the state that the campaign is to have.

        None: another instance has taken it over.
        """
        values: dict[str, Any] = {"lease_until": self._clock() + self._lease}
        if counts is not None:
            values["counts"] = dict(counts)
        async with self._database.begin() as session:
            if not _changed(await session.execute(_held(claim).values(**values))):
                return None
            state = await session.scalar(select(CampaignRow.state).where(*_is(claim.row)))
        return None if state is None else State(state)

    async def imported(self, claim: Claim) -> None:
        """Note that the ledger has its audience."""
        async with self._database.begin() as session:
            await session.execute(_held(claim).values(imported=True))

    async def advance(
        self,
        claim: Claim,
        state: State,
        *,
        reason: str | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Change the state of a campaign that is worked on, unless somebody else has."""
        async with self._database.begin() as session:
            if counts is not None:
                await session.execute(_held(claim).values(counts=dict(counts)))
            await self._move(
                session, claim.row, state, expected=WORKED_ON, reason=reason, mark=claim.mark
            )

    async def release(self, claim: Claim, *, due_in: timedelta, reason: str | None = None) -> None:
        """Let go of a campaign; if it is still to be worked on, it is due again later."""
        values: dict[str, Any] = {
            "owner": None,
            "claim": None,
            "lease_until": None,
            "due_at": self._clock() + due_in,
        }
        async with self._database.begin() as session:
            if reason is not None:
                await session.execute(
                    _held(claim)
                    .where(CampaignRow.state.in_([each.value for each in WORKED_ON]))
                    .values(reason=reason[:_LONGEST_REASON])
                )
            await session.execute(_held(claim).values(**values))

    async def forget_former_self(self) -> None:
        """At the start: what a former process of this instance held is free."""
        statement = (
            update(CampaignRow)
            .where(CampaignRow.owner == self._instance)
            .values(owner=None, claim=None, lease_until=None)
        )
        async with self._database.begin() as session:
            await session.execute(statement)

    def _free(self) -> list[Any]:
        now = self._clock()
        return [
            CampaignRow.state.in_([each.value for each in WORKED_ON]),
            CampaignRow.due_at <= now,
            or_(CampaignRow.lease_until.is_(None), CampaignRow.lease_until <= now),
        ]


def _is(row: CampaignRow) -> list[Any]:
    return [CampaignRow.workspace == row.workspace, CampaignRow.id == row.id]


def _held(claim: Claim) -> Any:  # noqa: ANN401  # an UPDATE whose type has no name
    return update(CampaignRow).where(*_is(claim.row), CampaignRow.claim == claim.mark)


def _changed(result: Any) -> bool:  # noqa: ANN401  # only some results have a count
    return isinstance(result, CursorResult) and result.rowcount > 0
