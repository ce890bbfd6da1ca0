"""The delivery log: what was sent to whom, how it went, and sending it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update

from blazz_server.database import Database, utc_now
from blazz_server.errors import ApiError, not_found
from blazz_server.webhooks.judging import KEPT_TRYING, State
from blazz_server.webhooks.tables import Attempt, Delivery, OutboxEvent, Subscription


@dataclass(frozen=True, slots=True)
class Told:
    """A delivery with its event and all its attempts."""

    delivery: Delivery
    event: OutboxEvent
    attempts: list[Attempt]


class DeliveryLog:
    """What became of each delivery.

    Args:
        database: Where it is.
        clock: The time.
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def deliveries(
        self,
        workspace: str,
        *,
        subscription: str | None = None,
        state: State | None = None,
        after: str = "",
        limit: int = 50,
    ) -> list[Delivery]:
        """List deliveries, the newest first, and one more than asked for if there are more."""
        statement = select(Delivery).where(Delivery.workspace == workspace)
        if subscription is not None:
            statement = statement.where(Delivery.subscription == subscription)
        if state is not None:
            statement = statement.where(Delivery.state == state.value)
        if after:
            statement = statement.where(Delivery.id < after)
        async with self._database.read() as session:
            return list(
                await session.scalars(statement.order_by(Delivery.id.desc()).limit(limit + 1))
            )

    async def get(self, workspace: str, id: str) -> Told:  # noqa: A002
        """Find a delivery.

        Raises:
            ApiError: There is none in this workspace.
        """
        async with self._database.read() as session:
            delivery = await session.get(Delivery, id)
            if delivery is None or delivery.workspace != workspace:
                raise not_found("delivery", id)
            event = await session.get_one(OutboxEvent, delivery.event)
            attempts = await session.scalars(
                select(Attempt).where(Attempt.delivery == id).order_by(Attempt.id)
            )
            return Told(delivery, event, list(attempts))

    async def counts(self, workspace: str) -> dict[State, int]:
        """How many deliveries are in each state."""
        statement = (
            select(Delivery.state, func.count())
            .where(Delivery.workspace == workspace)
            .group_by(Delivery.state)
        )
        async with self._database.read() as session:
            found = dict[str, int]((await session.execute(statement)).all())
        return {state: found.get(state.value, 0) for state in State}

    async def replay(self, workspace: str, id: str) -> Delivery:  # noqa: A002
        """Send a delivery again, from now on for a day.

        Raises:
            ApiError: There is none, it waits to be sent anyway, or its subscription is off.
        """
        delivery = (await self.get(workspace, id)).delivery
        if delivery.state == State.PENDING.value:
            raise ApiError(409, "delivery_pending", f"the delivery {id!r} is being sent anyway")
        replayed = await self._replay(workspace, Delivery.id == id)
        if not replayed:
            raise ApiError(
                409, "subscription_inactive", "its subscription is switched off; switch it on first"
            )
        return (await self.get(workspace, id)).delivery

    async def replay_since(
        self, workspace: str, subscription: str, *, since: datetime, states: set[State]
    ) -> int:
        """Send all deliveries of a subscription again that are in some states; give how many."""
        return await self._replay(
            workspace,
            (Delivery.subscription == subscription)
            & (Delivery.created_at >= since)
            & Delivery.state.in_([each.value for each in states - {State.PENDING}]),
        )

    async def _replay(self, workspace: str, which: ColumnElement[bool]) -> int:
        now = self._clock()
        active = select(Subscription.id).where(
            Subscription.workspace == workspace, Subscription.active
        )
        statement = (
            update(Delivery)
            .where(
                Delivery.workspace == workspace,
                which,
                Delivery.state != State.PENDING.value,
                Delivery.subscription.in_(active),
            )
            .values(
                state=State.PENDING.value,
                failures=0,
                next_at=now,
                expires_at=now + KEPT_TRYING,
                ended_at=None,
                claim=None,
            )
            .execution_options(synchronize_session=False)
        )
        async with self._database.begin() as session:
            # Counted by the database: there may be a month of them.
            replayed: int = (await session.execute(statement)).rowcount  # type: ignore[attr-defined]
            return replayed
