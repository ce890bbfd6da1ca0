"""What evidence makes of recipients and of their chunks' counters, as an operation.

It holds the recipients' rows first and the chunks' rows for the last moment only, both in the order
of their numbers: status updates of one chunk come in while it is sent, on several machines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from blazz.campaigns.delivery import Delivery, State
from blazz.campaigns.ledger.judging import Judgement, judge
from blazz.campaigns.ledger.records import Finding
from blazz.campaigns.retrying import RetryPolicy
from blazz.databases.operations import Batch, Operation, Statement

_VALUES = {state: state.value for state in State}  # `state.value` takes six times as long
_ORDER = tuple(State)
_NEVER = 1e15
_CLOSE = 2
"""Up to so many rows for each that is wanted are read in a row."""


def record(findings: Sequence[Finding], *, now: float) -> Operation[int]:
    """Apply evidence, then bring the chunks' counters up to date."""
    by_campaign: dict[int, list[Finding]] = {}
    for finding in findings:
        by_campaign.setdefault(finding.campaign, []).append(finding)
    changed = 0
    for campaign in sorted(by_campaign):  # in one order, or two would wait for each other
        changed += yield from _record(campaign, by_campaign[campaign], now)
    return changed


def _record(campaign: int, findings: Sequence[Finding], now: float) -> Operation[int]:
    seqs = sorted({finding.seq for finding in findings})
    first, last = seqs[0], seqs[-1]
    if last - first < _CLOSE * len(seqs):
        found = yield Statement("deliveries_among", (campaign, seqs, first, last))
    else:
        found = yield Statement("deliveries", (campaign, seqs))
    if not found:  # they are of a campaign that was deleted
        return 0
    size, most_refusals = found[0][:2]
    rows = ((row[2], row[3:]) for row in found)
    judged = judge(rows, findings, now=now, retries=RetryPolicy(most_refusals))
    for it, alike in _alike(judged).items():
        common = (
            campaign, now, _VALUES[it.state], it.refusals, it.next_at, it.code,
            _storable(it.reason), it.sender,
        )  # fmt: skip
        if alike.known:
            yield Statement("move_deliveries", (*common, alike.known))
        yield Batch("identify_deliveries", alike.identified, common)
    changes = _changes(judged, size, now)
    if len(changes) > 1:
        yield Statement("hold_chunks", (campaign, [number for *_, number in changes]))
    yield Batch("count_changes", changes, (campaign,))
    return len(judged.after)


def _storable(text: str | None) -> str | None:
    """Without what a database does not take: PostgreSQL has no NUL, and UTF-8 no surrogates."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


@dataclass(slots=True)
class _Alike:
    """Rows that end alike; most rows of a batch do, and then the database is told it once.

    Attributes:
        known: The numbers of those whose message id stays what it is.
        identified: New message ids and numbers.
    """

    known: list[int] = field(default_factory=list)
    identified: list[tuple[str | None, int]] = field(default_factory=list)


def _alike(judged: Judgement) -> dict[Delivery, _Alike]:
    groups: dict[int, tuple[Delivery, _Alike]] = {}
    ids = judged.ids
    for seq, it in judged.after.items():
        group = groups.get(id(it))  # equal ones are one object
        if group is None:
            group = groups[id(it)] = it, _Alike()
        if seq in ids:
            group[1].identified.append((_storable(ids[seq]), seq))
        else:
            group[1].known.append(seq)
    return dict(groups.values())


def _changes(judged: Judgement, size: int, now: float) -> list[tuple[object, ...]]:
    """How many rows of each chunk entered and left each state, and when the next one is due."""
    moves: dict[tuple[int, State, State], int] = {}
    due: dict[int, float] = {}
    before = judged.before
    for seq, it in judged.after.items():
        chunk = (seq - 1) // size + 1
        move = chunk, before[seq].state, it.state
        moves[move] = moves.get(move, 0) + 1
        if it.state is State.PENDING:
            due[chunk] = min(due.get(chunk, _NEVER), it.next_at)
    counts: dict[int, Counter[State]] = {}
    answered = set()
    for (chunk, old, new), count in moves.items():
        change = counts.setdefault(chunk, Counter())
        change[old] -= count
        change[new] += count
        if old is State.SENDING:
            answered.add(chunk)
    return [
        (
            *(change[state] for state in _ORDER),
            due.get(chunk, _NEVER),
            now if chunk in answered else None,
            chunk,
        )
        for chunk, change in sorted(counts.items())
    ]
