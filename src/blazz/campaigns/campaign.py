"""A campaign: one message to an audience, recorded so that it can be stopped at any moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from pathlib import Path

import anyio

from blazz.campaigns import pacing
from blazz.campaigns.audience import Audience
from blazz.campaigns.delivery import State
from blazz.campaigns.dispatcher import Dispatcher
from blazz.campaigns.engine.base import Engine
from blazz.campaigns.engine.local import LocalEngine
from blazz.campaigns.importing import import_audience, write_rejects
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    RecipientRow,
    UnknownPolicy,
)
from blazz.campaigns.limiter.base import Limiter
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.progress import Meter, Phase, Progress, outlook, progress_of
from blazz.campaigns.report import Report, make_report
from blazz.campaigns.routing import Sender
from blazz.campaigns.settle import LookUp, look_up_unknown, reopen_failed, retry_overdue
from blazz.campaigns.spec import CampaignSpec
from blazz.campaigns.tokens import TokenSigner
from blazz.campaigns.worker import Worker
from blazz.errors import AudienceError, CampaignConflict, CampaignError, ConfigurationError

_CHUNKS = 2
_LOOK_EVERY = 0.1
_PAGE = 1000
_DEAD_LETTERS = frozenset({State.FAILED, State.UNKNOWN})


class Campaign:
    """One message to an audience.

    All that matters is in the ledger. A campaign that was interrupted, by Ctrl-C or by a power cut,
    goes on when it is run again under the same id.

    Args:
        spec: Its settings.
        ledger: Where it is recorded; open.
        sender: What it is sent through; every `Provider` is one. Without it the campaign can be
            looked at and steered, but not run.
        audience: Who it goes to; not needed once the ledger has it.
        limiter: Counts what leaves under each session; campaigns of one session share it.
        engine: What carries its chunks; one of its own by default.
        look_up: `Provider.settle`, where the provider can do it.
        statuses: Whether the session gets status updates for what it sends.
        folder: Where the rejects file goes.
        send_timeout: Seconds after which a request without an answer is given up.
        concurrency: How many requests may be on their way at once; by default it fits the rate.
        clock: Seconds since the epoch.

    Raises:
        ConfigurationError: Unknown messages are to be retried, but nothing can ever tell what
            became of a message.

    Example:
        ::

            campaign = Campaign(spec, ledger=ledger, sender=provider, audience=audience)
            async for progress in campaign.run():
                print(progress.share)
            print(await campaign.report())
    """

    def __init__(
        self,
        spec: CampaignSpec,
        *,
        ledger: Ledger,
        sender: Sender | None = None,
        audience: Audience | None = None,
        limiter: Limiter | None = None,
        engine: Engine | None = None,
        look_up: LookUp | None = None,
        statuses: bool = True,
        folder: Path | None = None,
        send_timeout: float = 30.0,
        concurrency: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if spec.unknown is UnknownPolicy.RETRY and not statuses and look_up is None:
            raise ConfigurationError(
                "unknown messages can only be retried where status updates or look-ups tell what"
                " became of them; use unknown=UnknownPolicy.HOLD"
            )
        self.spec = spec
        self._ledger = ledger
        self._sender = sender
        self._audience = audience
        self._limiter = limiter or LocalLimiter()
        self._engine = engine
        self._look_up = look_up
        self._folder = folder
        self._send_timeout = send_timeout
        self._concurrency = concurrency or pacing.concurrency(spec.rate)
        self._clock = clock
        self._meter = Meter(time.monotonic)
        self._row: CampaignRow | None = None

    @property
    def id(self) -> str:
        """Its name within the workspace."""
        return self.spec.id

    @property
    def rejects_path(self) -> Path | None:
        """Where rejected rows and duplicates are listed; the file exists if there are any."""
        return None if self._folder is None else self._folder / f"{self.id}.rejects.csv"

    def __repr__(self) -> str:
        return f"<Campaign {self.spec.workspace}/{self.id}>"

    # Running

    async def prepare(self) -> CampaignRow:
        """Check everything and import the audience; nothing is sent.

        Raises:
            AudienceError: The audience cannot be read or lacks a column.
            CampaignConflict: The id exists with another message or audience.
            LedgerError: The ledger cannot be read or written.
        """
        owner = await self._ledger.join()
        try:
            return await self._prepare(owner)
        finally:
            with anyio.CancelScope(shield=True):
                await self._ledger.leave(owner)

    async def run(
        self, *, every: float = 0.5, patience: float = 300.0, wait_for_statuses: float = 0.0
    ) -> AsyncGenerator[Progress]:
        """Send it, and tell how it goes. A paused or halted campaign is resumed.

        Ends when nothing more can be sent now: all is sent, it was halted or cancelled, or what
        is left is due later than `patience`. When it is cancelled or the loop over it is left,
        requests that are on their way are waited for and recorded.

        Args:
            every: Seconds between two progress reports.
            patience: The longest wait for a retry or for the end of a rest, in seconds.
            wait_for_statuses: When all is sent, go on until no status has come for so many
                seconds, or none can come.

        Raises:
            ConfigurationError: It has nothing to be sent through.
            AudienceError: The audience cannot be read or lacks a column; nothing was sent.
            CampaignConflict: The id exists with another message or audience.
            LedgerError: The ledger cannot be read or written; sending has stopped.
        """
        if self._sender is None:
            raise ConfigurationError(f"the campaign {self.id!r} has no session to be sent through")
        # The work is done in a task of its own: a task group must not be open at a `yield`, because
        # a loop that is left closes the generator from another task.
        work = asyncio.create_task(
            self._work(patience, wait_for_statuses), name=f"campaign {self.id}"
        )
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=every)
                if not work.done() and self._row is not None:
                    yield await self.progress()
            work.result()
            yield await self.progress()
        finally:
            if not work.done():
                work.cancel()
                with anyio.CancelScope(shield=True):
                    await asyncio.wait({work})
            if not work.cancelled():
                work.exception()  # it was raised above, or came while stopping after the loop

    async def _work(self, patience: float, wait_for_statuses: float) -> None:
        owner = await self._ledger.join()
        try:
            row = await self._prepare(owner)
            await self.resume()
            await self._ledger.change(
                row.number, CampaignState.RUNNING, expected={CampaignState.READY}
            )
            await self._send(row, owner, patience)
            if wait_for_statuses:
                await self._await_statuses(row, wait_for_statuses)
        except ExceptionGroup as group:
            raise _first(group) from None
        finally:
            with anyio.CancelScope(shield=True):
                await self._ledger.leave(owner)

    async def _prepare(self, owner: str) -> CampaignRow:
        row = await self._ledger.create(self.spec.to_row(), now=self._clock())
        self._row = row
        if row.state is CampaignState.IMPORTING:
            if self._audience is None:
                raise AudienceError(f"the campaign {self.id!r} has no audience yet; give one")
            row = await import_audience(
                self._ledger, row, self._audience, owner=owner, clock=self._clock
            )
        elif self._audience is not None and await self._audience.fingerprint() != row.audience:
            raise CampaignConflict(
                f"the campaign {self.id!r} exists with another audience; choose another id,"
                " or give the audience that it was made with"
            )
        path = self.rejects_path
        if path is not None and row.rejected + row.duplicates and not path.exists():
            await write_rejects(self._ledger, row, path)
        return row

    async def _send(self, row: CampaignRow, owner: str, patience: float) -> None:
        """Run a dispatcher and a worker until nothing more can be sent now."""
        signer = TokenSigner(await self._ledger.key())
        engine = self._engine or LocalEngine(concurrency=_CHUNKS, clock=self._clock)
        dispatcher = Dispatcher(
            ledger=self._ledger,
            engine=engine,
            owner=owner,
            campaign=row.number,
            clock=self._clock,
        )
        worker = Worker(
            ledger=self._ledger,
            limiter=self._limiter,
            senders=lambda other, _session: self._sender if other.number == row.number else None,
            owner=owner,
            signer=signer,
            send_timeout=self._send_timeout,
            concurrency=self._concurrency,
            on_chunk_done=dispatcher.nudge,
            clock=self._clock,
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(dispatcher.run)
            tasks.start_soon(worker.run, engine)
            await self._until_ended(row, signer, patience)
            tasks.cancel_scope.cancel()

    async def _until_ended(self, row: CampaignRow, signer: TokenSigner, patience: float) -> None:
        # Another process may do the work or change the state, so the ledger is asked.
        while True:
            if await self._has_ended(row, signer, patience):
                return
            await anyio.sleep(_LOOK_EVERY)

    async def _has_ended(self, row: CampaignRow, signer: TokenSigner, patience: float) -> bool:
        now = self._clock()
        standing = await self._ledger.standing(row.number, now=now)
        found = outlook(standing, now=now, patience=patience)
        if found.phase is not Phase.DONE or not standing.counts.unknown:
            return found.ended
        changed = await retry_overdue(self._ledger, row, now=now)
        if self._look_up is not None:
            changed += await look_up_unknown(
                self._ledger, row, signer, self._look_up, now=now, older_than=self._send_timeout
            )
        return not changed

    async def _await_statuses(self, row: CampaignRow, quiet: float) -> None:
        """Wait until no status can come any more, or none has come for `quiet` seconds."""
        seen, since = None, time.monotonic()
        while True:
            counts = (await self._ledger.standing(row.number, now=self._clock())).counts
            if counts.read + counts.failed + counts.pending == counts.total:
                return
            if counts != seen:
                seen, since = counts, time.monotonic()
            elif time.monotonic() - since >= quiet:
                return
            await anyio.sleep(_LOOK_EVERY)

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
        """Put failed messages back into the queue; `run` sends them again.

        Args:
            codes: Only those that failed with one of these errors; by default all.

        Returns:
            How many will be sent again.

        Raises:
            CampaignError: It is cancelled.
        """
        row = await self._found()
        current = await self._ledger.get(row.number)
        if current is None or current.state is CampaignState.CANCELLED:
            raise CampaignError(f"the campaign {self.id!r} is cancelled; nothing of it is sent")
        return await reopen_failed(self._ledger, row, codes, now=self._clock())

    # Looking

    async def progress(self) -> Progress:
        """How far it is, wherever it runs."""
        row = await self._found()
        now = self._clock()
        standing = await self._ledger.standing(row.number, now=now)
        counts = standing.counts
        return progress_of(standing, now=now, rate=self._meter.rate(counts.total - counts.open))

    async def report(self) -> Report:
        """The outcome in figures; can be asked for at any time."""
        row = await self._found()
        now = self._clock()
        standing = await self._ledger.standing(row.number, now=now)
        errors = await self._ledger.errors(row.number)
        path = self.rejects_path
        listed = path is not None and await asyncio.to_thread(path.exists)
        return make_report(standing, errors, now=now, rejects_file=path if listed else None)

    async def recipients(self, *states: State) -> AsyncIterator[RecipientRow]:
        """List recipients, all or those in some states, by their number."""
        row = await self._found()
        after = 0
        while page := await self._ledger.recipients(
            row.number, states or tuple(State), after=after, limit=_PAGE
        ):
            for recipient in page:
                yield recipient
            after = page[-1].seq

    def dead_letters(self) -> AsyncIterator[RecipientRow]:
        """List recipients whose message failed or whose fate is unknown, with the reasons."""
        return self.recipients(*_DEAD_LETTERS)

    async def _change(
        self, state: CampaignState, expected: Collection[CampaignState], reason: str | None
    ) -> bool:
        row = await self._found()
        return await self._ledger.change(row.number, state, expected=expected, reason=reason)

    async def _found(self) -> CampaignRow:
        if self._row is None:
            self._row = await self._ledger.find(self.spec.workspace, self.id)
        if self._row is None:
            raise CampaignError(
                f"there is no campaign {self.id!r} in the workspace {self.spec.workspace!r}"
            )
        return self._row


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """The first error of a group: the others are what it caused elsewhere."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error
