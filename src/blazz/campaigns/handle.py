"""A campaign by its id: looked at and steered from any process that has its ledger."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from pathlib import Path
from typing import TypeAlias

import anyio

from blazz.campaigns.audience import Audience
from blazz.campaigns.audience.earlier import EarlierSource
from blazz.campaigns.dead_letters import export_dead_letters
from blazz.campaigns.delivery import State
from blazz.campaigns.importing import write_rejects
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, CampaignState, Note, RecipientRow
from blazz.campaigns.progress import Meter, Phase, Progress, progress_of
from blazz.campaigns.report import Report, make_report
from blazz.campaigns.settle import reopen_failed, reopen_unknown
from blazz.campaigns.spec import CampaignSpec
from blazz.errors import CampaignError

OnProgress: TypeAlias = Callable[[Progress], Awaitable[None] | None]

_PAGE = 1000
_DEAD_LETTERS = frozenset({State.FAILED, State.UNKNOWN})
OVER = frozenset({Phase.DONE, Phase.CANCELLED, Phase.HALTED})
"""Phases in which nothing more happens by itself."""


class CampaignHandle:
    """A campaign as the ledger has it; `Campaign` can send it, too.

    Args:
        spec: Its settings.
        ledger: Where it is recorded; open.
        folder: Where the rejects file goes.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        spec: CampaignSpec,
        *,
        ledger: Ledger,
        folder: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.spec = spec
        self._ledger = ledger
        self._folder = folder
        self._clock = clock
        self._meter = Meter(time.monotonic)
        self._row: CampaignRow | None = None
        self._listeners: list[OnProgress] = []

    @property
    def id(self) -> str:
        """Its name within the workspace."""
        return self.spec.id

    @property
    def rejects_path(self) -> Path | None:
        """Where rejected rows and duplicates are listed; the file exists if there are any."""
        return None if self._folder is None else self._folder / f"{self.id}.rejects.csv"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.spec.workspace}/{self.id}>"

    # Steering

    async def pause(self, reason: str | None = None) -> bool:
        """Stop taking new recipients, in whatever process it runs; False if it does not run."""
        return await self._change(
            CampaignState.PAUSED, {CampaignState.READY, CampaignState.RUNNING}, reason
        )

    async def resume(self) -> bool:
        """Go on after a pause or a halt; False if it was neither paused nor halted."""
        return await self._change(
            CampaignState.RUNNING, {CampaignState.PAUSED, CampaignState.HALTED}, None
        )

    async def cancel(self, reason: str | None = None) -> bool:
        """End it for good; what was not sent stays unsent. False if it is cancelled already."""
        open_states = set(CampaignState) - {CampaignState.CANCELLED, CampaignState.IMPORTING}
        return await self._change(CampaignState.CANCELLED, open_states, reason)

    async def retry_failed(self, *codes: int) -> int:
        """Put failed messages back into the queue; they are sent when it runs again.

        Args:
            codes: Only those that failed with one of these errors; by default all.

        Returns:
            How many will be sent again.

        Raises:
            CampaignError: It is cancelled.
        """
        row = await self._open_row()
        return await reopen_failed(self._ledger, row, codes, now=self._clock())

    async def retry_unknown(self) -> int:
        """Put messages whose fate is unknown back into the queue: some people may get two.

        Returns:
            How many will be sent again.

        Raises:
            CampaignError: It is cancelled.
        """
        row = await self._open_row()
        return await reopen_unknown(self._ledger, row, now=self._clock())

    # Looking

    async def progress(self) -> Progress:
        """How far it is, wherever it runs."""
        row = await self._found()
        now = self._clock()
        standing = await self._ledger.standing(row.number, now=now)
        counts = standing.counts
        return progress_of(standing, now=now, rate=self._meter.rate(counts.total - counts.open))

    async def watch(self, *, every: float = 0.5) -> AsyncGenerator[Progress]:
        """Look on while it is sent, wherever that is; ends when it is over or halted.

        Args:
            every: The least seconds between two reports; without a change there is none.
        """
        last = None
        while True:
            now = await self.progress()
            if last is None or differs(now, last):
                await self._tell(now)
                yield now
                last = now
            if now.phase in OVER:
                return
            await anyio.sleep(every)

    def on_progress(self, listener: OnProgress) -> OnProgress:
        """Have a function called with each report of `run` and `watch`; it may be a coroutine's.

        Example:
            ::

                @campaign.on_progress
                async def tell(progress: Progress) -> None:
                    await websocket.send_json({"share": progress.share})
        """
        self._listeners.append(listener)
        return listener

    async def report(self) -> Report:
        """The outcome in figures; can be asked for at any time."""
        row = await self._found()
        number, now = row.number, self._clock()
        path = self.rejects_path
        listed = path is not None and await asyncio.to_thread(path.exists)
        return make_report(
            await self._ledger.standing(number, now=now),
            await self._ledger.errors(number),
            tallies=await self._ledger.tallies(number),
            samples=await self._ledger.samples(number),
            notes=await self._ledger.notes(number),
            now=now,
            rejects_file=path if listed else None,
        )

    async def notes(self) -> list[Note]:
        """What happened to it: pauses, numbers that were taken over from, how its canary did."""
        return list(await self._ledger.notes((await self._found()).number))

    async def recipients(self, *states: State, after: int = 0) -> AsyncIterator[RecipientRow]:
        """List recipients, all or those in some states, by their number; those above `after`."""
        row = await self._found()
        while page := await self._ledger.recipients(
            row.number, states or tuple(State), after=after, limit=_PAGE
        ):
            for recipient in page:
                yield recipient
            after = page[-1].seq

    def dead_letters(self) -> AsyncIterator[RecipientRow]:
        """List recipients whose message failed or whose fate is unknown, with the reasons."""
        return self.recipients(*_DEAD_LETTERS)

    async def export_dead_letters(self, path: str | Path) -> int:
        """Write the dead letters into a CSV file that can be an audience again.

        It has each recipient's address, the columns that the message needs, and the reason.

        Returns:
            How many there are.

        Raises:
            OSError: The file cannot be written.
        """
        row = await self._found()
        return await export_dead_letters(row, self.dead_letters(), Path(path))

    async def export_rejects(self, path: str | Path) -> None:
        """Write rejected rows and duplicates into a CSV file, with the reasons.

        Unlike the file at `rejects_path`, it can be made wherever the ledger is.

        Raises:
            OSError: The file cannot be written.
        """
        await write_rejects(self._ledger, await self._found(), Path(path))

    def audience(self, *states: State, quiet_for: float = 0.0) -> Audience:
        """Those of its recipients who are in some states, as an audience of another campaign.

        Args:
            states: Such as `State.DELIVERED`.
            quiet_for: Only those of whom nothing was heard for so many seconds.
        """
        source = EarlierSource(
            self._ledger,
            self.spec.workspace,
            self.id,
            frozenset(states),
            quiet_for=quiet_for,
            clock=self._clock,
        )
        return Audience(source)

    def unread(self, *, quiet_for: float = 0.0) -> Audience:
        """Those who got it and have not read it, as the audience of a follow-up.

        Args:
            quiet_for: Only those of whom nothing was heard for so many seconds.
        """
        return self.audience(State.ACCEPTED, State.SENT, State.DELIVERED, quiet_for=quiet_for)

    async def _tell(self, progress: Progress) -> None:
        for listener in self._listeners:
            told = listener(progress)
            if inspect.isawaitable(told):
                await told

    async def _change(
        self, state: CampaignState, expected: Collection[CampaignState], reason: str | None
    ) -> bool:
        row = await self._found()
        changed = await self._ledger.change(row.number, state, expected=expected, reason=reason)
        if changed:
            text = f"{state}: {reason}" if reason else str(state)
            await self._ledger.note(row.number, text, at=self._clock())
        return changed

    async def _open_row(self) -> CampaignRow:
        row = await self._found()
        current = await self._ledger.get(row.number)
        if current is None or current.state is CampaignState.CANCELLED:
            raise CampaignError(f"the campaign {self.id!r} is cancelled; nothing of it is sent")
        return row

    async def _found(self) -> CampaignRow:
        if self._row is None:
            self._row = await self._ledger.find(self.spec.workspace, self.id)
        if self._row is None:
            raise CampaignError(
                f"there is no campaign {self.id!r} in the workspace {self.spec.workspace!r}"
            )
        return self._row


def differs(now: Progress, last: Progress) -> bool:
    """Whether there is something new to tell; how fast it goes and what is left is not."""
    return (now.phase, now.reason, now.rows_read, now.counts) != (
        last.phase,
        last.reason,
        last.rows_read,
        last.counts,
    )
