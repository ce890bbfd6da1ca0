"""What evidence makes of recipients and of their chunks' counters, as an operation.

It holds the recipients' rows first, in the order of their numbers, and the chunks' rows for the
last moment only: status updates of one chunk come in while it is sent, on several machines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from blazz.campaigns.delivery import Delivery, State, advance
from blazz.campaigns.ledger.records import Finding
from blazz.campaigns.retrying import RetryPolicy
from blazz.databases.operations import Batch, Operation, Statement

_STATES = {state.value: state for state in State}
_VALUES = {state: state.value for state in State}  # `state.value` takes six times as long
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
    size, most_refusals = terms[0]
    retries = RetryPolicy(most_refusals)
    seqs = sorted({finding.seq for finding in findings})
    found = yield Statement("deliveries", (campaign, seqs))
    before = {
        seq: Delivery(_STATES[state], attempt, refusals, next_at, message_id, code, reason, sender)
        for seq, state, attempt, refusals, next_at, message_id, code, reason, sender in found
    }
    after: dict[int, Delivery] = {}
    for _, seq, attempt, evidence in findings:
        it = after.get(seq) or before.get(seq)
        if it is not None:  # else a number that does not exist
            new = advance(it, evidence, attempt=attempt, now=now, retries=retries)
            if new is not it:
                after[seq] = new
    changed = sorted(after.items())  # neighbours share a page
    for common, rows in _alike(changed).items():
        yield Batch("update_deliveries", rows, (campaign, now, *common))
    yield Batch("count_changes", _changes(before, changed, size, now), (campaign,))
    return len(changed)


def _storable(text: str | None) -> str | None:
    """Without what a database does not take: PostgreSQL has no NUL, and UTF-8 no surrogates."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _alike(
    changed: Sequence[tuple[int, Delivery]],
) -> dict[tuple[object, ...], list[tuple[str | None, int]]]:
    """Ids and numbers of rows, by all else that is written: most rows of a batch end alike.

    What they have in common is sent to the database once, not once for each row.
    """
    groups: dict[tuple[object, ...], list[tuple[str | None, int]]] = {}
    for seq, (state, _, refusals, next_at, message_id, code, reason, sender) in changed:
        common = _VALUES[state], refusals, next_at, code, _storable(reason), sender
        group = groups.get(common)
        if group is None:
            group = groups[common] = []
        group.append((_storable(message_id), seq))
    return groups


def _changes(
    before: Mapping[int, Delivery], changed: Sequence[tuple[int, Delivery]], size: int, now: float
) -> list[tuple[object, ...]]:
    """How many rows of each chunk entered and left each state, and when the next one is due."""
    moves: dict[tuple[int, State, State], int] = {}
    due: dict[int, float] = {}
    for seq, it in changed:
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
