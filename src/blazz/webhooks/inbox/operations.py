"""What each operation of an inbox does, as generators of statements; no I/O here."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from blazz.databases.operations import Batch, Operation, Rows, Statement
from blazz.webhooks.inbox.base import (
    LONGEST_PAUSE,
    Arrived,
    Counts,
    Entry,
    Failure,
    Item,
    Logged,
    Page,
    Route,
    RouteTable,
    Split,
    SplitResult,
    State,
)
from blazz.webhooks.inbox.records import entry_of, finished_text, item_of

_LONGEST_RUN: Final = 16
"""A conversation with a long queue may not fill the dispatcher with itself."""

_KILOBYTES_AT_ONCE: Final = 1_024
"""How much of the bodies that wait is read at a time."""

_LEAST_LOOK: Final = 64
"""How many ready rows to read at least: some may turn out to be blocked."""

_LOG_WINDOW: Final = 20_000
"""How many rows one page of the log looks at, whether or not they are wanted."""


def arrived(sessions: Collection[str], limit: int) -> Operation[Sequence[Arrived]]:
    """Read bodies that wait to be split, oldest first."""
    waiting = yield Statement("arrived", (_list(sessions), limit))
    chosen: list[int] = []
    room = _KILOBYTES_AT_ONCE
    for body_id, weight in waiting:
        room -= weight
        if room < 0 and chosen:
            break
        chosen.append(body_id)
    if not chosen:
        return []
    rows = yield Statement("arrived_bodies", (_list(chosen),))
    return [Arrived(*row) for row in rows]


def split(splits: Sequence[Split], version: int) -> Operation[SplitResult | None]:
    """Store the updates of bodies, in order and without gaps that could be filled later."""
    [(current,)] = yield Statement("routes_version")
    if current != version:
        return None
    [(end,)] = yield Statement("log_end")
    claimed = dict((yield Statement("claim_arrivals", (_list(body_id for body_id, _ in splits),))))
    rows: list[tuple[Any, ...]] = []
    seq = end
    for body_id, body_rows in splits:
        if body_id in claimed:  # else another process has split it
            for row in body_rows:
                seq += 1
                rows.append((seq, body_id, *row))
    new = yield Batch("add_update", rows)
    if rows:
        yield Statement("move_log_end", (seq,))
    if new < len(rows):
        # A body that brought nothing new need not be kept, unless it was split before.
        first_time = _list(body_id for body_id, again in claimed.items() if not again)
        yield Statement("forget_repeated_bodies", (first_time, end))
    return SplitResult(new, len(rows) - new)


def _list(values: Iterable[object]) -> str:
    """Write a list as one parameter: one statement for many rows is much cheaper than many."""
    return json.dumps(list(values))


def take(
    owner: str, sessions: Collection[str], *, limit: int, lease: float, now: float
) -> Operation[Sequence[Item]]:
    """Give an owner what is ready, evenly over its sessions."""
    yield from _recover(now)
    found = yield Statement("ready_sessions")
    mine = [session for (session,) in found if session in sessions]
    # One session's flood must not starve another's: each gets its share, and the order changes.
    random.shuffle(mine)
    items: list[Item] = []
    for left, session in zip(range(len(mine), 0, -1), mine, strict=True):
        share = -(-(limit - len(items)) // left)
        if share > 0:
            items += yield from _choose(session, share)
    if items:
        yield Statement("give", (owner, _list(item.seq for item in items)))
        yield Statement("extend_lease", (owner, now + lease))
    return items


def _choose(session: str, share: int) -> Operation[list[Item]]:
    """Choose ready updates of one session; those whose lane is busy are blocked on the way."""
    chosen: list[Item] = []
    runs: Counter[str] = Counter()
    after = 0
    while len(chosen) < share:
        size = max(share - len(chosen), _LEAST_LOOK)
        rows = yield Statement("ready", (session, after, size))
        blocked: list[int] = []
        for row in rows:
            item, busy = item_of(row), row[8]
            after = item.seq
            if item.lane:
                runs[item.lane] += 1
                if busy or runs[item.lane] > _LONGEST_RUN:
                    blocked.append(item.seq)
                    continue
            chosen.append(item)
            if len(chosen) == share:
                break
        if blocked:
            yield Statement("block", (_list(blocked),))
        if len(rows) < size:
            break
    return chosen


def _recover(now: float) -> Operation[None]:
    """Make ready what was waiting until now, and what lapsed."""
    due = yield Statement("due", (now, now + LONGEST_PAUSE))
    lapsed = yield Statement("lapsed_owners", (now,))
    for (owner,) in lapsed:
        yield from retire(owner)
    yield from _make_ready(due)


def owners() -> Operation[list[str]]:
    """All that have taken something, whether or not their leases have lapsed."""
    found = yield Statement("lapsed_owners", (math.inf,))
    return [owner for (owner,) in found]


def retire(owner: str) -> Operation[None]:
    """Make ready all that an owner has."""
    owned = yield Statement("owned", (owner,))
    yield from _make_ready(owned)
    yield Statement("forget_owner", (owner,))


def _make_ready(rows: Rows) -> Operation[None]:
    if rows:
        yield Statement("make_ready", (_list(seq for seq, _, _ in rows),))
        yield from _unblock((session, lane) for _, session, lane in rows)


def _unblock(lanes: Iterable[tuple[str, str]]) -> Operation[None]:
    """Let the next ones of lanes go on, unless something of them is still taken or waiting."""
    [(any_blocked,)] = yield Statement("any_blocked")
    if any_blocked:
        yield Statement("unblock", (_list({lane for lane in lanes if lane[1]}), _LONGEST_RUN))


def stuck() -> Operation[tuple[Rows, list[tuple[str, str]]]]:
    """Find updates that nobody has, and lanes that are blocked though nothing holds them up.

    No operation leaves such behind. Another version of blazz may, or who changes rows by hand.
    """
    stray = yield Statement("stray")
    blocked = yield Statement("blocked_lanes")
    if not blocked:
        return stray, []
    names = [_list({lane[place] for lane in blocked}) for place in (0, 1)]
    rows = yield Statement("first_ready", tuple(names))
    ready = {(session, lane): seq for session, lane, seq in rows}
    # Whoever takes what is ready and comes first lets the rest go on.
    return stray, [
        (session, lane) for session, lane, seq in blocked if ready.get((session, lane), seq) >= seq
    ]


def free() -> Operation[int]:
    """Let go on what is stuck; returns how many conversations and single updates there were."""
    stray, lanes = yield from stuck()
    yield from _make_ready(stray)
    yield from _unblock(lanes)
    return len({(session, lane or seq) for seq, session, lane in stray} | set(lanes))


def renew(owner: str, until: float) -> Operation[None]:
    """Extend an owner's lease."""
    yield Statement("extend_lease", (owner, until))


