"""The seam of the durable record of every recipient."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from blazz.campaigns.delivery import State
from blazz.campaigns.engine.base import ChunkId
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


class Ledger(Protocol):
    """The single source of truth of campaigns; all else may be lost.

    Recipients are numbered from 1 in the order of the audience, and grouped into chunks of
    `chunk_size` consecutive numbers. A chunk is worked on by one lease-holder at a time.

    `now` is always in seconds since the epoch, by the caller's clock; a ledger that several
    machines share corrects it to its server's. Every call is one transaction: it happens whole and
    durably, or not at all. Every call may raise `LedgerError`, and `LedgerUnavailable` where a
    server is away: then it may have happened, and can be made again when the server is back. It
    does no harm to make a call twice, but for these: `import_rows` adds rows again, `note` notes
    again, `change` tells only the first time that it changed anything, and rows that a lost answer
    of `begin_window` told of are `sending` already.

    Semantics that `blazz.testing.check_ledger` tests:

    * `create` with an id that exists gives the existing campaign, with its options brought up to
      date; another message raises `CampaignConflict` once the import is complete.
    * Until `finish_import` nothing can be leased. An import that was begun again starts from
      nothing; its earlier owner is fenced off.
    * `begin_window` fails with `LeaseLost` after another lease of the chunk, and changes nothing.
    * A new lease turns rows that were left `sending` into `unknown`.
    * `record` applies `blazz.campaigns.delivery.advance`, whoever holds the chunk.
    * Recipients above a campaign's `upto` are neither offered, leased nor taken.
    """

    async def open(self) -> None:
        """Make ready; bring the schema up to date. May be called again after an error."""
        ...

    async def close(self) -> None:
        """Finish what was submitted and let go of everything."""
        ...

    async def join(self) -> str:
        """Become one who may own chunks and imports; gives a name that nobody else has.

        What a name owns may be taken over when its time has run out, or as soon as the ledger can
        tell that its process has ended.
        """
        ...

    async def leave(self, owner: str) -> None:
        """Give a name up; what it still owns may be taken over at once."""
        ...

    async def key(self) -> bytes:
        """The secret that signs this ledger's tokens; made once, at random."""
        ...

    # Campaigns

    async def create(self, row: CampaignRow, *, now: float) -> CampaignRow:
        """Store a campaign, or find it again by its workspace and id.

        Raises:
            CampaignConflict: It exists with another message, and its import is complete.
        """
        ...

    async def find(self, workspace: str, campaign_id: str) -> CampaignRow | None:
        """Find a campaign by its name."""
        ...

    async def get(self, number: int) -> CampaignRow | None:
        """Find a campaign by its number."""
        ...

    async def campaigns(
        self, workspace: str | None = None, *, states: Collection[CampaignState] | None = None
    ) -> Sequence[CampaignRow]:
        """All campaigns, of a workspace or of all, in some states or in any; the newest first."""
        ...

    async def change(
        self,
        number: int,
        state: CampaignState,
        *,
        expected: Collection[CampaignState],
        reason: str | None = None,
        lift: bool = False,
    ) -> bool:
        """Move a campaign to another state, if it is in one of the expected ones.

        Args:
            number: The campaign.
            state: The new state.
            expected: The states that it may be in.
            reason: Why, in words.
            lift: Lift its `limit`, too.
        """
        ...

    async def alter(self, number: int, changes: Changes) -> CampaignRow:
        """Change settings of a campaign, whatever its state; those not named stay as they are.

        Raises:
            LedgerError: There is no such campaign.
        """
        ...

    async def limit(self, number: int, upto: int | None) -> None:
        """Send only to recipients with numbers up to this; None lifts the limit."""
        ...

    async def delete(self, number: int) -> None:
        """Forget a campaign, its recipients and all that is kept of it.

        Status updates of its messages change nothing afterwards. Does nothing if it is gone.

        Raises:
            CampaignConflict: It is running.
        """
        ...

    async def rest(self, number: int, *, until: float, reason: str) -> None:
        """Send nothing of a campaign before a time."""
        ...

    # Import

    async def begin_import(self, number: int, *, owner: str, now: float, ttl: float) -> None:
        """Start an import from nothing and own it for `ttl` seconds.

        Raises:
            CampaignConflict: It is complete, or somebody else is importing it.
        """
        ...

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
        """Add rows in the audience's order, and renew the ownership.

        Rows of one lane share chunks; those of another lane have chunks of their own.

        Raises:
            LeaseLost: Somebody else has begun the import again.
        """
        ...

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
        """Move rows whose address came before to the rejects; make the campaign ready.

        Args:
            number: The campaign.
            owner: Who imports it.
            audience: The fingerprint of what was imported.
            columns: The names of all its columns.
            now: The time.
            ttl: For how many seconds the ownership is renewed while it works.

        Raises:
            LeaseLost: Somebody else has begun the import again.
        """
        ...

    # Work

    async def offer(
        self, *, owner: str, depth: int, hold: float, now: float, campaign: int | None = None
    ) -> Sequence[Offer]:
        """Choose chunks to put into an engine, and remember it for `hold` seconds.

        Args:
            owner: Who will queue them.
            depth: How many chunks of one session and lane may be queued and not yet leased.
            hold: After so many seconds a chunk that nobody leased is offered again.
            now: The time.
            campaign: Only this campaign's.
        """
        ...

    async def lease_chunk(
        self, chunk: ChunkId, *, owner: str, ttl: float, now: float
    ) -> Lease | None:
        """Take a chunk for `ttl` seconds; None if it is taken, or there is nothing to do."""
        ...

    async def due_rows(self, lease: Lease, *, now: float) -> Sequence[DueRow]:
        """The rows of a leased chunk that can be sent now, by number; changes nothing.

        Raises:
            LeaseLost: The chunk was leased by another since.
        """
        ...

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
        """Enter recipients into the book of who hears from a workspace, at most so often.

        A recipient counts from its entry on, unless its message failed or its campaign was
        cancelled before it was sent. One that is entered already stays so.

        Args:
            number: The campaign.
            rows: Its recipients.
            scope: Which book; each has its own entries.
            most: How many messages an address may get.
            within: In how many seconds.
            now: The time.

        Returns:
            The numbers of those that were not entered, and when they can be.
        """
        ...

    async def begin_window(
        self, lease: Lease, n: int, *, after: int, ttl: float, now: float
    ) -> Sequence[WindowRow]:
        """Mark up to `n` due rows with numbers above `after` as `sending`; renew the lease.

        Gives nothing when the campaign is not running, or must rest. `n` may be 0, to renew only.

        Raises:
            LeaseLost: The chunk was leased by another since.
        """
        ...

    async def record(self, findings: Sequence[Finding], *, now: float) -> int:
        """Apply evidence, whoever holds the chunk; give the number of rows that changed.

        Findings about rows that do not exist are passed over.
        """
        ...

    async def release(self, lease: Lease, *, now: float) -> None:
        """Give a chunk back. Rows still `sending` become `unknown`; does nothing if fenced off."""
        ...

    # Reading

    async def standing(self, number: int, *, now: float) -> Standing:
        """Counts and what comes next; cheap enough to call several times a second."""
        ...

    async def errors(self, number: int) -> Sequence[ErrorCount]:
        """Failed and unknown recipients per error, the most frequent first."""
        ...

    async def recipients(
        self,
        number: int,
        states: Collection[State],
        *,
        after: int = 0,
        limit: int = 1000,
        changed_before: float | None = None,
    ) -> Sequence[RecipientRow]:
        """Recipients in some states, by number, those above `after`."""
        ...

    async def rejects(self, number: int, *, after: int = 0, limit: int = 1000) -> Sequence[Reject]:
        """Rejected rows and duplicates by line, those above `after`."""
        ...

    async def tallies(self, number: int) -> Sequence[Tally]:
        """Count recipients by country, variant, sender and state; reads all of them."""
        ...

    async def reached(self, workspace: str, sessions: Collection[str], *, since: float) -> int:
        """How many different addresses some sessions have sent to since a time; reads all rows.

        Those of every campaign of theirs count once, unless their message failed.
        """
        ...

    # What happened

    async def sample(self, number: int, counts: Counts, *, at: float) -> None:
        """Keep a campaign's counts of one moment; a second sample of the same moment is ignored."""
        ...

    async def samples(self, number: int) -> Sequence[Sample]:
        """All samples of a campaign, by time."""
        ...

    async def note(self, number: int, text: str, *, at: float) -> None:
        """Note what happened to a campaign."""
        ...

    async def notes(self, number: int) -> Sequence[Note]:
        """All notes on a campaign, by time."""
        ...
