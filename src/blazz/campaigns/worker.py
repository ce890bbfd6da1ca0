"""Sends the recipients of leased chunks, window by window.

The order of things keeps the promise that nobody gets a message twice: rows are committed as
`sending` before their requests leave, and whoever finds such a row later cannot know whether its
request did, so it becomes `unknown` and is not sent again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from blazz import addresses
from blazz.campaigns import pacing
from blazz.campaigns.chunk_run import ChunkRun
from blazz.campaigns.delivery import Accepted, Evidence, Lost, NeverLeft, RefusedBy
from blazz.campaigns.engine.base import ChunkId, Declined, Engine
from blazz.campaigns.evidence import evidence_from, is_expected
from blazz.campaigns.lanes import Lanes
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    Finding,
    WindowRow,
    unpack,
)
from blazz.campaigns.limiter.base import Limiter
from blazz.campaigns.number import Number
from blazz.campaigns.orders import Orders
from blazz.campaigns.pacing import Pace
from blazz.campaigns.patient_ledger import PatientLedger
from blazz.campaigns.permits import Permits
from blazz.campaigns.routing import Ready, Route, Routes, Senders, gives_way, sessions_of
from blazz.campaigns.screening import quiet_until
from blazz.campaigns.tokens import TokenSigner
from blazz.errors import BlazzError, ConfigurationError, InvalidValue, LeaseLost, LedgerError, Retry

_log = logging.getLogger(__name__)

_GRACE = 5.0
_LOOK_EVERY = 0.5
_SPARE = 30.0


@dataclass(slots=True)
class _Work:
    """A chunk in work: its campaign, and what sends and fills in its messages."""

    row: CampaignRow
    run: ChunkRun
    route: Route
    orders: Orders
    number: Number


class Worker:
    """Takes chunks from an engine and sends them.

    Args:
        ledger: The ledger.
        limiter: Counts what leaves under each session.
        senders: What each campaign is sent through.
        owner: Who holds the leases; from `Ledger.join`.
        signer: Made with the ledger's key.
        send_timeout: Seconds after which a request without an answer is given up.
        lease: Seconds after which others take over from a worker that is not heard of; at least
            two and a half times `send_timeout`, by default half a minute more.
        concurrency: How many requests may be on their way at once.
        ready: Called with a campaign and its sessions before `senders` is.
        on_chunk_done: Called when a chunk was given back.
        clock: Seconds since the epoch.
        monotonic: Monotonic seconds.

    Raises:
        ConfigurationError: The timeout is not above 0, the lease too short for it, or the
            concurrency below 1.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        limiter: Limiter,
        senders: Senders,
        owner: str,
        signer: TokenSigner,
        send_timeout: float = 30.0,
        lease: float | None = None,
        concurrency: int = 100,
        ready: Ready | None = None,
        on_chunk_done: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if send_timeout <= 0:
            raise ConfigurationError(f"send_timeout must be above 0, not {send_timeout}")
        if concurrency < 1:
            raise ConfigurationError(f"concurrency must be at least 1, not {concurrency}")
        self._ledger, self._patience = PatientLedger.of(ledger)
        self._permits = Permits(limiter)
        self._owner = owner
        self._signer = signer
        self._send_timeout = send_timeout
        self._concurrency = concurrency
        self._ready = ready
        self._on_chunk_done = on_chunk_done
        self._clock = clock
        self._monotonic = monotonic
        self._numbers: dict[tuple[str, str], Number] = {}
        self._orders: dict[int, Orders] = {}
        self._routes = Routes(senders, load=self._load, clock=clock)
        self._works: list[_Work] = []
        self._lanes: Lanes[tuple[_Work, WindowRow]] = Lanes(
            concurrency,
            self._send_row,
            cut_off=self._give_row_up,
            timeout=send_timeout,
            clock=monotonic,
        )
        # Long enough for a request that starts in the first half to end within the lease.
        least = 2 * self._lanes.longest
        self._ttl = least + _SPARE if lease is None else lease
        if self._ttl < least:
            raise ConfigurationError(f"lease must be at least {least:g} s, not {lease}")
        self._failure: Exception | None = None

    async def run(self, engine: Engine) -> None:
        """Work until cancelled; then let requests that are on their way end, and record them.

        A ledger, limiter or engine whose server is away is waited for.

        Raises:
            LedgerError: The ledger cannot be read or written; sending has stopped.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._lanes.run)
            async with anyio.create_task_group() as watching:
                watching.start_soon(self._watch)
                try:
                    with anyio.CancelScope() as scope:
                        await engine.run(lambda chunk: self._guard(chunk, scope))
                finally:
                    watching.cancel_scope.cancel()
                    self._lanes.close()
        if self._failure is not None:
            raise self._failure

    async def _guard(self, chunk: ChunkId, scope: anyio.CancelScope) -> None:
        """Stop all work on the first failure, instead of failing again with every chunk."""
        try:
            await self.handle(chunk)
        except Declined:
            raise
        except Exception as error:  # noqa: BLE001  # raised again by `run`
            self._failure = self._failure or error
            scope.cancel()

    async def handle(self, chunk: ChunkId) -> None:
        """Work on one chunk until nothing of it is due, or its campaign must stop.

        Raises:
            Declined: This process has none of the campaign's numbers.
            LedgerError: The ledger cannot be read or written.
        """
        row = await self._ledger.get(chunk.campaign)
        if row is None:
            return
        orders = self._orders_of(row)
        if self._ready is not None:
            await self._ready(row, sessions_of(row, orders.options))
        if not self._routes.serves(row, orders.options):
            raise Declined
        asked_at = self._monotonic()
        lease = await self._ledger.lease_chunk(
            chunk, owner=self._owner, ttl=self._ttl, now=self._clock()
        )
        if lease is None:  # somebody has it, or there is nothing to do: the ledger knows
            return
        route = self._routes.pick(row, orders.options, lease.lane)
        if route is None:  # its number is out for a while, and no other may take over
            await anyio.sleep(_GRACE)
            await self._ledger.release(lease, now=self._clock())
            return
        work = _Work(
            row=row,
            run=ChunkRun(lease, now=asked_at, ttl=self._ttl, priority=row.priority),
            route=route,
            orders=orders,
            number=self._numbers.setdefault((row.workspace, route.session), Number()),
        )
        work.number.runs.append(work.run)
        self._works.append(work)
        try:
            work.run.remaining = await orders.screen.screen(lease)
            await self._send_chunk(work)
        except LeaseLost:
            _log.warning("chunk %s of campaign %s was taken over", chunk.number, row.id)
        finally:
            with anyio.CancelScope(shield=True):
                await self._give_back(work)
            work.number.runs.remove(work.run)
            self._works.remove(work)
        self._on_chunk_done()

    async def _watch(self) -> None:
        """Notice soon that a campaign must not go on, and at once that this worker must not."""
        try:
            while True:
                await anyio.sleep(_LOOK_EVERY)
                for number in {work.row.number for work in self._works if work.run.in_flight}:
                    await self._look_after(number)
        except LedgerError as error:  # whoever sends meets it as well, and ends the work
            _log.warning("the ledger does not tell whether campaigns may go on: %s", error)
        finally:
            self._patience.hurry()

    async def _look_after(self, number: int) -> None:
        row = await self._ledger.get(number)
        if row is None or row.state is not CampaignState.RUNNING:
            for work in self._works:
                if work.row.number == number:
                    work.run.stop()

    def _orders_of(self, row: CampaignRow) -> Orders:
        orders = self._orders.get(row.number)
        if orders is None or not orders.fit(row):
            try:
                orders = Orders(row, self._ledger, clock=self._clock)
            except (InvalidValue, ValueError) as error:  # a newer version wrote them
                _log.warning("campaign %s is left to other workers: %s", row.id, error)
                raise Declined from error
            self._orders[row.number] = orders
        return orders

    def _load(self, workspace: str, session: str) -> float:
        number = self._numbers.get((workspace, session))
        return len(number.runs) if number is not None else 0

    async def _send_chunk(self, work: _Work) -> None:
        run = work.run
        pause = pacing.tick(work.row.rate)
        while True:
            n, wait, enough = await self._room(work)
            findings = run.take_findings()
            # Once rows are marked, this process must know of them, or they end as unknown although
            # they never left: not to be interrupted.
            with anyio.CancelScope(shield=True):
                if n or run.must_renew(self._monotonic()):
                    await self._step(work, findings, n)
                elif findings:
                    await self._record(work, findings)
            if run.done:
                return
            await run.wait(max(pause, wait), enough=enough)

    async def _room(self, work: _Work) -> tuple[int, float, int]:
        """How many rows to take now; else how long to wait, or for how many results."""
        pace, latency = work.number.pace, work.number.latency
        most = pacing.most_rows(self._concurrency, latency=latency, step=work.number.step)
        window = pacing.window(work.row.rate, latency, most=most, pace=pace)
        want, enough = work.number.room(work.run, window)
        rest = pace.rest_until - self._clock()
        if rest > 0:
            return 0, min(rest, self._ttl / 3), enough
        if not want:
            return 0, 0.0, enough
        grant = await self._permits.acquire(work.row, work.route.session, want)
        return grant.granted, min(grant.wait, self._ttl / 3), enough

    async def _step(self, work: _Work, findings: list[Finding], n: int) -> None:
        """Record results and take the next rows, both in one commit if the ledger can."""
        run = work.run
        asked_at = self._monotonic()
        recorded, rows = await asyncio.gather(
            self._record(work, findings),
            self._ledger.begin_window(
                run.lease, n, after=run.taken, ttl=self._ttl, now=self._clock()
            ),
            return_exceptions=True,
        )
        if isinstance(rows, BaseException):
            raise rows
        run.renew(asked_at)
        work.number.step += (self._monotonic() - asked_at - work.number.step) / 4
        if n:
            run.take(rows, n)
        refusal = await self._permits.refused(
            work.row, work.orders.options, work.route.session, rows, now=self._clock()
        )
        for row in rows:
            if row.seq in refusal.rows:
                run.finish(row, refusal.rows[row.seq])
            else:
                self._lanes.put((work, row))
        if refusal.full_until is not None:  # whoever was admitted is still sent to
            run.remaining = 0
            number, reason = work.row.number, refusal.reason
            await self._ledger.rest(number, until=refusal.full_until, reason=reason)
        if not run.remaining:  # it is the next chunk's turn
            for other in work.number.runs:
                other.wake()
        if isinstance(recorded, BaseException):
            raise recorded

    async def _record(self, work: _Work, findings: list[Finding]) -> None:
        if not findings:
            return
        now = self._clock()
        try:
            await self._ledger.record(findings, now=now)
        except BaseException:
            work.run.findings = findings + work.run.findings
            raise
        batch = [finding.evidence for finding in findings]
        work.number.pace = pacing.adapt(work.number.pace, batch, now=now)
        complaint = pacing.complaint(batch)
        if complaint is not None:
            await self._permits.slow(work.row, work.route.session, complaint)
        stop = pacing.verdict(work.number.pace, batch, now=now)
        if stop is not None:
            await self._stop(work, stop)
        elif work.orders.options.sessions:
            stop = gives_way(work.number.pace, now=now)
            if stop is not None:
                await self._give_way(work, stop)

    async def _give_way(self, work: _Work, stop: pacing.Stop) -> bool:
        """Let another of the campaign's numbers take over, if there is one that can."""
        row, session = work.row, work.route.session
        if not self._routes.take_out(row, work.orders.options, session, stop):
            return False
        work.run.stop()
        work.number.pace = Pace(trouble=1)  # when it is tried again, it begins with one message
        text = f"others take over from {session}: {stop.reason}"
        await self._ledger.note(row.number, text, at=self._clock())
        return True

    async def _stop(self, work: _Work, stop: pacing.Stop) -> None:
        if await self._give_way(work, stop):
            return
        work.run.stop()
        number = work.row.number
        if stop.until is not None:
            await self._ledger.rest(number, until=stop.until, reason=stop.reason)
            return
        work.number.pace = Pace()  # whoever resumes it has mended something
        state = CampaignState.PAUSED if stop.pause else CampaignState.HALTED
        await self._ledger.change(
            number, state, expected={CampaignState.RUNNING}, reason=stop.reason
        )

    async def _give_back(self, work: _Work) -> None:
        """Let requests that left end, record all results, and release the chunk."""
        run = work.run
        run.stopping = True
        with anyio.move_on_after(self._lanes.longest + _GRACE):
            await run.drained()
        await self._record(work, run.take_findings())
        await self._ledger.release(run.lease, now=self._clock())

    async def _send_row(self, item: tuple[_Work, WindowRow]) -> None:
        work, row = item
        work.run.finish(row, await self._send(work, row))

    def _give_row_up(self, item: tuple[_Work, WindowRow]) -> None:
        work, row = item
        work.run.finish(row, Lost(f"no answer within {self._send_timeout:g} s"))

    async def _send(self, work: _Work, row: WindowRow) -> Evidence:
        started = self._monotonic()
        # A request must end before the lease does: afterwards another worker may call it unknown.
        if work.run.stopping or started + self._lanes.longest > work.run.deadline:
            return NeverLeft()
        try:
            values = unpack(row.values, work.row.columns)
            message = work.orders.content.render(values, variant=row.variant)
            address = addresses.read_back(row.address)
        except (BlazzError, ValueError, IndexError) as error:
            return RefusedBy(Retry.NEVER, None, f"the row cannot be read: {error}")
        opening = work.orders.screen.opening(row.address)
        if not opening.open:  # the evening came while the chunk was in work
            return quiet_until(opening.until)
        token = self._signer.sign(work.row.number, row.seq, row.attempt)
        try:
            receipt = await work.route.sender.send(address, message, token=token)
        except Exception as error:  # noqa: BLE001  # whatever it was, the row needs a result
            if not is_expected(error):
                _log.exception("the sender of campaign %s raised", work.row.id)
            return evidence_from(error)
        taken = self._monotonic() - started
        work.number.latency += (taken - work.number.latency) / 16
        return Accepted(receipt.message_id, work.route.place)
