"""Subscriptions: who is told, where, of what, and with which secret it is signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update

from blazz_server.database import Database, utc_now
from blazz_server.database.ids import new_id
from blazz_server.errors import ApiError, not_found
from blazz_server.webhooks.sealing import SecretBox
from blazz_server.webhooks.signing import new_secret
from blazz_server.webhooks.tables import Subscription
from blazz_server.webhooks.targets import (
    Resolve,
    TargetRefused,
    checked_addresses,
    parse_target,
    resolve,
)

MOST: Final = 50
"""How many subscriptions a workspace may have."""
BOTH_SIGN: Final = timedelta(hours=24)
"""How long the former secret signs, too, unless the caller says otherwise."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be changed about a subscription; what is None stays.

    Attributes:
        url: Where it is sent to.
        kinds: Of what.
        description: A note for people.
        active: Whether anything is sent.
    """

    url: str | None = None
    kinds: Sequence[str] | None = None
    description: str | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A subscription and its new secret, which is not told again."""

    subscription: Subscription
    secret: str = field(repr=False)


class Subscriptions:
    """The subscriptions of all workspaces.

    Args:
        database: Where they are.
        box: Seals their secrets.
        allow_private: Allow targets on private addresses.
        resolver: Gives the addresses of a host.
        clock: The time.
    """

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        *,
        allow_private: bool = False,
        resolver: Resolve = resolve,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._box = box
        self._allow_private = allow_private
        self._resolver = resolver
        self._clock = clock

    async def create(
        self, workspace: str, url: str, *, kinds: Sequence[str], description: str = ""
    ) -> Made:
        """Make a subscription.

        Raises:
            ApiError: The URL may not be sent to, or there are too many.
        """
        await self.check_target(url)
        secret, id_ = new_secret(), new_id("sub")
        subscription = Subscription(
            id=id_,
            workspace=workspace,
            url=url,
            kinds=sorted(set(kinds)),
            description=description,
            active=True,
            secret=self._box.seal(secret, owner=id_),
            created_at=self._clock(),
        )
        of_workspace = select(func.count()).where(Subscription.workspace == workspace)
        async with self._database.begin() as session:
            if (await session.scalar(of_workspace) or 0) >= MOST:
                raise ApiError(
                    409, "too_many_subscriptions", f"a workspace has at most {MOST} subscriptions"
                )
            session.add(subscription)
        return Made(subscription, secret)

    async def all(self, workspace: str, *, after: str = "", limit: int = 50) -> list[Subscription]:
        """List them, the oldest first, and one more than asked for if there are more."""
        statement = (
            select(Subscription)
            .where(Subscription.workspace == workspace, Subscription.id > after)
            .order_by(Subscription.id)
            .limit(limit + 1)
        )
        async with self._database.read() as session:
            return list(await session.scalars(statement))

    async def get(self, workspace: str, id: str) -> Subscription:  # noqa: A002
        """Find one.

        Raises:
            ApiError: There is none in this workspace.
        """
        async with self._database.read() as session:
            found = await session.get(Subscription, id)
        if found is None or found.workspace != workspace:
            raise not_found("subscription", id)
        return found

    async def change(self, workspace: str, id: str, change: Change) -> Subscription:  # noqa: A002
        """Change one. Switching it on again forgets that it failed.

        Raises:
            ApiError: There is none, or the URL may not be sent to.
        """
        if change.url is not None:
            await self.check_target(change.url)
        async with self._database.begin() as session:
            found = await session.get(Subscription, id, with_for_update=True)
            if found is None or found.workspace != workspace:
                raise not_found("subscription", id)
            if change.url is not None:
                found.url = change.url
            if change.kinds is not None:
                found.kinds = sorted(set(change.kinds))
            if change.description is not None:
                found.description = change.description
            if change.active is not None:
                found.active = change.active
                found.reason = None
                found.failing_since = None
        return found

    async def delete(self, workspace: str, id: str) -> None:  # noqa: A002
        """Delete one, with its deliveries.

        Raises:
            ApiError: There is none in this workspace.
        """
        statement = delete(Subscription).where(
            Subscription.workspace == workspace, Subscription.id == id
        )
        async with self._database.begin() as session:
            deleted = await session.scalars(statement.returning(Subscription.id))
            if deleted.first() is None:
                raise not_found("subscription", id)

    async def rotate(self, workspace: str, id: str, *, both_for: timedelta = BOTH_SIGN) -> Made:  # noqa: A002
        """Replace the secret; for a while the former one signs, too.

        Raises:
            ApiError: There is none in this workspace.
        """
        secret = new_secret()
        async with self._database.begin() as session:
            found = await session.get(Subscription, id, with_for_update=True)
            if found is None or found.workspace != workspace:
                raise not_found("subscription", id)
            found.previous_secret = found.secret
            found.previous_until = self._clock() + both_for
            found.secret = self._box.seal(secret, owner=id)
        return Made(found, secret)

    async def forget_old_secrets(self) -> None:
        """Delete former secrets that sign no more."""
        statement = (
            update(Subscription)
            .where(Subscription.previous_until <= self._clock())
            .values(previous_secret=None, previous_until=None)
        )
        async with self._database.begin() as session:
            await session.execute(statement)

    async def check_target(self, url: str) -> None:
        """Check that a URL may be sent to, also by what its host is now.

        Raises:
            ApiError: It may not.
        """
        try:
            target = parse_target(url, allow_private=self._allow_private)
            await checked_addresses(
                target.host,
                target.port,
                allow_private=self._allow_private,
                resolver=self._resolver,
            )
        except TargetRefused as error:
            raise ApiError(422, "target_refused", str(error)) from error
