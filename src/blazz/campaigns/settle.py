"""Turns status updates and look-ups into evidence, and gives up on what stays unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from blazz.campaigns.delivery import (
    Evidence,
    Reopened,
    Reported,
    Settled,
    SettleWindowOver,
    State,
)
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow, Finding, UnknownPolicy
from blazz.campaigns.tokens import TokenSigner
from blazz.events.statuses import StatusChanged
from blazz.providers.base import Outcome

LookUp: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, Outcome]]]
"""`Provider.settle`: what became of messages, by their tokens."""

_PAGE = 500
_LONGEST_REASON = 300


class StatusSettler:
    """Applies the status updates of a provider to the ledger of campaigns.

    Updates whose token is not of this ledger's making change nothing: those of messages outside
    campaigns, and forged ones.

    Args:
        ledger: The ledger.
        signer: Made with the ledger's key.
        clock: Seconds since the epoch.

    Attributes:
        signer: Tells the ledger's tokens from others.
    """

    def __init__(self, ledger: Ledger, signer: TokenSigner, *, clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self.signer = signer
        self._clock = clock
        self._writing = asyncio.Lock()
        self._next = _Batch()

    def is_ours(self, event: StatusChanged) -> bool:
        """Whether an update belongs to a campaign of this ledger."""
        return self.signer.verify(event.token) is not None

    async def apply(self, events: Iterable[StatusChanged]) -> None:
        """Apply updates; returns once they are committed.

        Callers that come while a batch is written share the next one. An update that is applied
        twice changes nothing the second time.

        Raises:
            LedgerError: They could not be written; give them again.
        """
        findings = [found for event in events if (found := self._finding(event)) is not None]
        if not findings:
            return
        batch = self._next
        batch.findings.extend(findings)
        async with self._writing:
            if batch.written:
                return
            # If the caller that writes for all is cancelled, `written` stays false, and the next
            # one in line writes the batch.
            if self._next is batch:
                self._next = _Batch()
            await self._ledger.record(batch.findings, now=self._clock())
            batch.written = True

    def _finding(self, event: StatusChanged) -> Finding | None:
        attempt = self.signer.verify(event.token)
        if attempt is None:
            return None
        problem = event.errors[0] if event.errors else None
        reason = (problem.details or problem.message or problem.title) if problem else None
        evidence = Reported(
            event.status,
            event.message_id,
            problem.code if problem else None,
            reason[:_LONGEST_REASON] if reason else None,
        )
        return Finding(attempt.campaign, attempt.seq, attempt.number, evidence)


class _Batch:
    """Findings that are written together."""

    __slots__ = ("findings", "written")

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.written = False


async def look_up_unknown(
    ledger: Ledger,
    row: CampaignRow,
    signer: TokenSigner,
    look_up: LookUp,
    *,
    now: float,
    older_than: float,
) -> int:
    """Ask the provider what became of a campaign's unknown messages.

    Only those that have been unknown for `older_than` seconds: before that, the request may still
    be on its way, and "not sent" would be true only for a moment.

    Returns:
        How many of them changed.
    """
    changed = after = 0
    while page := await ledger.recipients(
        row.number,
        {State.UNKNOWN},
        after=after,
        limit=_PAGE,
        changed_before=now - older_than,
    ):
        after = page[-1].seq
        tokens = {signer.sign(row.number, it.seq, it.attempt): it for it in page}
        findings = []
        for token, outcome in (await look_up(list(tokens))).items():
            if token in tokens and outcome is not Outcome.UNKNOWN:
                evidence = Settled(sent=outcome is Outcome.SENT)
                findings.append(_about(row, tokens[token].seq, tokens[token].attempt, evidence))
        changed += await ledger.record(findings, now=now)
    return changed


async def retry_overdue(ledger: Ledger, row: CampaignRow, *, now: float) -> int:
    """Send messages again whose fate is still unknown after the settle window, if policy says so.

    Returns:
        How many will be sent again.
    """
    if row.unknown is not UnknownPolicy.RETRY:
        return 0
    changed = after = 0
    while page := await ledger.recipients(
        row.number,
        {State.UNKNOWN},
        after=after,
        limit=_PAGE,
        changed_before=now - row.settle_after,
    ):
        after = page[-1].seq
        findings = [_about(row, it.seq, it.attempt, SettleWindowOver()) for it in page]
        changed += await ledger.record(findings, now=now)
    return changed


async def reopen_failed(
    ledger: Ledger, row: CampaignRow, codes: Collection[int], *, now: float
) -> int:
    """Put failed messages back into the queue: all, or those that failed with some codes.

    Returns:
        How many will be sent again.
    """
    changed = after = 0
    while page := await ledger.recipients(row.number, {State.FAILED}, after=after, limit=_PAGE):
        after = page[-1].seq
        chosen = [it for it in page if not codes or it.code in codes]
        findings = [_about(row, it.seq, it.attempt, Reopened()) for it in chosen]
        changed += await ledger.record(findings, now=now)
    return changed


async def reopen_unknown(ledger: Ledger, row: CampaignRow, *, now: float) -> int:
    """Put messages whose fate is unknown back into the queue; some people may get two.

    Returns:
        How many will be sent again.
    """
    changed = after = 0
    while page := await ledger.recipients(row.number, {State.UNKNOWN}, after=after, limit=_PAGE):
        after = page[-1].seq
        findings = [_about(row, it.seq, it.attempt, SettleWindowOver()) for it in page]
        changed += await ledger.record(findings, now=now)
    return changed


def _about(row: CampaignRow, seq: int, attempt: int, evidence: Evidence) -> Finding:
    return Finding(row.number, seq, attempt, evidence)
