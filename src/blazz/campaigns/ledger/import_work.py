"""The import of audiences, as operations for every SQL database."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

from blazz.campaigns.ledger import campaign_work
from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    NewRow,
    Reject,
    RejectKind,
)
from blazz.databases.operations import Batch, Insert, Operation, Statement
from blazz.errors import CampaignConflict, LeaseLost, LedgerError

_COLUMNS = ("campaign", "seq", "line", "address", "vars", "country", "variant")
_REJECT_COLUMNS = ("campaign", "line", "kind", "reason", "fields")


def claim(number: int, owner: str, now: float, ttl: float) -> Operation[None]:
    """Take over an import and forget what an earlier one counted."""
    claimed = yield Statement("claim_import", (number, owner, now + ttl, now))
    if not claimed:
        row = yield from campaign_work.get(number)
        if row is None:
            raise LedgerError(f"there is no campaign {number}")
        if row.state is not CampaignState.IMPORTING:
            raise CampaignConflict(f"the audience of the campaign {row.id!r} is complete")
        raise CampaignConflict(f"another process is importing the campaign {row.id!r}")
    yield Statement("delete_chunks", (number,))
    yield Statement("delete_rejects", (number,))


def import_rows(
    number: int,
    rows: Sequence[NewRow],
    rejects: Sequence[Reject],
    *,
    owner: str,
    until: float,
    lane: int,
) -> Operation[None]:
    """Append rows and rejects, and count them."""
    read = len(rows) + len(rejects)
    counted = yield Statement("count_import", (number, owner, read, len(rejects), until, lane + 1))
    if not counted:
        raise LeaseLost("another process has begun this import again")
    chunk_size = counted[0][0]
    newest = yield Statement("open_chunk", (number, lane))
    ((last,),) = yield Statement("last_chunk", (number,))
    chunk, filled = newest[0] if newest else (last + 1, 0)
    places = list(_places(chunk, filled, last, chunk_size, len(rows)))
    seqs = chain.from_iterable(range(first, first + count) for first, count in places)
    # Columns are put together as they are written: thousands of rows that are kept until then
    # would each be looked at by the garbage collector.
    fresh = zip(repeat(number), seqs, *zip(*rows, strict=True), strict=False)
    yield Insert("recipient", _COLUMNS, fresh, partition=number)
    sizes = [((first - 1) // chunk_size + 1, count) for first, count in places]
    yield Batch("fill_chunk", sizes, (number, lane))
    yield Insert(
        "reject",
        _REJECT_COLUMNS,
        [
            (number, line, kind.value, reason, json.dumps(raw, ensure_ascii=False))
            for line, kind, reason, raw in rejects
        ],
    )


def _places(
    chunk: int, filled: int, last: int, chunk_size: int, count: int
) -> Iterator[tuple[int, int]]:
    """Where new rows go, as first numbers and counts: the open chunk first, then new ones."""
    while count:
        room = min(chunk_size - filled, count)
        if room:
            yield (chunk - 1) * chunk_size + filled + 1, room
        count -= room
        last = max(last, chunk)
        chunk, filled = last + 1, 0


def repeated(groups: Iterable[tuple[str, str]]) -> array[int]:
    """Rows whose address came before: pairs of the row's number and the first one's line.

    A pair takes 16 bytes; each group lists its rows' numbers and their lines.
    """
    pairs = array("q")
    for seqs, lines in groups:
        rows = sorted(zip(map(int, lines.split(",")), map(int, seqs.split(",")), strict=True))
        first = rows[0][0]
        for _, seq in rows[1:]:
            pairs.extend((seq, first))
    return pairs


def remove_repeated(number: int, pairs: array[int], owner: str, until: float) -> Operation[None]:
    """Move some of these rows to the rejects."""
    count = len(pairs) // 2
    counted = yield Statement("count_duplicates", (number, owner, count, until))
    if not counted:
        raise LeaseLost("another process has begun this import again")
    chunk_size = counted[0][0]
    removed: Counter[int] = Counter()
    rejects = []
    for seq, first in zip(pairs[::2], pairs[1::2], strict=True):
        ((line, address),) = yield Statement("remove_recipient", (number, seq))
        reason = f"the same address as in line {first}"
        kind = RejectKind.DUPLICATE.value
        rejects.append((number, line, kind, reason, json.dumps([address])))
        removed[(seq - 1) // chunk_size + 1] += 1
    yield Insert("reject", _REJECT_COLUMNS, rejects)
    yield Batch("fill_chunk", [(chunk, -gone) for chunk, gone in removed.items()], (number, 0))


def finish(
    number: int, owner: str, audience: str, columns: Sequence[str]
) -> Operation[CampaignRow]:
    """Make the campaign ready to run; a second time it stays so."""
    named = json.dumps(list(columns), ensure_ascii=False)
    finished = yield Statement("finish_import", (number, owner, audience, named))
    row = yield from campaign_work.get(number)
    done = row is not None and row.state is not CampaignState.IMPORTING
    if row is None or not (finished or (done and row.audience == audience)):
        raise LeaseLost("another process has begun this import again")
    return row
