"""The ledger in one SQLite file, for the campaigns of one machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self, TypeVar

from blazz.campaigns.delivery import State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger import sqlite_campaigns, sqlite_chunks
from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    Counts,
    ErrorCount,
    Finding,
    Lease,
    NewRow,
    Offer,
    RecipientRow,
    Reject,
    RejectKind,
    Standing,
    WindowRow,
)
from blazz.campaigns.ledger.sqlite_campaigns import SQL
from blazz.databases.presence import Presence
from blazz.databases.queries import migrations
from blazz.databases.sqlite import SqliteDatabase, Work
from blazz.errors import LedgerError

T = TypeVar("T")

_OLDEST_SQLITE = (3, 35, 0)
_DUPLICATES_AT_ONCE = 10_000
_FOREVER = 1e15
_LOOK_FOR_DEAD_EVERY = 1.0


class SqliteLedger:
    """A `Ledger` in a SQLite file; every call is committed and fsynced before it returns.

    Several processes of one machine may open the same file. Leases of processes that have ended
    are taken over at once.

    Args:
        path: The file; its folder is made if it is missing. Not on a network drive.

    Example:
        >>> import anyio, tempfile
        >>> async def main() -> int:
        ...     async with SqliteLedger(f"{tempfile.mkdtemp()}/ledger.db") as ledger:
        ...         return len(await ledger.campaigns("default"))
        >>> anyio.run(main)
        0
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        steps = migrations("blazz.campaigns.ledger", "sqlite_migrations")
        self._database = SqliteDatabase(self.path, migrations=steps)
        self._presence = Presence(self.path.with_name(f"{self.path.name}.owners"))
        self._looked_at = 0.0

    async def open(self) -> None:
        """Open the file and bring its schema up to date.

        Raises:
            LedgerError: It cannot be opened, or is not a ledger.
        """
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise LedgerError(f"SQLite 3.35 or newer is needed, this is {sqlite3.sqlite_version}")
        try:
            await self._database.open()
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(f"{self.path}: {error}") from error

    async def close(self) -> None:
        """Finish what was submitted and close the file."""
        # In this thread, and so is `leave`: while the interpreter shuts down there are no others.
        self._presence.leave_all()
        await self._database.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    # Owners

    async def join(self) -> str:
        """Become an owner; see `Ledger`."""
        try:
            return await asyncio.to_thread(self._presence.join)
        except OSError as error:
            raise LedgerError(f"{self.path}: {error}") from error

    async def leave(self, owner: str) -> None:
        """Stop being that owner; see `Ledger`."""
        self._presence.leave(owner)
        # If the disk is full, others will find out by the lock, which is gone.
        with contextlib.suppress(LedgerError):
            await self._write(lambda c: _expire(c, owner))

    async def key(self) -> bytes:
        """The secret that signs this ledger's tokens; see `Ledger`."""

        def work(connection: sqlite3.Connection) -> bytes:
            connection.execute(SQL["make_key"], {"value": secrets.token_bytes(32)})
            key: bytes = connection.execute(SQL["key"]).fetchone()[0]
            return key

        return await self._write(work)

    # Campaigns

    async def create(self, row: CampaignRow, *, now: float) -> CampaignRow:
        """Store a campaign, or find it again; see `Ledger`."""
        return await self._write(lambda c: sqlite_campaigns.create(c, row, now))

    async def find(self, workspace: str, campaign_id: str) -> CampaignRow | None:
        """Find a campaign by its name; see `Ledger`."""
        return await self._read(lambda c: sqlite_campaigns.find(c, workspace, campaign_id))

    async def get(self, number: int) -> CampaignRow | None:
        """Find a campaign by its number; see `Ledger`."""
        return await self._read(lambda c: sqlite_campaigns.get(c, number))

    async def campaigns(self, workspace: str) -> Sequence[CampaignRow]:
        """All campaigns of a workspace; see `Ledger`."""
        return await self._read(lambda c: sqlite_campaigns.campaigns_of(c, workspace))

    async def change(
        self,
        number: int,
        state: CampaignState,
        *,
        expected: Collection[CampaignState],
        reason: str | None = None,
    ) -> bool:
        """Move a campaign to another state; see `Ledger`."""
        values = {"number": number, "state": state, "reason": reason}
        return await self._write(
            lambda c: any(
                c.execute(SQL["set_state"], {**values, "expected": one}).rowcount
                for one in expected
            )
        )

    async def rest(self, number: int, *, until: float, reason: str) -> None:
        """Send nothing of a campaign before a time; see `Ledger`."""
        values = {"number": number, "until": until, "reason": reason}
        await self._write(lambda c: c.execute(SQL["rest"], values))

    # Import

    async def begin_import(self, number: int, *, owner: str, now: float, ttl: float) -> None:
        """Start an import from nothing; see `Ledger`."""

        def work(connection: sqlite3.Connection) -> None:
            self._expire_dead(connection, now)
            sqlite_campaigns.begin_import(connection, number, owner, now, ttl)

        self._looked_at = 0.0
        await self._write(work)

    async def import_rows(
        self,
        number: int,
        rows: Sequence[NewRow],
        rejects: Sequence[Reject] = (),
        *,
        owner: str,
        now: float,
        ttl: float,
    ) -> None:
        """Add rows in the audience's order; see `Ledger`."""
        await self._write(
            lambda c: sqlite_campaigns.import_rows(
                c, number, rows, rejects, owner=owner, until=now + ttl
            )
        )

    async def finish_import(
        self,
        number: int,
        *,
        owner: str,
        audience: str,
        columns: Sequence[str],
        now: float,
        ttl: float,
    ) -> CampaignRow:
        """Remove repeated addresses and make the campaign ready; see `Ledger`."""
        pairs = await self._read(lambda c: sqlite_campaigns.repeated(c, number))
        for start in range(0, len(pairs), 2 * _DUPLICATES_AT_ONCE):
            some = pairs[start : start + 2 * _DUPLICATES_AT_ONCE]
            await self._write(
                lambda c, some=some: sqlite_campaigns.remove_repeated(  # type: ignore[misc]
                    c, number, some, owner, now + ttl
                )
            )
        return await self._write(
            lambda c: sqlite_campaigns.finish_import(c, number, owner, audience, columns)
        )

    # Work

    async def offer(
        self, *, owner: str, depth: int, hold: float, now: float, campaign: int | None = None
    ) -> Sequence[Offer]:
        """Choose chunks to put into an engine; see `Ledger`."""

        def work(connection: sqlite3.Connection) -> list[Offer]:
            self._expire_dead(connection, now)
            return sqlite_chunks.offer(
                connection, owner=owner, depth=depth, hold=hold, now=now, campaign=campaign
            )

        return await self._write(work)

    async def lease_chunk(
        self, chunk: ChunkId, *, owner: str, ttl: float, now: float
    ) -> Lease | None:
        """Take a chunk; see `Ledger`."""
        return await self._write(
            lambda c: sqlite_chunks.lease_chunk(c, chunk, owner=owner, ttl=ttl, now=now)
        )

    async def begin_window(
        self, lease: Lease, n: int, *, after: int, ttl: float, now: float
    ) -> Sequence[WindowRow]:
        """Mark due rows as `sending`; see `Ledger`."""
        return await self._write(
            lambda c: sqlite_chunks.begin_window(c, lease, n, after=after, ttl=ttl, now=now)
        )

    async def record(self, findings: Sequence[Finding], *, now: float) -> int:
        """Apply evidence; see `Ledger`."""
        return await self._write(lambda c: sqlite_chunks.record(c, findings, now=now))

    async def release(self, lease: Lease, *, now: float) -> None:
        """Give a chunk back; see `Ledger`."""
        await self._write(lambda c: sqlite_chunks.release(c, lease, now=now))

    # Reading

    async def standing(self, number: int, *, now: float) -> Standing:
        """Counts and what comes next; see `Ledger`."""

        def work(connection: sqlite3.Connection) -> Standing:
            row = sqlite_campaigns.get(connection, number)
            if row is None:
                raise LedgerError(f"there is no campaign {number}")
            *counts, busy, next_at, first_at, last_at = connection.execute(
                SQL["standing"], {"number": number, "now": now}
            ).fetchone()
            return Standing(
                row=row,
                counts=Counts(**dict(zip(State, counts, strict=True))),
                busy=busy,
                next_at=next_at,
                first_at=first_at,
                last_at=last_at,
            )

        return await self._read(work)

    async def errors(self, number: int) -> Sequence[ErrorCount]:
        """Failed and unknown recipients per error; see `Ledger`."""
        return await self._read(
            lambda c: [
                ErrorCount(State(state), code, reason, times)
                for state, code, reason, times in c.execute(SQL["errors"], {"number": number})
            ]
        )

    async def recipients(
        self,
        number: int,
        states: Collection[State],
        *,
        after: int = 0,
        limit: int = 1000,
        changed_before: float | None = None,
    ) -> Sequence[RecipientRow]:
        """Recipients in some states; see `Ledger`."""
        values = {
            "number": number,
            "states": json.dumps(sorted(states)),
            "after": after,
            "limit": limit,
            "changed_before": _FOREVER if changed_before is None else changed_before,
        }

        def work(connection: sqlite3.Connection) -> list[RecipientRow]:
            cursor = connection.execute(SQL["recipients"], values)
            return [
                RecipientRow(
                    seq=seq,
                    line=line,
                    address=address,
                    values=row,
                    state=State(state),
                    attempt=attempt,
                    message_id=message_id,
                    code=code,
                    reason=reason,
                    changed_at=changed_at,
                )
                for (
                    seq,
                    line,
                    address,
                    row,
                    state,
                    attempt,
                    message_id,
                    code,
                    reason,
                    changed_at,
                ) in cursor
            ]

        return await self._read(work)

    async def rejects(self, number: int, *, after: int = 0, limit: int = 1000) -> Sequence[Reject]:
        """Rejected rows and duplicates by line; see `Ledger`."""
        values = {"number": number, "after": after, "limit": limit}
        return await self._read(
            lambda c: [
                Reject(line, RejectKind(kind), reason, tuple(json.loads(fields)))
                for line, kind, reason, fields in c.execute(SQL["rejects"], values)
            ]
        )

    def _expire_dead(self, connection: sqlite3.Connection, now: float) -> None:
        """Let leases, offers and imports of owners that have ended run out now."""
        if 0 <= now - self._looked_at < _LOOK_FOR_DEAD_EVERY:
            return
        self._looked_at = now
        for (owner,) in connection.execute(SQL["owners"], {"now": now}).fetchall():
            if owner is not None and self._presence.is_gone(owner):
                _expire(connection, owner)

    async def _write(self, work: Work[T]) -> T:
        try:
            return await self._database.write(work)
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: {error}") from error

    async def _read(self, work: Work[T]) -> T:
        try:
            return await self._database.read(work)
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: {error}") from error


def _expire(connection: sqlite3.Connection, owner: str) -> None:
    """Let everything that an owner holds run out now."""
    for query in ("expire_leases", "expire_offers", "expire_import"):
        connection.execute(SQL[query], {"owner": owner})
