"""The inbox's operations, driven at random: nothing is lost, nothing overtakes in a lane."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from blazz.databases.operations import Operation, for_sqlite, run_on_sqlite
from blazz.databases.queries import Queries, migrations
from blazz.webhooks.inbox import operations
from blazz.webhooks.inbox.base import Failure, Item, Row, Split, State

INBOX = "blazz.webhooks.inbox"
QUERIES = for_sqlite({**Queries(INBOX, "queries.sql"), **Queries(INBOX, "sqlite.sql")})
SESSIONS = ("acme/sales", "acme/support")
LEASE = 10.0

owners = st.sampled_from(["ann", "bob", "cleo"])
lanes = st.sampled_from(["", "a", "b", "c"])


def key_of(number: int) -> bytes:
    return blake2b(str(number).encode(), digest_size=16).digest()


class InboxMachine(RuleBasedStateMachine):
    """Owners take and settle in any order; some die, and others take over."""

    @initialize()
    def start(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        for step in migrations(INBOX, "sqlite_migrations"):
            self.db.executescript(step.sql)
        self.now = 1_000.0
        self.run(operations.register(SESSIONS[0], ["1"], ["s"]))
        self.version = self.run(operations.routes()).version
        self.made: list[tuple[str, str]] = []
        self.in_hand: dict[str, list[Item]] = {}
        self.finished: dict[bytes, int] = {}
        self.revived: set[int] = set()  # their conversations have gone on without them

    def run(self, operation: Operation[Any]) -> Any:
        return run_on_sqlite(self.db, QUERIES, operation)

    @rule(updates=st.lists(st.tuples(st.sampled_from(SESSIONS), lanes), min_size=1, max_size=60))
    def deliver(self, updates: list[tuple[str, str]]) -> None:
        self.store(range(len(self.made), len(self.made) + len(updates)), updates, new=len(updates))
        self.made += updates

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        numbers = data.draw(st.lists(st.sampled_from(range(len(self.made))), min_size=1))
        self.store(numbers, [self.made[number] for number in numbers], new=0)

    def store(self, numbers: Any, updates: list[tuple[str, str]], *, new: int) -> None:
        self.db.execute(QUERIES["put_body"], (self.now, "s", b"{}"))
        [arrived] = self.run(operations.arrived(SESSIONS, 5))
        rows = [
            Row(place, key_of(number), session, lane, State.READY)
            for place, (number, (session, lane)) in enumerate(zip(numbers, updates, strict=True))
        ]
        result = self.run(operations.split([Split(arrived.body_id, rows)], self.version))
        assert (result.new, result.duplicates) == (new, len(rows) - new)

    @rule(owner=owners, limit=st.integers(1, 40), sessions=st.sets(st.sampled_from(SESSIONS)))
    def take(self, owner: str, limit: int, sessions: set[str]) -> None:
        items = self.run(operations.take(owner, sessions, limit=limit, lease=LEASE, now=self.now))
        assert len(items) <= limit
        assert {item.session for item in items} <= sessions
        seqs = [item.seq for item in items if item.session == items[0].session]
        assert seqs == sorted(seqs)
        self.in_hand.setdefault(owner, []).extend(items)

    @precondition(lambda self: any(self.in_hand.values()))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """As a dispatcher does: in order per lane; after a failure the rest is released."""
        owner = data.draw(st.sampled_from(sorted(o for o, items in self.in_hand.items() if items)))
        items = self.in_hand[owner]
        count = data.draw(st.integers(1, len(items)))
        done: list[Item] = []
        failed: list[Failure] = []
        released: list[Item] = []
        stopped: set[tuple[str, str]] = set()
        for item in items[:count]:
            lane = (item.session, item.lane)
            fate = data.draw(st.sampled_from(["done", "done", "done", "retry", "dead"]))
            if item.lane and lane in stopped:
                released.append(item)
            elif fate == "done":
                done.append(item)
            else:
                failed.append(Failure(item, "error", 5.0 if fate == "retry" else None))
                if fate == "retry":
                    stopped.add(lane)
        # The rest of a stopped lane is released in the same breath.
        rest = [i for i in items[count:] if (i.session, i.lane) not in stopped or not i.lane]
        released += [i for i in items[count:] if i not in rest]
        for item in done:
            assert item.key not in self.finished, "it was handled again after its success"
            self.finished[item.key] = item.seq
        self.run(
            operations.settle(owner, done=done, failed=failed, released=released, now=self.now)
        )
        self.in_hand[owner] = rest

    @rule(seconds=st.sampled_from([0.5, 2.0, 6.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for owner, items in self.in_hand.items():
            if items:
                self.run(operations.renew(owner, self.now + LEASE))

    @rule(owner=owners)
    def die(self, owner: str) -> None:
        """A process dies; its lease ends."""
        self.in_hand.pop(owner, None)
        self.db.execute("UPDATE owners SET until = ? WHERE owner = ?", (self.now, owner))

    @rule(owner=owners)
    def stop(self, owner: str) -> None:
        self.in_hand.pop(owner, None)
        self.run(operations.retire(owner))

    @rule()
    def replay(self) -> None:
        dead = [seq for (seq,) in self.db.execute("SELECT seq FROM updates WHERE state = 5")]
        assert self.run(operations.replay(dead)) == len(dead)
        self.revived.update(dead)

    def rows(self, what: str, condition: str) -> list[Any]:
        return self.db.execute(f"SELECT {what} FROM updates WHERE {condition}").fetchall()

    @invariant()
    def everything_is_somewhere(self) -> None:
        if hasattr(self, "db"):
            assert self.rows("count(*)", "true") == [(len(self.made),)]

    @invariant()
    def a_lane_has_one_owner(self) -> None:
        if hasattr(self, "db"):
            taken = self.rows(
                "session, lane, count(DISTINCT owner)", "state = 1 AND lane <> '' GROUP BY 1, 2"
            )
            assert all(count == 1 for _, _, count in taken)

    @invariant()
    def nothing_is_blocked_for_ever(self) -> None:
        if hasattr(self, "db"):
            held = set(self.rows("session, lane", "state IN (1, 2)"))
            first = dict(lane_ends(self.rows("session, lane, min(seq)", "state = 0 GROUP BY 1, 2")))
            for lane, seq in lane_ends(
                self.rows("session, lane, min(seq)", "state = 3 GROUP BY 1, 2")
            ):
                assert lane in held or first[lane] < seq

    @invariant()
    def nothing_overtakes(self) -> None:
        """What is taken comes before all of its lane that is not."""
        if hasattr(self, "db"):
            taken = self.rows("session, lane, max(seq)", "state = 1 AND lane <> '' GROUP BY 1, 2")
            last = {(session, lane): seq for session, lane, seq in taken}
            for session, lane, seq in self.rows("session, lane, seq", "state IN (2, 3)"):
                assert seq in self.revived or last.get((session, lane), -1) < seq

    def teardown(self) -> None:
        if not hasattr(self, "db"):
            return
        drain(self.run, self.now + 1_000_000)
        assert self.rows("count(*)", "state NOT IN (4, 5)") == [(0,)], "something was lost"
        self.db.close()


def lane_ends(rows: list[Any]) -> Iterator[tuple[tuple[str, str], int]]:
    return (((session, lane), seq) for session, lane, seq in rows)


def drain(run: Callable[[Operation[Any]], Any], now: float) -> None:
    while items := run(operations.take("last", SESSIONS, limit=50, lease=LEASE, now=now)):
        run(operations.settle("last", done=items, failed=[], released=[], now=now))


InboxMachine.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
TestInboxOperations = InboxMachine.TestCase


def test_sqlite_uses_the_small_indexes() -> None:
    """A partial index is only used by queries that repeat its condition; a scan would be slow."""
    db = sqlite3.connect(":memory:")
    for step in migrations(INBOX, "sqlite_migrations"):
        db.executescript(step.sql)
    for name, sql in QUERIES.items():
        count = max((n for n in range(1, 10) if f"?{n}" in sql), default=0)
        steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", ["[]"] * count)]
        slow = [step for step in steps if step in SCANS or "AUTOMATIC" in step]
        assert slow == [], f"{name} reads a whole table"
    db.close()


def test_a_long_conversation_costs_as_much_as_many_short_ones() -> None:
    """Twice the updates, twice the work; else one busy group would hold up everybody."""
    assert instructions_for(lane_of=2_000) < 3 * instructions_for(lane_of=1_000)


def test_what_waits_for_a_pruned_update_goes_on() -> None:
    """Its session was forgotten, and registers again when the oldest have gone."""
    db = inbox_of_one_lane(32, 8)
    held = run_on_sqlite(
        db, QUERIES, operations.take("ann", SESSIONS, limit=16, lease=LEASE, now=0.0)
    )
    assert len(held) == 16
    assert not run_on_sqlite(
        db, QUERIES, operations.take("bob", SESSIONS, limit=99, lease=LEASE, now=0.0)
    )
    run_on_sqlite(db, QUERIES, operations.retire("ann"))

    assert run_on_sqlite(db, QUERIES, operations.prune("prune_forgotten", (1,), 99)) == 32
    drain(lambda operation: run_on_sqlite(db, QUERIES, operation), 1_000.0)
    assert db.execute("SELECT state, count(*) FROM updates").fetchall() == [(State.DONE, 8)]
    db.close()


def inbox_of_one_lane(*sizes: int) -> sqlite3.Connection:
    """An inbox whose bodies hold so many updates, all of one lane."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    for step in migrations(INBOX, "sqlite_migrations"):
        db.executescript(step.sql)
    for body, size in enumerate(sizes, 1):
        db.execute(QUERIES["put_body"], (0.0, "s", b"{}"))
        keys = (f"{body} {n}".encode() for n in range(size))
        rows = [Row(n, key, SESSIONS[0], "group", State.READY) for n, key in enumerate(keys)]
        run_on_sqlite(db, QUERIES, operations.split([Split(body, rows)], 1))
    return db


def instructions_for(*, lane_of: int) -> int:
    """Count what SQLite does, in hundreds of instructions, until a lane has been handled."""
    db = inbox_of_one_lane(lane_of)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1

    db.set_progress_handler(count, 100)
    drain(lambda operation: run_on_sqlite(db, QUERIES, operation), 1_000.0)
    db.set_progress_handler(None, 0)
    assert db.execute("SELECT DISTINCT state FROM updates").fetchall() == [(State.DONE,)]
    db.close()
    return done


SCANS = {"SCAN updates", "SCAN bodies", "SCAN held"}
