"""A campaign: one message to an audience, recorded so that it can be stopped at any moment."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path

import anyio

from blazz import addresses
from blazz.campaigns import pacing
from blazz.campaigns.audience import Audience
from blazz.campaigns.content import Content
from blazz.campaigns.dispatcher import Dispatcher
from blazz.campaigns.dry_run import DryRun, dry_run, first_row
from blazz.campaigns.engine.base import Engine
from blazz.campaigns.engine.local import LocalEngine
from blazz.campaigns.handle import CampaignHandle
from blazz.campaigns.importing import import_audience, write_rejects
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, CampaignState, Standing, UnknownPolicy
from blazz.campaigns.limiter.base import Limiter
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.lost_ledger import stopping
from blazz.campaigns.patient_ledger import PatientLedger
from blazz.campaigns.progress import Phase, Progress, outlook
from blazz.campaigns.rate_card import RateCard
from blazz.campaigns.routing import Sender
from blazz.campaigns.settle import LookUp, look_up_unknown, retry_overdue
from blazz.campaigns.spec import CampaignSpec
from blazz.campaigns.supervision import Supervisor, begin_canary
from blazz.campaigns.template_check import FindTemplate
from blazz.campaigns.tokens import TokenSigner
from blazz.campaigns.worker import Worker
from blazz.errors import AudienceError, CampaignConflict, ConfigurationError, LedgerUnavailable
from blazz.providers.base import Receipt, new_token

_CHUNKS = 2
_LOOK_EVERY = 0.1
_PATIENCE = 300.0


class Campaign(CampaignHandle):
    """One message to an audience.

    All that matters is in the ledger. A campaign that was interrupted, by Ctrl-C or by a power cut,
    goes on when it is run again under the same id.

    Args:
        spec: Its settings.
        ledger: Where it is recorded; open.
        sender: What it is sent through; every `Provider` is one. Without it the campaign can be
            looked at and steered, but not run.
        senders: Instead of `sender`, what each of several sessions sends through, by its name.
        audience: Who it goes to; not needed once the ledger has it.
        limiter: Counts what leaves under each session; campaigns of one session share it.
        engine: What carries its chunks, between this process and workers; one of its own by
            default.
        look_up: `Provider.settle`, where the provider can do it.
        find_template: Looks a template of the account up, where the provider can do it.
        statuses: Whether the session gets status updates for what it sends.
        folder: Where the rejects file goes.
        send_timeout: Seconds after which a request without an answer is given up.
        takeover: Seconds after which another process takes over from one that is not heard of, see
            `ServingOptions`; where the ledger sees that a process ended, it does so at once.
        concurrency: How many requests may be on their way at once; by default it fits the rate.
        clock: Seconds since the epoch.

    Raises:
        ConfigurationError: Unknown messages are to be retried, but nothing can ever tell what
            became of a message; or a session has nothing that it sends through.

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
        senders: Mapping[str, Sender] | None = None,
        audience: Audience | None = None,
        limiter: Limiter | None = None,
        engine: Engine | None = None,
        look_up: LookUp | None = None,
        find_template: FindTemplate | None = None,
        statuses: bool = True,
        folder: Path | None = None,
        send_timeout: float = 30.0,
        takeover: float | None = None,
        concurrency: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if spec.unknown is UnknownPolicy.RETRY and not statuses and look_up is None:
            raise ConfigurationError(
                "unknown messages can only be retried where status updates or look-ups tell what"
                " became of them; use unknown=UnknownPolicy.HOLD"
            )
        super().__init__(spec, ledger=ledger, folder=folder, clock=clock)
        sessions = spec.sessions or (spec.session,)
        if senders is None:
            senders = {spec.session: sender} if sender is not None else {}
        if senders and set(sessions) - set(senders):
            missing = ", ".join(sorted(set(sessions) - set(senders)))
            raise ConfigurationError(f"nothing to send through for the sessions: {missing}")
        self._senders = senders
        self._audience = audience
        self._limiter = limiter or LocalLimiter()
        self._engine = engine
        self._look_up = look_up
        self._find_template = find_template
        self._send_timeout = send_timeout
        self._takeover = takeover
        self._concurrency = concurrency or len(sessions) * pacing.concurrency(spec.rate)
        self._chunks = _CHUNKS * len(sessions)

    # Trying out

    async def dry_run(self, *, rate_card: RateCard | str | Path | None = None) -> DryRun:
        """Check everything, and tell how many, how long and how much; nothing is sent or kept.

        Every row is read and filled in, the templates are looked up at the provider, and the cost
        is worked out by country and category.

        Args:
            rate_card: What messages cost: a `RateCard`, or a CSV file with one.

        Raises:
            AudienceError: The audience cannot be read or lacks a column.
            CampaignConflict: It has no audience.
            InvalidValue: The rate card cannot be read.
        """
        if self._audience is None:
            raise AudienceError(f"the campaign {self.id!r} has no audience; give one")
        if isinstance(rate_card, str | Path):
            rate_card = await asyncio.to_thread(RateCard.csv, rate_card)
        return await dry_run(
            self.spec,
            self._audience,
            rate_card=rate_card,
            find_template=self._find_template,
            now=self._clock(),
        )

    async def send_test(self, to: str, *, session: str | None = None) -> list[Receipt]:
        """Send what the first recipient would get to somebody else: yourself.

        It is filled in from the first good row of the audience, goes out once for each variant,
        and is not recorded in the campaign.

        Args:
            to: Whom to send it to: your own number, in international form.
            session: Which session sends it; the first by default.

        Raises:
            AudienceError: No row of the audience is good.
            ConfigurationError: It has nothing to be sent through.
        """
        sender = self._sender(session or self.spec.session)
        content = Content(self.spec.message, seed=self.id)
        values = await first_row(self._ledger, self.spec, self._audience)
        address = addresses.parse(to)
        return [
            await sender.send(address, content.render(values, variant=variant), token=new_token())
            for variant in range(len(content.messages))
        ]

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

    async def start(self) -> None:
        """Import the audience and let workers send it; this process sends nothing.

        A paused or halted campaign is resumed. `watch` looks on.

        Raises:
            AudienceError: The audience cannot be read or lacks a column.
            CampaignConflict: The id exists with another message or audience.
            LedgerError: The ledger cannot be read or written.
        """
        owner = await self._ledger.join()
        try:
            await self._start(owner, resume=True)
        finally:
            with anyio.CancelScope(shield=True):
                await self._ledger.leave(owner)

    async def run(
        self,
        *,
        every: float = 0.5,
        patience: float | None = None,
        wait_for_statuses: float = 0.0,
        resume: bool = True,
    ) -> AsyncGenerator[Progress]:
        """Send it, and tell how it goes. A paused or halted campaign is resumed.

        Ends when nothing more can be sent now: all is sent, it was halted or cancelled, or what
        is left is due later than `patience`. When it is cancelled or the loop over it is left,
        requests that are on their way are waited for and recorded.

        Args:
            every: Seconds between two progress reports.
            patience: The longest wait for a retry or for the end of a rest, in seconds; by default
                300, or without end where the campaign keeps to hours of the day.
            wait_for_statuses: When all is sent, go on until no status has come for so many
                seconds, or none can come.
            resume: Whether a paused campaign goes on. Without it only a halted one does: for
                programs that run what others pause, so that a pause of the same moment holds.

        Raises:
            ConfigurationError: It has nothing to be sent through.
            AudienceError: The audience cannot be read or lacks a column; nothing was sent.
            CampaignConflict: The id exists with another message or audience.
            LedgerError: The ledger cannot be read or written; sending has stopped.
            LedgerLost: The ledger has lost its data.
        """
        self._sender(self.spec.session)
        if patience is None:
            patience = _PATIENCE if self.spec.hours is None else math.inf
        # The work is done in a task of its own: a task group must not be open at a `yield`, because
        # a loop that is left closes the generator from another task.
        work = asyncio.create_task(
            self._work(patience, wait_for_statuses, resume=resume), name=f"campaign {self.id}"
        )
        try:
            with stopping([self.id]):
                while not work.done():
                    await asyncio.wait({work}, timeout=every)
                    if not work.done() and self._row is not None:
                        try:
                            progress = await self._reported()
                        except LedgerUnavailable:  # it is waited for; meanwhile nothing is known
                            continue
                        yield progress
                work.result()
                yield await self._reported()
        finally:
            if not work.done():
                work.cancel()
                with anyio.CancelScope(shield=True):
                    await asyncio.wait({work})
            if not work.cancelled():
                work.exception()  # it was raised above, or came while stopping after the loop

    async def _work(self, patience: float, wait_for_statuses: float, *, resume: bool) -> None:
        owner = await self._ledger.join()
        try:
            row = await self._start(owner, resume=resume)
            await self._send(row, owner, patience)
            if wait_for_statuses:
                await self._await_statuses(row, wait_for_statuses)
        except ExceptionGroup as group:
            raise _first(group) from None
        finally:
            with anyio.CancelScope(shield=True):
                await self._ledger.leave(owner)

    async def _start(self, owner: str, *, resume: bool) -> CampaignRow:
        row = await self._prepare(owner)
        # Before anything can be sent: a canary holds the others back, an end that has come ends it.
        await begin_canary(self._ledger, row, now=self._clock())
        await Supervisor(self._ledger, clock=self._clock).look(row.number)
        stopped = {CampaignState.HALTED} | ({CampaignState.PAUSED} if resume else set())
        await self._change(CampaignState.RUNNING, stopped, None)
        await self._ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
        return row

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
        engine = self._engine or LocalEngine(concurrency=self._chunks, clock=self._clock)
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
            senders=lambda other, session: (
                self._senders.get(session) if other.number == row.number else None
            ),
            owner=owner,
            signer=signer,
            send_timeout=self._send_timeout,
            lease=self._takeover,
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
        ledger, _ = PatientLedger.of(self._ledger)
        supervisor = Supervisor(ledger, clock=self._clock)
        while True:
            standing = await supervisor.look(row.number)
            if await self._has_ended(ledger, standing, signer, patience):
                return
            await anyio.sleep(_LOOK_EVERY)

    async def _has_ended(
        self, ledger: Ledger, standing: Standing, signer: TokenSigner, patience: float
    ) -> bool:
        row, now = standing.row, self._clock()
        found = outlook(standing, now=now, patience=patience)
        if found.phase is not Phase.DONE or not standing.counts.unknown:
            return found.ended
        changed = await retry_overdue(ledger, row, now=now)
        if self._look_up is not None:
            changed += await look_up_unknown(
                ledger, row, signer, self._look_up, now=now, older_than=self._send_timeout
            )
        return not changed

    async def _await_statuses(self, row: CampaignRow, quiet: float) -> None:
        """Wait until no status can come any more, or none has come for `quiet` seconds."""
        ledger, _ = PatientLedger.of(self._ledger)
        supervisor = Supervisor(ledger, clock=self._clock)
        seen, since = None, time.monotonic()
        while True:
            counts = (await supervisor.look(row.number)).counts
            if counts.read + counts.failed + counts.pending == counts.total:
                return
            if counts != seen:
                seen, since = counts, time.monotonic()
            elif time.monotonic() - since >= quiet:
                return
            await anyio.sleep(_LOOK_EVERY)

    async def _reported(self) -> Progress:
        progress = await self.progress()
        await self._tell(progress)
        return progress

    def _sender(self, session: str) -> Sender:
        if session not in self._senders:
            raise ConfigurationError(
                f"the campaign {self.id!r} has no session {session!r} to be sent through"
            )
        return self._senders[session]


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """The first error of a group: the others are what it caused elsewhere."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error
