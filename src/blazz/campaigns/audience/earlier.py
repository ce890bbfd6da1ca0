"""Reads recipients from an earlier campaign: those who did not read it, those it failed for."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from blazz.campaigns.audience.base import AudienceReader, Needs, Row
from blazz.campaigns.audience.columns import check_needed
from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, unpack
from blazz.errors import AudienceError

_PAGE = 1000


class EarlierSource:
    """Recipients of an earlier campaign, with the columns that its message needed.

    Args:
        ledger: The ledger; open.
        workspace: The tenant.
        campaign: The earlier campaign's id.
        states: Those whose message is in one of these states; none: all.
        quiet_for: Only those of whom nothing was heard for so many seconds.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        ledger: Ledger,
        workspace: str,
        campaign: str,
        states: frozenset[State],
        *,
        quiet_for: float,
        clock: Callable[[], float],
    ) -> None:
        self.ledger = ledger
        self.workspace = workspace
        self.campaign = campaign
        self.states: frozenset[State] = states or frozenset(State)
        self.quiet_for = quiet_for
        self.clock = clock

    @asynccontextmanager
    async def open(self, needs: Needs) -> AsyncIterator[AudienceReader]:
        """Begin to read; see `AudienceSource`."""
        row = await self._found()
        check_needed(self._name, row.columns, needs.columns)
        yield _EarlierReader(self, row, needs)

    async def fingerprint(self) -> str:
        """Tell this choice from others; see `AudienceSource`.

        Who is in a state changes all the time, so it is the choice that counts, not the people: a
        follow-up that was interrupted goes on with those that it began with.
        """
        return self.digest()

    def digest(self) -> str:
        """The fingerprint."""
        parts = (self.workspace, self.campaign, sorted(self.states), self.quiet_for)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @property
    def _name(self) -> str:
        return f"campaign {self.campaign}"

    async def _found(self) -> CampaignRow:
        row = await self.ledger.find(self.workspace, self.campaign)
        if row is None:
            raise AudienceError(f"there is no campaign {self.campaign!r} to follow up")
        return row


class _EarlierReader:
    """Recipients that are being read."""

    def __init__(self, source: EarlierSource, row: CampaignRow, needs: Needs) -> None:
        self._source = source
        self._row = row
        self._needs = needs

    @property
    def columns(self) -> Sequence[str]:
        """The address, and the columns that the earlier message needed."""
        return ("phone", *self._row.columns)

    async def batches(self) -> AsyncIterator[list[Row]]:
        """Read all recipients, many at a time; see `AudienceReader`."""
        source, after = self._source, 0
        before = source.clock() - source.quiet_for if source.quiet_for else None
        while page := await source.ledger.recipients(
            self._row.number, source.states, after=after, limit=_PAGE, changed_before=before
        ):
            batch = []
            for it in page:
                values = unpack(it.values, self._row.columns)
                raw = (it.address, *values.values())
                needed = {name: values[name] for name in self._needs.columns}
                batch.append(self._needs.judge(it.seq, raw, it.address, needed, region=None))
            yield batch
            after = page[-1].seq
        if not after:
            states = ", ".join(sorted(source.states))
            raise AudienceError(f"campaign {source.campaign!r} has nobody in: {states}")

    def fingerprint(self) -> str:
        """Tell this choice from others; see `EarlierSource.fingerprint`."""
        return self._source.digest()
