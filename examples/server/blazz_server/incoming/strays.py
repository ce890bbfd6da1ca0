"""Keeps updates that belong to no session, and tells of them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, cast

from sqlalchemy import CursorResult, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from blazz.webhooks.splitting import storable
from blazz_server.database import Database, utc_now
from blazz_server.incoming.tables import StrayUpdate

KEPT: Final = timedelta(days=30)
"""How long they are kept; Meta repeats what is not taken for 7 days."""
MOST_OF_ONE_SIGNER: Final = 64 * 1024 * 1024
"""Bytes that are kept of what one app secret signs; whoever has it could send without end."""
_ROW: Final = 512
"""Bytes that a row counts beside its body."""
_AT_ONCE: Final = 100
_TOLD: Final = 1_000
_LOOKS: Final = 16
"""Looked at whenever another such part of the limit has come."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StrayAccount:
    """What is kept for one account that no session has.

    Attributes:
        account: The phone number id or WABA id; None: none was named.
        count: How many bodies.
        first_at: When the first one came.
        last_at: When the last one came.
        reason: Why they belong to nobody.
    """

    account: str | None
    count: int
    first_at: datetime
    last_at: datetime
    reason: str


class Strays:
    """The table of updates that belong to no session.

    Args:
        database: Where it is.
        most: Bytes that are kept of one signer; beyond, the oldest are forgotten.
    """

    def __init__(self, database: Database, *, most: int = MOST_OF_ONE_SIGNER) -> None:
        self._database = database
        self._most = most
        self._told: set[str | None] = set()
        self._added: Counter[str] = Counter()

    async def keep(self, account: str | None, body: bytes, *, signer: str, reason: str) -> None:
        """Keep a body; once, however often Meta repeats it."""
        named = None if account is None else storable(account)
        digest = blake2b(f"{signer}\0{named}\0".encode() + body, digest_size=16).hexdigest()
        if named not in self._told and len(self._told) < _TOLD:
            self._told.add(named)
            _log.warning("updates for account %s are kept: %s", named, reason)
        dialect = postgresql if self._database.is_postgres else sqlite
        statement = dialect.insert(cast("Table", StrayUpdate.__table__)).values(
            id=digest,
            account=named,
            signer=signer,
            body=body,
            reason=reason,
            received_at=utc_now(),
        )
        async with self._database.begin() as transaction:
            await transaction.execute(statement.on_conflict_do_nothing())
        self._added[signer] += len(body) + _ROW
        if self._added[signer] > self._most // _LOOKS:
            del self._added[signer]
            await self._forget_excess(signer)

    async def of(
        self, accounts: Collection[str], signers: Collection[str]
    ) -> Sequence[StrayUpdate]:
        """What is kept for accounts, signed by one of these secrets; the oldest first."""
        query = (
            select(StrayUpdate)
            .where(StrayUpdate.account.in_(accounts), StrayUpdate.signer.in_(signers))
            .order_by(StrayUpdate.received_at)
            .limit(_AT_ONCE)
        )
        async with self._database.read() as transaction:
            return (await transaction.scalars(query)).all()

    async def remove(self, stray: StrayUpdate) -> None:
        """Forget one that somebody has now."""
        self._told.discard(stray.account)
        async with self._database.begin() as transaction:
            await transaction.execute(delete(StrayUpdate).where(StrayUpdate.id == stray.id))

    async def accounts(self, *, limit: int) -> list[StrayAccount]:
        """For which accounts updates are kept, the latest first."""
        last = func.max(StrayUpdate.received_at)
        query = (
            select(
                StrayUpdate.account,
                func.count(),
                func.min(StrayUpdate.received_at),
                last,
                func.max(StrayUpdate.reason),
            )
            .group_by(StrayUpdate.account)
            .order_by(last.desc())
            .limit(limit)
        )
        async with self._database.read() as transaction:
            return [StrayAccount(*row) for row in await transaction.execute(query)]

    async def forget_old(self) -> None:
        """Forget what has been kept for too long, and what is too much of one signer."""
        old = StrayUpdate.received_at < utc_now() - KEPT
        async with self._database.begin() as transaction:
            await transaction.execute(delete(StrayUpdate).where(old))
        async with self._database.read() as transaction:
            signers = (await transaction.scalars(select(StrayUpdate.signer).distinct())).all()
        for signer in signers:
            await self._forget_excess(signer)

    async def _forget_excess(self, signer: str) -> None:
        """Forget the oldest of what one secret has signed, so that the others fit."""
        newest_first = (StrayUpdate.received_at.desc(), StrayUpdate.id)
        size = func.length(StrayUpdate.body) + _ROW
        kept = (
            select(StrayUpdate.id, func.sum(size).over(order_by=newest_first).label("so_far"))
            .where(StrayUpdate.signer == signer)
            .subquery()
        )
        excess = select(kept.c.id).where(kept.c.so_far > self._most)
        async with self._database.begin() as transaction:
            found = await transaction.execute(delete(StrayUpdate).where(StrayUpdate.id.in_(excess)))
        if isinstance(found, CursorResult) and found.rowcount:
            _log.warning(
                "%d updates for accounts that no session has were forgotten: the secret %s signed"
                " more than %d bytes of them",
                found.rowcount,
                signer,
                self._most,
            )
