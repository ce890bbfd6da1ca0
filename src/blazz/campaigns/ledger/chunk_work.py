"""Offers, leases and windows, as operations for every SQL database.

Whoever leases, takes or releases holds the chunk's row: of two, one sees what the other has done.
Evidence is recorded without it, whenever it comes, and holds recipients' rows first. So leases and
windows pass over rows that are being recorded: to wait for one while that waits for the chunk would
be for ever. Whoever holds several chunks takes them in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger import campaign_work
from blazz.campaigns.ledger.campaign_work import LAST
from blazz.campaigns.ledger.records import DueRow, Lease, Offer, WindowRow
from blazz.campaigns.priority import Priority
from blazz.databases.operations import Batch, Operation, Statement
from blazz.errors import LeaseLost


def offer(
    *, owner: str, depth: int, hold: float, now: float, campaign: int | None
) -> Operation[list[Offer]]:
    """Choose chunks that are due, the more urgent campaigns first, and mark them as offered."""
    # Else two dispatchers would choose the same ones.
    yield Statement("alone", ("offer",))
    offers: list[Offer] = []
    due = yield Statement("campaigns_due", (now, campaign))
    for number, workspace, session, priority, lanes, upto, chunk_size in due:
        queued = dict((yield Statement("queued_of", (workspace, session, now))))
        last = LAST if upto is None else (upto + chunk_size - 1) // chunk_size
        chosen: list[int] = []
        for lane in range(lanes):
            room = max(0, depth - queued.get(lane, 0))
            if room:
                found = yield Statement("chunks_due", (number, lane, now, last, room))
                chosen += [chunk for (chunk,) in found]
        if chosen:
            yield Statement("hold_chunks", (number, chosen))
            yield Statement("mark_offered", (number, owner, now + hold, chosen))
            offers += [Offer(ChunkId(number, chunk), Priority(priority)) for chunk in chosen]
    return offers


def lease_chunk(
    chunk: ChunkId, *, owner: str, ttl: float, now: float, clean: bool = False
) -> Operation[Lease | None]:
    """Take a chunk; what its last holder left `sending` becomes `unknown`.

    Only a `clean` one, in which nothing is `sending`, takes a single statement.
    """
    leased = yield Statement("lease", (chunk.campaign, chunk.number, owner, now + ttl, now, clean))
    if not leased:
        return None
    epoch, sending, lane, chunk_size, due = leased[0]
    if sending:
        first, last = _bounds(chunk, chunk_size)
        yield from _lose(chunk, first, last, now)
    return Lease(chunk=chunk, owner=owner, epoch=epoch, due=due, lane=lane)


def due_rows(lease: Lease, *, now: float) -> Operation[list[DueRow]]:
    """Read what can be sent now."""
    chunk = lease.chunk
    chunk_size, upto, _ = yield from _held(lease, now)
    first, last = _bounds(chunk, chunk_size)
    found = yield Statement("due_rows", (chunk.campaign, first, _until(last, upto), now))
    return [DueRow(*values) for values in found]


def begin_window(
    lease: Lease, n: int, *, after: int, ttl: float, now: float
) -> Operation[list[WindowRow]]:
    """Mark rows as `sending` and renew the lease."""
    chunk = lease.chunk
    chunk_size, upto, may_send = yield from _held(lease, now)
    rows: list[WindowRow] = []
    if n and may_send:
        first, last = _bounds(chunk, chunk_size)
        first, last = max(first, after + 1), _until(last, upto)
        taken = yield Statement("take_window", (chunk.campaign, first, last, now, n))
        # RETURNING gives rows in no promised order.
        rows = sorted(map(WindowRow._make, taken))
    yield Statement("renew_lease", (chunk.campaign, chunk.number, now + ttl, len(rows), now))
    return rows


def begin_window_at_once(
    lease: Lease, n: int, *, after: int, ttl: float, now: float
) -> Operation[list[WindowRow]]:
    """As `begin_window`, in one statement, where a database has one for it."""
    chunk = lease.chunk
    fence = chunk.campaign, chunk.number, lease.owner, lease.epoch
    taken = yield Statement("begin_window", (*fence, now, now + ttl, after, n))
    if not taken:
        raise LeaseLost
    # Without rows there is one of nulls: the lease is ours.
    return sorted(WindowRow._make(row) for row in taken if row[0] is not None)


def release(lease: Lease, *, now: float) -> Operation[None]:
    """Give a chunk back and note when its next row is due."""
    if (yield from release_done(lease)):
        return
    chunk = lease.chunk
    try:
        chunk_size, upto, _ = yield from _held(lease, now)
    except LeaseLost:
        return
    first, last = _bounds(chunk, chunk_size)
    ((sending,),) = yield Statement(
        "release", (chunk.campaign, chunk.number, first, _until(last, upto))
    )
    if sending:
        yield from _lose(chunk, first, last, now)


def release_done(lease: Lease) -> Operation[bool]:
    """Give a chunk back in which nothing is left to send; tell whether it was one."""
    chunk = lease.chunk
    fence = chunk.campaign, chunk.number, lease.owner, lease.epoch
    return bool((yield Statement("release_done", fence)))


def admit(
    number: int, rows: Sequence[DueRow], *, scope: str, most: int, within: float, now: float
) -> Operation[Mapping[int, float]]:
    """Enter recipients into the book of who hears from a workspace."""
    row = yield from campaign_work.get(number)
    if row is None:
        return {}
    # Else two campaigns would both take a person's last place.
    yield Statement("alone", (f"{row.workspace}/{scope}",))
    wanted = sorted({it.address for it in rows})
    found = yield Statement("contacts", (row.workspace, scope, wanted, now - within, number))
    entered = {seq for _, campaign, seq, _ in found if campaign == number}
    times: dict[str, list[float]] = {}
    for address, _, _, at in found:
        if at > now - within:
            times.setdefault(address, []).append(at)
    fresh: list[tuple[str, int]] = []
    refused: dict[int, float] = {}
    for it in rows:
        counted = times.setdefault(it.address, [])
        if it.seq in entered:
            continue
        if len(counted) < most:
            counted.append(now)
            fresh.append((it.address, it.seq))
        else:
            refused[it.seq] = sorted(counted)[-most] + within
    yield Batch("enter", fresh, (row.workspace, scope, number, now))
    return refused


def expire(owner: str) -> Operation[None]:
    """Let everything that an owner holds run out now."""
    for query in ("hold_owned", "expire_leases", "expire_offers", "expire_import"):
        yield Statement(query, (owner,))


def owners(now: float) -> Operation[list[str]]:
    """Who owns something at the moment."""
    found = yield Statement("owners", (now,))
    return [owner for (owner,) in found if owner is not None]


def _held(lease: Lease, now: float) -> Operation[tuple[int, int | None, bool]]:
    """Hold the chunk's row, and make sure that the lease is still the last one."""
    chunk = lease.chunk
    held = yield Statement(
        "hold_chunk", (chunk.campaign, chunk.number, lease.owner, lease.epoch, now)
    )
    if not held:
        raise LeaseLost
    chunk_size, upto, may_send = held[0]
    return chunk_size, upto, may_send


def _bounds(chunk: ChunkId, chunk_size: int) -> tuple[int, int]:
    """The numbers of a chunk's first and last recipients."""
    return (chunk.number - 1) * chunk_size + 1, chunk.number * chunk_size


def _until(last: int, upto: int | None) -> int:
    return last if upto is None else min(last, upto)


def _lose(chunk: ChunkId, first: int, last: int, now: float) -> Operation[None]:
    lost = yield Statement("lose_unanswered", (chunk.campaign, first, last, now))
    yield Statement("count_lost", (chunk.campaign, chunk.number, len(lost)))
