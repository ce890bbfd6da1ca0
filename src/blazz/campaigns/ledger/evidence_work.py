"""What evidence makes of recipients and of their chunks' counters, as an operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from blazz.campaigns.delivery import Delivery, State, advance
from blazz.campaigns.ledger.records import Finding
from blazz.campaigns.retrying import RetryPolicy
from blazz.databases.operations import Batch, Operation, Statement

_STATES = {state.value: state for state in State}
_ORDER = tuple(State)
_NEVER = 1e15


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
    terms = yield Statement("terms", (campaign,))
    if not terms:  # a campaign that was deleted
        return 0
    size, most_refusals, _ = terms[0]
    retries = RetryPolicy(most_refusals)
    seqs = sorted({finding.seq for finding in findings})
    chunks = sorted({(seq - 1) // size + 1 for seq in seqs})
    yield Statement("hold_chunks", (campaign, chunks))
    found = yield Statement("deliveries", (campaign, seqs))
    before = {
        seq: Delivery(_STATES[state], attempt, refusals, next_at, message_id, code, reason, sender)
        for seq, state, attempt, refusals, next_at, message_id, code, reason, sender in found
    }
    after = before.copy()
    for finding in findings:
        it = after.get(finding.seq)
        if it is not None:  # else a number that does not exist
            after[finding.seq] = advance(
                it, finding.evidence, attempt=finding.attempt, now=now, retries=retries
            )
    changed = sorted(seq for seq, it in before.items() if after[seq] is not it)
    yield Batch(
        "update_delivery", [(*_columns(after[seq]), seq) for seq in changed], (campaign, now)
    )
    moves = Counter(((seq - 1) // size + 1, before[seq].state, after[seq].state) for seq in changed)
    due: dict[int, float] = {}
    for seq in changed:
        if after[seq].state is State.PENDING:
            chunk = (seq - 1) // size + 1
            due[chunk] = min(due.get(chunk, _NEVER), after[seq].next_at)
    yield Batch("count_changes", _changes(moves, due, now), (campaign,))
    return len(changed)


def _storable(text: str | None) -> str | None:
    """Without what a database does not take: PostgreSQL has no NUL, and UTF-8 no surrogates."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _columns(it: Delivery) -> tuple[object, ...]:
    return (
        it.state.value, it.refusals, it.next_at, _storable(it.message_id), it.code,
        _storable(it.reason), it.sender
    )  # fmt: skip


def _changes(
    moves: Counter[tuple[int, State, State]], due: dict[int, float], now: float
) -> list[tuple[object, ...]]:
    """How many rows of each chunk entered and left each state."""
    changes: dict[int, Counter[State]] = {}
    answered = set()
    for (chunk, old, new), count in moves.items():
        change = changes.setdefault(chunk, Counter())
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
        for chunk, change in sorted(changes.items())
    ]
