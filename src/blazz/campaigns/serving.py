"""What a worker process does: offers chunks, sends them, and looks after campaigns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import anyio

from blazz.campaigns.dispatcher import Dispatcher
from blazz.campaigns.engine.base import Engine
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, CampaignState, UnknownPolicy
from blazz.campaigns.limiter.base import Limiter
from blazz.campaigns.lost_ledger import stopping
from blazz.campaigns.patience import Outage
from blazz.campaigns.patient_ledger import PatientLedger
from blazz.campaigns.routing import Ready, Senders
from blazz.campaigns.settle import retry_overdue
from blazz.campaigns.supervision import Supervisor
from blazz.campaigns.tokens import TokenSigner
from blazz.campaigns.worker import Worker
from blazz.errors import ConfigurationError, LedgerUnavailable

_SETTLE_EVERY: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingOptions:
    """How a process works for campaigns.

    Attributes:
        concurrency: How many requests may be on their way at once.
        send_timeout: Seconds after which a request without an answer is given up.
        takeover: Seconds after which others take over from a process that is not heard of; by
            default half a minute more than the least, which is two and a half times
            `send_timeout`.
        hold: Seconds after which a chunk that was queued and not begun is queued again.

    Raises:
        ConfigurationError: A value is out of range.
    """

    concurrency: int = 100
    send_timeout: float = 30.0
    takeover: float | None = None
    hold: float = 30.0

    def __post_init__(self) -> None:
        if self.hold < 1:
            raise ConfigurationError(f"hold must be at least 1 s, not {self.hold}")


async def serve(
    *,
    ledger: Ledger,
    engine: Engine,
    limiter: Limiter,
    senders: Senders,
    ready: Ready | None = None,
    options: ServingOptions = ServingOptions(),
    started: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Work for all campaigns of a ledger until cancelled; then finish what is on its way.

    Any number of processes may do so, on any machines. Servers that are away are waited for, at the
    start as well.

    Args:
        ledger: The ledger; it is opened, and left open.
        engine: What carries chunks between the processes.
        limiter: Counts what leaves, for all of them.
        senders: What this process sends through.
        ready: Called with a campaign and its sessions before `senders` is.
        options: How it works.
        started: Called with the name that this process has in the ledger.
        clock: Seconds since the epoch.

    Raises:
        LedgerError: The ledger cannot be read or written; sending has stopped.
        LedgerLost: The ledger has lost its data; the campaigns that were served are named.
    """
    patient, patience = PatientLedger.of(ledger)
    await Outage("the ledger").outlast(ledger.open, LedgerUnavailable)
    owner = await patient.join()
    served: set[str] = set()

    async def note(row: CampaignRow, sessions: Sequence[str]) -> None:
        served.add(row.id)
        if ready is not None:
            await ready(row, sessions)

    try:
        signer = TokenSigner(await patient.key())
        dispatcher = Dispatcher(
            ledger=ledger, engine=engine, owner=owner, hold=options.hold, clock=clock
        )
        worker = Worker(
            ledger=ledger,
            limiter=limiter,
            senders=senders,
            owner=owner,
            signer=signer,
            send_timeout=options.send_timeout,
            lease=options.takeover,
            concurrency=options.concurrency,
            ready=note,
            on_chunk_done=dispatcher.nudge,
            clock=clock,
        )
        if started is not None:
            started(owner)
        with stopping(served):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(dispatcher.run)
                tasks.start_soon(Supervisor(ledger, clock=clock).run)
                tasks.start_soon(_settle, patient, clock)
                await worker.run(engine)
                tasks.cancel_scope.cancel()
    finally:
        patience.hurry()
        with anyio.CancelScope(shield=True):
            await patient.leave(owner)


async def _settle(ledger: Ledger, clock: Callable[[], float]) -> None:
    """Send messages again that stayed unknown for too long, where the policy is to retry."""
    while True:
        await anyio.sleep(_SETTLE_EVERY)
        for row in await ledger.campaigns(None, states={CampaignState.RUNNING}):
            if row.unknown is UnknownPolicy.RETRY:
                await retry_overdue(ledger, row, now=clock())
