"""Leases, windows and evidence, as work on a SQLite connection."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from blazz.campaigns.delivery import Delivery, State, advance
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.records import Finding, Lease, Offer, WindowRow
from blazz.campaigns.ledger.sqlite_campaigns import SQL
from blazz.campaigns.priority import Priority
from blazz.campaigns.retrying import RetryPolicy
from blazz.errors import LeaseLost

_STATES = {state.value: state for state in State}
_NEVER = 1e15


class _Terms(NamedTuple):
    """What a campaign says about the work on its chunks."""

    chunk_size: int
    most_refusals: int
    may_send: bool


def offer(
    connection: sqlite3.Connection,
    *,
    owner: str,
    depth: int,
    hold: float,
    now: float,
    campaign: int | None,
) -> list[Offer]:
    """Choose chunks that are due, the more urgent campaigns first, and mark them as offered."""
    offers = []
    due = connection.execute(SQL["campaigns_due"], {"now": now, "campaign": campaign}).fetchall()
    for number, workspace, session, priority in due:
        (queued,) = connection.execute(
            SQL["queued_of"], {"workspace": workspace, "session": session, "now": now}
        ).fetchone()
        chunks = connection.execute(
            SQL["chunks_due"], {"campaign": number, "now": now, "room": max(0, depth - queued)}
        ).fetchall()
        for (chunk,) in chunks:
            offers.append(Offer(ChunkId(number, chunk), Priority(priority)))
            connection.execute(
                SQL["mark_offered"],
                {"campaign": number, "number": chunk, "owner": owner, "until": now + hold},
            )
    return offers


def lease_chunk(
    connection: sqlite3.Connection, chunk: ChunkId, *, owner: str, ttl: float, now: float
) -> Lease | None:
    """Take a chunk; what its last holder left `sending` becomes `unknown`."""
    named = {"campaign": chunk.campaign, "number": chunk.number}
    leased = connection.execute(
        SQL["lease"], {**named, "owner": owner, "until": now + ttl, "now": now}
    ).fetchone()
    if leased is None:
        return None
    epoch, sending = leased
    rows = _bounds(chunk, _terms(connection, chunk.campaign, now).chunk_size)
    if sending:
        _lose(connection, chunk, rows, now)
    (due,) = connection.execute(SQL["count_due"], {**rows, "now": now}).fetchone()
    return Lease(chunk=chunk, owner=owner, epoch=epoch, due=due)


def begin_window(
    connection: sqlite3.Connection, lease: Lease, n: int, *, after: int, ttl: float, now: float
) -> list[WindowRow]:
    """Mark rows as `sending`; the whole is undone if the lease was lost."""
    chunk = lease.chunk
    rows: list[WindowRow] = []
    terms = _terms(connection, chunk.campaign, now)
    if n and terms.may_send:
        bounds = _bounds(chunk, terms.chunk_size)
        bounds["first"] = max(bounds["first"], after + 1)
        taken = connection.execute(SQL["take_window"], {**bounds, "n": n, "now": now})
        # RETURNING gives rows in no promised order.
        rows = sorted(map(WindowRow._make, taken))
    renewed = connection.execute(
        SQL["renew_lease"],
        {
            "campaign": chunk.campaign,
            "number": chunk.number,
            "owner": lease.owner,
            "epoch": lease.epoch,
            "until": now + ttl,
            "taken": len(rows),
            "now": now,
        },
    ).rowcount
    if not renewed:
        raise LeaseLost
    return rows


def release(connection: sqlite3.Connection, lease: Lease, *, now: float) -> None:
    """Give a chunk back and note when its next row is due."""
    chunk = lease.chunk
    rows = _bounds(chunk, _terms(connection, chunk.campaign, now).chunk_size)
    released = connection.execute(
        SQL["release"],
        {**rows, "number": chunk.number, "owner": lease.owner, "epoch": lease.epoch},
    ).fetchone()
    if released is not None and released[0]:
        _lose(connection, chunk, rows, now)


def record(connection: sqlite3.Connection, findings: Sequence[Finding], *, now: float) -> int:
    """Apply evidence, then bring the chunks' counters up to date."""
    by_campaign: dict[int, list[Finding]] = {}
    for finding in findings:
        by_campaign.setdefault(finding.campaign, []).append(finding)
    return sum(_record(connection, campaign, found, now) for campaign, found in by_campaign.items())


