"""A ledger on any SQL database that can run an operation in one transaction."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Self, TypeVar

from blazz.campaigns.delivery import State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger import (
    campaign_work,
    chunk_work,
    evidence_work,
    import_work,
    reading,
)
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    Changes,
    Counts,
    DueRow,
    ErrorCount,
    Finding,
    Lease,
    NewRow,
    Note,
    Offer,
    RecipientRow,
    Reject,
    Sample,
    Standing,
    Tally,
    WindowRow,
)
from blazz.databases.operations import Operation

T = TypeVar("T")


class SqlLedger(Ledger, ABC):
    """Runs operations; a backend says how. See `Ledger` for what each method does."""

    @abstractmethod
    async def at(
        self, now: float, operation: Callable[[float], Operation[T]], *, durable: bool = True
    ) -> T:
        """Run an operation in one transaction, at a time that the database agrees with.

        Without `durable` a power cut may undo it, until something durable is written after it.
        """

    @abstractmethod
    async def run(self, operation: Operation[T]) -> T:
        """Run an operation that does not ask for the time in one transaction."""

    @abstractmethod
    async def look(self, operation: Operation[T]) -> T:
        """Run an operation that only reads."""

    @abstractmethod
    async def look_at(self, now: float, operation: Callable[[float], Operation[T]]) -> T:
        """Run an operation that only reads, at a time that the database agrees with."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def key(self) -> bytes:
        return await self.run(campaign_work.key(secrets.token_bytes(32)))

    # Campaigns

    async def create(self, row: CampaignRow, *, now: float) -> CampaignRow:
        return await self.at(now, lambda now: campaign_work.create(row, now))

    async def find(self, workspace: str, campaign_id: str) -> CampaignRow | None:
        return await self.look(campaign_work.find(workspace, campaign_id))

    async def get(self, number: int) -> CampaignRow | None:
        return await self.look(campaign_work.get(number))

    async def campaigns(
        self, workspace: str | None = None, *, states: Collection[CampaignState] | None = None
    ) -> Sequence[CampaignRow]:
        return await self.look(campaign_work.listed(workspace, states))

    async def change(
        self,
        number: int,
        state: CampaignState,
        *,
        expected: Collection[CampaignState],
        reason: str | None = None,
        lift: bool = False,
    ) -> bool:
        return await self.run(campaign_work.change(number, state, expected, reason, lift=lift))

    async def alter(self, number: int, changes: Changes) -> CampaignRow:
        return await self.run(campaign_work.alter(number, changes))

    async def limit(self, number: int, upto: int | None) -> None:
        await self.run(campaign_work.limit(number, upto))

    async def rest(self, number: int, *, until: float, reason: str) -> None:
        await self.run(campaign_work.rest(number, until, reason))

    # Import

    async def import_rows(
        self,
        number: int,
        rows: Sequence[NewRow],
        rejects: Sequence[Reject] = (),
        *,
        owner: str,
        now: float,
        ttl: float,
        lane: int = 0,
    ) -> None:
        await self.at(
            now,
            lambda now: import_work.import_rows(
                number, rows, rejects, owner=owner, until=now + ttl, lane=lane
            ),
            durable=False,  # a power cut ends the import, too; its last step makes all durable
        )

    # Work

    async def offer(
        self, *, owner: str, depth: int, hold: float, now: float, campaign: int | None = None
    ) -> Sequence[Offer]:
        return await self.at(
            now,
            lambda now: chunk_work.offer(
                owner=owner, depth=depth, hold=hold, now=now, campaign=campaign
            ),
        )

    async def lease_chunk(
        self, chunk: ChunkId, *, owner: str, ttl: float, now: float
    ) -> Lease | None:
        return await self.at(
            now,
            lambda now: chunk_work.lease_chunk(chunk, owner=owner, ttl=ttl, now=now),
            durable=False,  # nothing is sent before a window makes it so
        )

    async def due_rows(self, lease: Lease, *, now: float) -> Sequence[DueRow]:
        return await self.look_at(now, lambda now: chunk_work.due_rows(lease, now=now))

    async def admit(
        self,
        number: int,
        rows: Sequence[DueRow],
        *,
        scope: str,
        most: int,
        within: float,
        now: float,
    ) -> Mapping[int, float]:
        return await self.at(
            now,
            lambda now: chunk_work.admit(
                number, rows, scope=scope, most=most, within=within, now=now
            ),
        )

    async def begin_window(
        self, lease: Lease, n: int, *, after: int, ttl: float, now: float
    ) -> Sequence[WindowRow]:
        return await self.at(
            now, lambda now: chunk_work.begin_window(lease, n, after=after, ttl=ttl, now=now)
        )

    async def record(self, findings: Sequence[Finding], *, now: float) -> int:
        return await self.at(now, lambda now: evidence_work.record(findings, now=now))

    async def release(self, lease: Lease, *, now: float) -> None:
        # Without it the chunk is taken over as that of any process that has ended.
        await self.at(now, lambda now: chunk_work.release(lease, now=now), durable=False)

    # Reading

    async def standing(self, number: int, *, now: float) -> Standing:
        return await self.look_at(now, lambda now: reading.standing(number, now))

    async def errors(self, number: int) -> Sequence[ErrorCount]:
        return await self.look(reading.errors(number))

    async def recipients(
        self,
        number: int,
        states: Collection[State],
        *,
        after: int = 0,
        limit: int = 1000,
        changed_before: float | None = None,
    ) -> Sequence[RecipientRow]:
        return await self.look(reading.recipients(number, states, after, limit, changed_before))

    async def rejects(self, number: int, *, after: int = 0, limit: int = 1000) -> Sequence[Reject]:
        return await self.look(reading.rejects(number, after, limit))

    async def tallies(self, number: int) -> Sequence[Tally]:
        return await self.look(reading.tallies(number))

    async def reached(self, workspace: str, sessions: Collection[str], *, since: float) -> int:
        return await self.look(reading.reached(workspace, sessions, since))

    # What happened

    async def sample(self, number: int, counts: Counts, *, at: float) -> None:
        await self.run(campaign_work.sample(number, counts, at))

    async def samples(self, number: int) -> Sequence[Sample]:
        return await self.look(reading.samples(number))

    async def note(self, number: int, text: str, *, at: float) -> None:
        await self.run(campaign_work.note(number, text, at))

    async def notes(self, number: int) -> Sequence[Note]:
        return await self.look(reading.notes(number))