def settle(
    owner: str,
    *,
    done: Sequence[Item],
    failed: Sequence[Failure],
    released: Sequence[Item],
    now: float,
) -> Operation[None]:
    """Record what became of items."""
    if done:
        yield Statement("done", (_list(item.seq for item in done),))
    if failed:
        yield Batch("failed", [_failed(owner, failure, now) for failure in failed])
    if released:
        yield Batch("released", [_released(owner, item) for item in released])
    items = (*done, *released, *(failure.item for failure in failed))
    yield from _unblock((item.session, item.lane) for item in items)


def _failed(owner: str, failure: Failure, now: float) -> tuple[Any, ...]:
    item = failure.item
    dead = failure.after is None
    return (
        item.seq,
        owner,
        State.DEAD if dead else State.WAITING,
        # Of a dead one it is when it died: it may have waited for long before.
        now + (failure.after or 0.0),
        item.attempts + 1,
        failure.error,
        finished_text(item.finished),
    )


def _released(owner: str, item: Item) -> tuple[Any, ...]:
    # In a lane it is blocked first, and unblocked at once if nothing before it holds the lane.
    state = State.BLOCKED if item.lane else State.READY
    return (item.seq, owner, state, finished_text(item.finished))


def bodies(body_ids: Collection[int]) -> Operation[Mapping[int, bytes]]:
    """Read bodies."""
    rows = yield Statement("bodies", (_list(body_ids),))
    return dict(rows)


def register(session: str, accounts: Collection[str], signers: Collection[str]) -> Operation[int]:
    """Replace the routes of a session, and split again what was kept for want of them."""
    yield Statement("end_routes", (session,))
    pairs = [(session, account, signer) for account in accounts for signer in signers]
    yield Batch("add_route", pairs)
    yield Statement("new_routes_version")
    adoptable = yield Statement("adoptable", (session,))
    return (yield from _arrive_again(adoptable))