def _record(
    connection: sqlite3.Connection, campaign: int, findings: Sequence[Finding], now: float
) -> int:
    terms = _terms(connection, campaign, now)
    retries = RetryPolicy(terms.most_refusals)
    before = _deliveries(connection, campaign, {finding.seq for finding in findings})
    after = before.copy()
    for finding in findings:
        seq = finding.seq
        if seq in after:  # else a number that does not exist, or a campaign that was deleted
            after[seq] = advance(
                after[seq], finding.evidence, attempt=finding.attempt, now=now, retries=retries
            )
    changed = [(seq, after[seq]) for seq in before if after[seq] is not before[seq]]
    connection.executemany(
        SQL["update_delivery"],
        [(*_columns(it), now, campaign, seq) for seq, it in changed],
    )
    size = terms.chunk_size
    moves = Counter(((seq - 1) // size + 1, before[seq].state, it.state) for seq, it in changed)
    due: dict[int, float] = {}
    for seq, it in changed:
        if it.state is State.PENDING:
            chunk = (seq - 1) // size + 1
            due[chunk] = min(due.get(chunk, _NEVER), it.next_at)
    _count(connection, campaign, moves, due, now)
    return len(changed)


def _count(
    connection: sqlite3.Connection,
    campaign: int,
    moves: Counter[tuple[int, State, State]],
    due: dict[int, float],
    now: float,
) -> None:
    """Bring chunks' counters up to date: how many rows of each moved from where to where."""
    changes: dict[int, Counter[State]] = {}
    answered = set()
    for (chunk, old, new), count in moves.items():
        change = changes.setdefault(chunk, Counter())
        change[old] -= count
        change[new] += count
        if old is State.SENDING:
            answered.add(chunk)
    connection.executemany(
        SQL["count_changes"],
        [
            (
                *(change[state] for state in State),
                due.get(chunk, _NEVER),
                now if chunk in answered else None,
                campaign,
                chunk,
            )
            for chunk, change in changes.items()
        ],
    )


def _columns(it: Delivery) -> tuple[object, ...]:
    return it.state, it.refusals, it.next_at, it.message_id, it.code, it.reason


def _deliveries(
    connection: sqlite3.Connection, campaign: int, seqs: set[int]
) -> dict[int, Delivery]:
    """Read rows by number, in their order: neighbours share a page."""
    found = connection.execute(
        SQL["deliveries"], {"campaign": campaign, "seqs": json.dumps(sorted(seqs))}
    )
    return {
        seq: Delivery(_STATES[state], attempt, refusals, next_at, message_id, code, reason)
        for seq, state, attempt, refusals, next_at, message_id, code, reason in found
    }


def _terms(connection: sqlite3.Connection, campaign: int, now: float) -> _Terms:
    terms = connection.execute(SQL["terms"], {"campaign": campaign, "now": now}).fetchone()
    # Without the campaign there are no rows either, and nothing is done.
    return _Terms(*terms) if terms else _Terms(1, 1, may_send=False)


def _bounds(chunk: ChunkId, chunk_size: int) -> dict[str, int]:
    """The numbers of a chunk's first and last recipients."""
    return {
        "campaign": chunk.campaign,
        "first": (chunk.number - 1) * chunk_size + 1,
        "last": chunk.number * chunk_size,
    }


def _lose(connection: sqlite3.Connection, chunk: ChunkId, rows: dict[str, int], now: float) -> None:
    lost = connection.execute(SQL["lose_unanswered"], {**rows, "now": now}).rowcount
    connection.execute(
        SQL["count_lost"], {"campaign": chunk.campaign, "number": chunk.number, "lost": lost}
    )
