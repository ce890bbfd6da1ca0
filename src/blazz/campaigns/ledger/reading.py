"""What can be read of campaigns, as operations for every SQL database."""

from __future__ import annotations

import json
from collections.abc import Collection

from blazz.campaigns.delivery import State
from blazz.campaigns.ledger import campaign_work
from blazz.campaigns.ledger.campaign_work import LAST
from blazz.campaigns.ledger.records import (
    Counts,
    ErrorCount,
    Note,
    RecipientRow,
    Reject,
    RejectKind,
    Sample,
    Standing,
    Tally,
)
from blazz.databases.operations import Operation, Statement
from blazz.errors import LedgerError

_FOREVER = 1e15


def standing(number: int, now: float) -> Operation[Standing]:
    """Add up the counters of a campaign's chunks."""
    row = yield from campaign_work.get(number)
    if row is None:
        raise LedgerError(f"there is no campaign {number}")
    last = LAST if row.upto is None else (row.upto + row.chunk_size - 1) // row.chunk_size
    ((*counts, busy, next_at, first_at, last_at),) = yield Statement(
        "standing", (number, now, last)
    )
    return Standing(
        row=row,
        counts=_counts(counts),
        busy=busy,
        next_at=next_at,
        first_at=first_at,
        last_at=last_at,
    )


def errors(number: int) -> Operation[list[ErrorCount]]:
    """Count failed and unknown recipients per error."""
    found = yield Statement("errors", (number,))
    return [ErrorCount(State(state), code, reason, times) for state, code, reason, times in found]


def recipients(
    number: int,
    states: Collection[State],
    after: int,
    limit: int,
    changed_before: float | None,
) -> Operation[list[RecipientRow]]:
    """Read a page of recipients."""
    before = _FOREVER if changed_before is None else changed_before
    wanted = sorted(state.value for state in states)
    found = yield Statement("recipients", (number, after, before, wanted, limit))
    return [
        RecipientRow(
            seq=seq,
            line=line,
            address=address,
            values=values,
            state=State(state),
            attempt=attempt,
            message_id=message_id,
            code=code,
            reason=reason,
            changed_at=changed_at,
            sent_at=sent_at,
            country=country,
            variant=variant,
            sender=sender,
        )
        for (
            seq, line, address, values, state, attempt, message_id, code, reason, changed_at,
            sent_at, country, variant, sender,
        ) in found
    ]  # fmt: skip


def rejects(number: int, after: int, limit: int) -> Operation[list[Reject]]:
    """Read a page of rejects."""
    found = yield Statement("rejects", (number, after, limit))
    return [
        Reject(line, RejectKind(kind), reason, tuple(json.loads(raw)))
        for line, kind, reason, raw in found
    ]


def tallies(number: int) -> Operation[list[Tally]]:
    """Count recipients by what they have in common."""
    found = yield Statement("tallies", (number,))
    return [
        Tally(country, variant, sender, State(state), count)
        for country, variant, sender, state, count in found
    ]


def reached(workspace: str, sessions: Collection[str], since: float) -> Operation[int]:
    """Count the addresses that some sessions have sent to."""
    found = yield Statement("active_since", (workspace, sorted(sessions), since))
    numbers = [number for (number,) in found]
    ((count,),) = yield Statement("reached", (numbers, since))
    return int(count)


def samples(number: int) -> Operation[list[Sample]]:
    """Read all samples."""
    found = yield Statement("samples", (number,))
    return [Sample(at, _counts(counts)) for at, *counts in found]


def notes(number: int) -> Operation[list[Note]]:
    """Read all notes."""
    found = yield Statement("notes", (number,))
    return [Note(at, text) for at, text in found]


def _counts(figures: Collection[int]) -> Counts:
    return Counts(**{state.value: count for state, count in zip(State, figures, strict=True)})