def unregister(session: str) -> Operation[None]:
    """Remove the routes of a session."""
    yield Statement("forget_routes", (session,))
    yield Statement("new_routes_version")


def _arrive_again(rows: Rows) -> Operation[int]:
    """Put the bodies of kept rows among the arrivals: what they hold is deduplicated anyway."""
    seqs = _list(seq for (seq,) in rows)
    yield Statement("arrive_again", (seqs,))
    return len((yield Statement("forget_kept", (seqs,))))


def routes() -> Operation[RouteTable]:
    """Read all routes."""
    [(version,)] = yield Statement("routes_version")
    rows = yield Statement("routes")
    found: dict[tuple[str, str], list[Route]] = {}
    for account, signer, session, last_body in rows:
        found.setdefault((account, signer), []).append(Route(session, last_body))
    return RouteTable(version, found)


def backlog(sessions: Collection[str] | None) -> Operation[int]:
    """Count what handlers still have to see."""
    if sessions is None:
        [(count,)] = yield Statement("backlog")
    else:
        [(count,)] = yield Statement("backlog_of", (_list(sessions),))
    return int(count)


def counts() -> Operation[Counts]:
    """Count what waits and what is kept."""
    [(waiting,)] = yield Statement("count_arrivals")
    rows = yield Statement("count_states")
    return Counts(waiting, {State(state): count for state, count in rows if count})


def entries(
    states: Collection[State] | None, session: str | None, after: int, limit: int
) -> Operation[Sequence[Entry]]:
    """List updates."""
    wanted = None if states is None else _list(int(state) for state in states)
    query = "entries" if states is None or State.DONE in states else "entries_not_done"
    rows = yield Statement(query, (after, wanted, session, limit))
    return [entry_of(row) for row in rows]


def replay(seqs: Collection[int]) -> Operation[int]:
    """Make dead updates ready and split kept ones again."""
    revived = yield Statement("revive", (_list(seqs),))
    again = yield from _arrive_again([(seq,) for seq in seqs])
    return len(revived) + again


def read_after(position: int, limit: int, session: str | None) -> Operation[Page]:
    """Read a page of the log."""
    [(end,)] = yield Statement("log_end")
    until = min(end, position + _LOG_WINDOW)
    rows = yield Statement("read_after", (position, until, session, limit))
    found = [Logged(*row) for row in rows]
    if len(found) == limit:
        until = found[-1].seq
    return Page(found, max(until, position), more=until < end)


def last_position() -> Operation[int]:
    """Read the end of the log."""
    [(end,)] = yield Statement("log_end")
    return int(end)


def cursor(name: str) -> Operation[int | None]:
    """Read a named position."""
    rows = yield Statement("cursor", (name,))
    return rows[0][0] if rows else None


def set_cursor(name: str, position: int) -> Operation[None]:
    """Keep a named position."""
    yield Statement("set_cursor", (name, position))


def mark(now: float, handled: float, kept: float) -> Operation[Mapping[str, tuple[float, ...]]]:
    """Leave a mark; give the queries that remove what is over, in order, and their limits."""
    # Left by a clock that was wrong: until that time comes again, there would be no other.
    yield Statement("forget_marks_after", (now,))
    yield Statement("add_mark", (now,))
    old = yield Statement("mark_before", (now - handled,))
    older = yield Statement("mark_before", (now - kept,))
    if older:
        yield Statement("forget_marks_before", (older[0][0],))
    handled_seq, handled_body = old[0][1:] if old else (0, 0)
    kept_body = older[0][2] if older else 0
    return {
        "prune_handled": (handled_seq,),
        "prune_kept": (kept_body, now - kept),
        "prune_forgotten": (kept_body,),
        "prune_bodies": (handled_body,),
    }


def prune(query: str, limits: tuple[float, ...], most: int) -> Operation[int]:
    """Remove some rows; small transactions let others write in between."""
    rows = yield Statement(query, (most, *limits))
    if query == "prune_forgotten":  # the only one that removes what others may wait for
        yield from _unblock((session, lane) for _, session, lane in rows)
    return len(rows)
