"""The outbox: what subscribers are to be told is in the database before anything else happens.

An event and the deliveries of it are written in one transaction, under an id made of the event
itself, so that whoever is told twice of an event writes it once. Any number of instances take
deliveries out of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from blazz.databases.group_commit import GroupCommit
from blazz_server.database import Database, utc_now
from blazz_server.database.ids import new_id
from blazz_server.webhooks.happenings import Claimed, Happening, Result
from blazz_server.webhooks.judging import KEPT_TRYING, State
from blazz_server.webhooks.kinds import told_as
from blazz_server.webhooks.tables import Attempt, Delivery, OutboxEvent, Subscription

KEPT: Final = timedelta(days=30)
"""How long the log goes back."""
Wanted: TypeAlias = dict[str, list[tuple[str, str]]]
"""By event: the subscriptions that want it, and as what they are told of it."""
_MOST_DUE: Final = 100
_PRUNED_AT_ONCE: Final = 1000
# One that answers nobody would else hold eight places until each request is given up.
_WHILE_FAILING: Final = 2


@dataclass(slots=True)
class _Put:
    """An event that is to be written, and what kept it from being written."""

    happening: Happening
    failure: Exception | None = None


class Outbox:
    """Keeps what is to be sent.

    Args:
        database: Where.
        instance: The name of this instance, for the log.
        clock: The time.
    """

    def __init__(
        self, database: Database, *, instance: str, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._instance = instance
        self._clock = clock
        self._puts: GroupCommit[_Put] = GroupCommit(self._put_group)
        self._results: GroupCommit[Result] = GroupCommit(self._record_all)
        self.filled: Callable[[], None] = lambda: None
        """Called when something was put in."""

    # In

    async def put(self, happening: Happening) -> None:
        """Write an event for all who want it; returns when it cannot be lost any more."""
        put = _Put(happening)
        await self._puts.add(put)
        if put.failure is not None:
            raise put.failure

    async def put_for(self, subscription: Subscription, happening: Happening) -> None:
        """Write an event for one subscription, whatever it wants."""
        wanted = {happening.id: [(subscription.id, happening.names[0])]}
        async with self._database.begin() as session:
            await self.write(session, [happening], wanted)
        self.filled()

    async def _put_group(self, group: Sequence[_Put]) -> None:
        try:
            await self._put_all([each.happening for each in group])
        except (SQLAlchemyError, ValueError):
            # One that the database refuses must not keep the others out.
            for each in group:
                try:
                    await self._put_all([each.happening])
                except (SQLAlchemyError, ValueError) as error:
                    each.failure = error

    async def _put_all(self, group: Sequence[Happening]) -> None:
        found = {each.id: each for each in group if each.names}
        wanted = await self._wanted(list(found.values()))
        if not wanted:
            return
        async with self._database.begin() as session:
            await self.write(session, [found[event] for event in wanted], wanted)
        self.filled()

    async def write(
        self,
        session: AsyncSession,
        happenings: Sequence[Happening],
        wanted: Wanted | None = None,
    ) -> None:
        """Write events within a transaction of the caller's.

        Args:
            session: The transaction.
            happenings: The events.
            wanted: The subscriptions and names for each event; looked up by default.
        """
        if wanted is None:
            wanted = _wanted_by(await _subscriptions(session, happenings), happenings)
        now = self._clock()
        rows = [
            {
                "id": it.id,
                "workspace": it.workspace,
                "session": it.session,
                "data": dict(it.data),
                "created_at": now,
            }
            for it in happenings
            if it.id in wanted
        ]
        if not rows:
            return
        dialect = postgresql if self._database.is_postgres else sqlite
        statement = dialect.insert(OutboxEvent).values(rows).on_conflict_do_nothing()
        new = set(await session.scalars(statement.returning(OutboxEvent.id)))
        deliveries = [
            {
                "id": new_id("del"),
                "workspace": it.workspace,
                "subscription": subscription,
                "event": it.id,
                "kind": kind,
                "state": State.PENDING.value,
                "next_at": now,
                "expires_at": now + KEPT_TRYING,
                "created_at": now,
            }
            for it in happenings
            if it.id in new
            for subscription, kind in wanted[it.id]
        ]
        if deliveries:
            await session.execute(insert(Delivery), deliveries)

    async def _wanted(self, happenings: Sequence[Happening]) -> Wanted:
        async with self._database.read() as session:
            return _wanted_by(await _subscriptions(session, happenings), happenings)

    # Out

    async def claim(
        self, *, limit: int, per_subscription: int, lease: timedelta, busy: Mapping[str, int]
    ) -> list[Claimed]:
        """Take deliveries that are due.

        Args:
            limit: The most in all.
            per_subscription: The most for one subscription, so that one that hangs holds nobody up.
            lease: After this time they are due again, if nothing was recorded.
            busy: How many are under way here, by subscription.
        """
        now = self._clock()
        full = [each for each, count in busy.items() if count >= per_subscription]
        async with self._database.read() as session:
            due = await session.execute(
                select(Delivery.subscription, Subscription.failing_since)
                .join(Subscription, Subscription.id == Delivery.subscription)
                .where(_due(now), Subscription.active, Delivery.subscription.not_in(full))
                .group_by(Delivery.subscription, Subscription.failing_since)
                .order_by(func.min(Delivery.next_at))
                .limit(_MOST_DUE)
            )
            rooms = {
                each: (_WHILE_FAILING if since else per_subscription) - busy.get(each, 0)
                for each, since in due
            }
        if not any(room > 0 for room in rooms.values()):
            return []
        async with self._database.begin() as session:
            taken: list[Delivery] = []
            for subscription, room in rooms.items():
                most = min(room, limit - len(taken))
                if most > 0:
                    taken += await self._take(session, subscription, most, now=now, lease=lease)
            return await _joined(session, taken)

    async def _take(
        self,
        session: AsyncSession,
        subscription: str,
        most: int,
        *,
        now: datetime,
        lease: timedelta,
    ) -> list[Delivery]:
        # Others skip what we have locked, and after our commit it is no longer due.
        chosen = (
            select(Delivery.id)
            .where(_due(now), Delivery.subscription == subscription)
            .order_by(Delivery.next_at, Delivery.id)
            .limit(most)
            .with_for_update(skip_locked=True)
            # As a subquery it could be run several times, and take more than the limit.
            .cte("chosen")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        claimed = await session.scalars(
            update(Delivery)
            .where(Delivery.id.in_(select(chosen.c.id)), _due(now))
            .values(
                claim=f"{self._instance}:{secrets.token_hex(8)}",
                next_at=now + lease,
                attempts=Delivery.attempts + 1,
            )
            .returning(Delivery)
            .execution_options(synchronize_session=False)
        )
        return list(claimed)

    async def record(self, result: Result) -> None:
        """Write down what came of an attempt."""
        await self._results.add(result)

    async def _record_all(self, group: Sequence[Result]) -> None:
        async with self._database.begin() as session:
            # In one order everywhere, so that two instances do not wait for each other in a circle.
            for result in sorted(group, key=lambda it: (it.claimed.subscription.id, it.claimed.id)):
                await self._record(session, result)

    async def _record(self, session: AsyncSession, result: Result) -> None:
        claimed, outcome, verdict = result.claimed, result.outcome, result.verdict
        ended = verdict.state is not State.PENDING
        changed = await session.execute(
            update(Delivery)
            .where(Delivery.id == claimed.id, Delivery.claim == claimed.claim)
            .values(
                state=verdict.state.value,
                claim=None,
                failures=claimed.failures + (not outcome.delivered),
                next_at=verdict.next_at or result.at,
                ended_at=result.at if ended else None,
                last_status=outcome.status,
                last_error=outcome.problem,
            )
        )
        still = select(Delivery.id).where(Delivery.id == claimed.id)
        if await session.scalar(still.with_for_update(key_share=True)) is None:
            return  # its subscription was deleted meanwhile, and the log with it
        session.add(
            Attempt(
                id=new_id("att"),
                workspace=claimed.event.workspace,
                delivery=claimed.id,
                number=claimed.number,
                at=result.at,
                instance=self._instance,
                milliseconds=outcome.milliseconds,
                status=outcome.status,
                error=outcome.error,
                answer=outcome.answer,
            )
        )
        if changed.rowcount:  # type: ignore[attr-defined]  # a result of UPDATE has it
            await _note_health(session, result)

    async def release(self, claimed: Sequence[Claimed]) -> None:
        """Give back what was not sent to its end; it is due at once."""
        async with self._database.begin() as session:
            for each in claimed:
                await session.execute(
                    update(Delivery)
                    .where(Delivery.id == each.id, Delivery.claim == each.claim)
                    .values(claim=None, next_at=self._clock())
                )

    # Upkeep

    async def expire(self) -> int:
        """Give up what has waited too long, also of subscriptions that are switched off."""
        now = self._clock()
        async with self._database.begin() as session:
            given_up = await session.execute(
                update(Delivery)
                .where(Delivery.state == State.PENDING.value, Delivery.expires_at <= now)
                .values(state=State.DEAD.value, ended_at=now)
                .execution_options(synchronize_session=False)
            )
            count: int = given_up.rowcount  # type: ignore[attr-defined]  # of UPDATE has it
            return count

    async def prune(self) -> None:
        """Forget events that are older than the log goes back, with all deliveries of them."""
        before = self._clock() - KEPT
        while True:
            async with self._database.begin() as session:
                old = select(OutboxEvent.id).where(OutboxEvent.created_at < before)
                ids = list(await session.scalars(old.limit(_PRUNED_AT_ONCE)))
                if ids:
                    await session.execute(delete(OutboxEvent).where(OutboxEvent.id.in_(ids)))
            if len(ids) < _PRUNED_AT_ONCE:
                return


def _due(now: datetime) -> ColumnElement[bool]:
    return (Delivery.state == State.PENDING.value) & (Delivery.next_at <= now)


async def _subscriptions(
    session: AsyncSession, happenings: Sequence[Happening]
) -> Sequence[Subscription]:
    workspaces = {each.workspace for each in happenings}
    statement = select(Subscription).where(
        Subscription.workspace.in_(workspaces), Subscription.active
    )
    return (await session.scalars(statement)).all()


def _wanted_by(subscriptions: Sequence[Subscription], happenings: Sequence[Happening]) -> Wanted:
    """Who wants each event; events that nobody wants are left out."""
    wanted: Wanted = {}
    for happening in happenings:
        for subscription in subscriptions:
            kind = told_as(happening.names, subscription.kinds)
            if kind is not None and subscription.workspace == happening.workspace:
                wanted.setdefault(happening.id, []).append((subscription.id, kind))
    return wanted


async def _joined(session: AsyncSession, taken: Sequence[Delivery]) -> list[Claimed]:
    events = await session.scalars(
        select(OutboxEvent).where(OutboxEvent.id.in_({each.event for each in taken}))
    )
    subscriptions = await session.scalars(
        select(Subscription).where(Subscription.id.in_({each.subscription for each in taken}))
    )
    by_event = {each.id: each for each in events}
    by_id = {each.id: each for each in subscriptions}
    return [
        Claimed(
            id=each.id,
            claim=each.claim or "",
            number=each.attempts,
            failures=each.failures,
            expires_at=each.expires_at,
            kind=each.kind,
            subscription=by_id[each.subscription],
            event=by_event[each.event],
        )
        for each in taken
    ]


async def _note_health(session: AsyncSession, result: Result) -> None:
    """Remember since when a subscription fails, and switch it off where that is the verdict."""
    subscription = result.claimed.subscription
    of_it = update(Subscription).where(Subscription.id == subscription.id)
    if result.outcome.delivered:
        await session.execute(
            of_it.where(Subscription.failing_since.is_not(None)).values(failing_since=None)
        )
        return
    await session.execute(
        of_it.where(Subscription.failing_since.is_(None)).values(failing_since=result.at)
    )
    if result.verdict.switch_off is not None:
        await session.execute(of_it.values(active=False, reason=result.verdict.switch_off[:500]))
