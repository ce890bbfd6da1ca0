"""What happens to campaigns as a whole, as operations for every SQL database."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from typing import Any

from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    Changes,
    Counts,
    UnknownPolicy,
)
from blazz.campaigns.priority import Priority
from blazz.databases.operations import Operation, Statement
from blazz.errors import CampaignConflict, LedgerError

LAST = 2**31 - 1
"""A number that no chunk and no recipient is above."""

_BEFORE_START = frozenset({CampaignState.IMPORTING, CampaignState.READY})
_PARTS = ("chunks", "rejects", "contacts", "samples", "notes", "campaign")


def key(fresh: bytes) -> Operation[bytes]:
    """Read the key that signs tokens; the first who asks sets it."""
    yield Statement("make_key", (fresh,))
    stored: bytes = (yield Statement("key"))[0][0]
    return stored


def create(row: CampaignRow, now: float) -> Operation[CampaignRow]:
    """Insert a campaign, or bring an existing one's options up to date."""
    found = yield Statement("number_of", (row.workspace, row.id))
    if not found:
        yield Statement("insert_campaign", _values(row, now))
        found = yield Statement("number_of", (row.workspace, row.id))
    number = found[0][0]
    yield Statement("hold_campaign", (number,))
    existing = yield from get(number)
    if existing is None:
        raise LedgerError(f"the campaign {row.id!r} was deleted a moment ago")
    if (existing.message, existing.columns) != (row.message, row.columns):
        if existing.state is not CampaignState.IMPORTING:
            raise CampaignConflict(
                f"the campaign {row.id!r} exists with another message; choose another id,"
                " or give the message that it was made with"
            )
        yield Statement("set_content", (number, row.message, _json(row.columns)))
    if existing.state not in _BEFORE_START:
        row = replace(row, not_before=existing.not_before, upto=existing.upto)
    yield Statement("set_options", _options(number, row))
    return (yield from _known(number))


def alter(number: int, changes: Changes) -> Operation[CampaignRow]:
    """Change some settings of a campaign."""
    yield Statement("hold_campaign", (number,))
    row = yield from _known(number)
    yield Statement("set_options", _options(number, replace(row, **changes)))
    return (yield from _known(number))


def find(workspace: str, campaign_id: str) -> Operation[CampaignRow | None]:
    """Read a campaign by its name."""
    found = yield Statement("number_of", (workspace, campaign_id))
    return (yield from get(found[0][0])) if found else None


def get(number: int) -> Operation[CampaignRow | None]:
    """Read a campaign by its number."""
    found = yield from _read([number])
    return found[0] if found else None


def listed(
    workspace: str | None, states: Collection[CampaignState] | None
) -> Operation[list[CampaignRow]]:
    """Read campaigns, the newest first."""
    wanted = sorted(CampaignState if states is None else states)
    found = yield Statement("numbers", (workspace, wanted))
    return (yield from _read([number for (number,) in found]))


def change(
    number: int,
    state: CampaignState,
    expected: Collection[CampaignState],
    reason: str | None,
    *,
    lift: bool,
) -> Operation[bool]:
    """Move a campaign to another state; lift its limit if asked to."""
    moved = yield Statement("set_state", (number, state, reason, sorted(expected)))
    if moved and lift:
        yield from limit(number, None)
    return bool(moved)


def rest(number: int, until: float, reason: str) -> Operation[None]:
    """Send nothing before a time."""
    yield Statement("rest", (number, until, reason))


def limit(number: int, upto: int | None) -> Operation[None]:
    """Set or lift the number up to which recipients are sent to."""
    found = yield Statement("limits", (number,))
    if not found:
        return
    before, chunk_size = found[0]
    yield Statement("set_limit", (number, upto))
    if before is not None:
        # Chunks that held nothing but rows above the limit were put away: see `release`.
        hidden = number, before // chunk_size
        yield Statement("hold_hidden", hidden)
        yield Statement("look_again", hidden)


def check_deletable(number: int) -> Operation[bool]:
    """Hold a campaign and see whether it is there and may be deleted."""
    yield Statement("hold_campaign", (number,))
    row = yield from get(number)
    if row is not None and row.state is CampaignState.RUNNING:
        raise CampaignConflict(f"the campaign {row.id!r} is running; cancel it first")
    return row is not None


def delete(number: int) -> Operation[None]:
    """Remove all of a campaign but its recipients."""
    yield Statement("hold_all_chunks", (number,))
    for part in _PARTS:
        yield Statement(f"delete_{part}", (number,))


def sample(number: int, counts: Counts, at: float) -> Operation[None]:
    """Keep the counts of a moment."""
    figures = tuple(getattr(counts, field.name) for field in fields(counts))
    yield Statement("add_sample", (number, at, *figures))


def note(number: int, text: str, at: float) -> Operation[None]:
    """Note something."""
    yield Statement("add_note", (number, at, text))


def _known(number: int) -> Operation[CampaignRow]:
    row = yield from get(number)
    if row is None:
        raise LedgerError(f"there is no campaign {number}")
    return row


def _read(numbers: list[int]) -> Operation[list[CampaignRow]]:
    found = yield Statement("campaigns", (numbers,))
    return [_row(values) for values in found]


def _row(values: Sequence[Any]) -> CampaignRow:
    (
        workspace, campaign_id, session, message, columns, priority, rate, not_before, unknown,
        settle_after, most_refusals, chunk_size, options, upto, number, state, reason, audience,
        audience_columns, rows_read, rejected, duplicates, created_at,
    ) = values  # fmt: skip
    return CampaignRow(
        workspace=workspace,
        id=campaign_id,
        session=session,
        message=message,
        columns=tuple(json.loads(columns)),
        priority=Priority(priority),
        rate=rate,
        not_before=not_before,
        unknown=UnknownPolicy(unknown),
        settle_after=settle_after,
        most_refusals=most_refusals,
        chunk_size=chunk_size,
        options=options,
        upto=upto,
        number=number,
        state=CampaignState(state),
        reason=reason,
        audience=audience,
        audience_columns=tuple(json.loads(audience_columns)),
        rows_read=rows_read,
        rejected=rejected,
        duplicates=duplicates,
        created_at=created_at,
    )


def _values(row: CampaignRow, now: float) -> tuple[Any, ...]:
    return (
        row.workspace, row.id, row.session, row.message, _json(row.columns), int(row.priority),
        row.rate, row.not_before, row.unknown.value, row.settle_after, row.most_refusals,
        row.chunk_size, row.options, row.upto, now,
    )  # fmt: skip


def _options(number: int, row: CampaignRow) -> tuple[Any, ...]:
    return (
        number, row.session, int(row.priority), row.rate, row.not_before, row.unknown.value,
        row.settle_after, row.most_refusals, row.options, row.upto,
    )  # fmt: skip


def _json(columns: Sequence[str]) -> str:
    return json.dumps(columns, ensure_ascii=False)
