"""A ledger under random use does what a few dictionaries do."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from blazz.campaigns.delivery import (
    Accepted,
    Delivery,
    LeaseExpired,
    Lost,
    NeverLeft,
    RefusedBy,
    Reported,
    Settled,
    SettleWindowOver,
    State,
    advance,
)
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.postgres import PostgresLedger
from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    Finding,
    Lease,
    NewRow,
)
from blazz.campaigns.ledger.sql import SqlLedger
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.retrying import RetryPolicy
from blazz.errors import LeaseLost, Retry
from blazz.events.statuses import Status

T = TypeVar("T")

SIZE = 4
TTL = 60.0
HOLD = 30.0
RETRIES = RetryPolicy(3)
EVIDENCE = st.one_of(
    st.just(Accepted("wamid.1")),
    st.builds(Reported, st.sampled_from(Status)),
    st.builds(RefusedBy, st.sampled_from(Retry), counts=st.booleans()),
    st.builds(NeverLeft, delay=st.sampled_from([0.0, 5.0])),
    st.just(Lost()),
    st.builds(Settled, st.booleans()),
    st.just(SettleWindowOver()),
)


@dataclass
class Chunk:
    """What the model knows of a chunk."""

    owner: str | None = None
    epoch: int = 0
    lease_until: float = 0.0
    offered_until: float = 0.0


class LedgerMachine(RuleBasedStateMachine):
    """Uses a ledger and a model of it side by side."""

    def __init__(self, ledger: SqlLedger, campaign: str) -> None:
        super().__init__()
        self.campaign = campaign
        self.runner = asyncio.Runner()
        self.ledger = ledger
        self.do(self.ledger.open())
        self.owners = [self.do(self.ledger.join()) for _ in range(2)]
        self.now = 1_780_000_000.0
        self.running = True
        self.upto = 99
        self.leases: list[Lease] = []

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.do(self.ledger.close())
        self.runner.close()

    @initialize(count=st.integers(1, 11))
    def import_rows(self, count: int) -> None:
        row = CampaignRow(
            workspace="w",
            id=self.campaign,
            session=self.campaign,
            message="{}",
            columns=(),
            chunk_size=SIZE,
            most_refusals=3,
        )
        owner, now = self.owners[0], self.now
        self.number = self.do(self.ledger.create(row, now=now)).number
        self.do(self.ledger.begin_import(self.number, owner=owner, now=now, ttl=TTL))
        rows = [NewRow(n, f"+62{10**9 + n}", "[]") for n in range(1, count + 1)]
        self.do(self.ledger.import_rows(self.number, rows, owner=owner, now=now, ttl=TTL))
        self.do(
            self.ledger.finish_import(
                self.number, owner=owner, audience="a", columns=(), now=now, ttl=TTL
            )
        )
        self.change(CampaignState.RUNNING, CampaignState.READY)
        self.rows = {n: Delivery(State.PENDING, 0) for n in range(1, count + 1)}
        self.chunks = {n: Chunk() for n in range(1, (count - 1) // SIZE + 2)}

    def change(self, state: CampaignState, expected: CampaignState) -> None:
        assert self.do(self.ledger.change(self.number, state, expected={expected}))

    def of(self, chunk: int) -> list[int]:
        return [seq for seq in self.rows if (seq - 1) // SIZE + 1 == chunk]

    def due(self, chunk: int) -> list[int]:
        rows = [(seq, self.rows[seq]) for seq in self.of(chunk)]
        return [
            seq
            for seq, it in rows
            if it.state is State.PENDING and it.next_at <= self.now and seq <= self.upto
        ]

    def below_limit(self, chunk: int) -> bool:
        return (chunk - 1) * SIZE < self.upto

    def is_open(self, chunk: int) -> bool:
        return any(self.rows[seq].state in {State.PENDING, State.SENDING} for seq in self.of(chunk))

    @rule(seconds=st.sampled_from([0.5, 3.0, 31.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def pause_or_resume(self) -> None:
        states = (CampaignState.RUNNING, CampaignState.PAUSED)
        expected, state = states if self.running else states[::-1]
        self.change(state, expected)
        self.running = not self.running

    @rule(upto=st.integers(0, 11) | st.none())
    def limit(self, upto: int | None) -> None:
        self.do(self.ledger.limit(self.number, upto))
        self.upto = 99 if upto is None else upto

    @rule(owner=st.sampled_from([0, 1]), data=st.data())
    def lease(self, owner: int, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.chunks)))
        chunk = self.chunks[number]
        can = (
            self.running
            and chunk.lease_until <= self.now
            and self.is_open(number)
            and self.below_limit(number)
        )
        lease = self.do(
            self.ledger.lease_chunk(
                ChunkId(self.number, number), owner=self.owners[owner], ttl=TTL, now=self.now
            )
        )
        assert (lease is not None) == can
        if lease is None:
            return
        for seq in self.of(number):
            self.evidence(seq, self.rows[seq].attempt, LeaseExpired())
        chunk.epoch += 1
        chunk.owner = self.owners[owner]
        chunk.lease_until = self.now + TTL
        chunk.offered_until = 0.0
        assert (lease.epoch, lease.due) == (chunk.epoch, len(self.due(number)))
        self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), n=st.integers(0, 5), after=st.integers(0, 4))
    def begin_window(self, data: st.DataObject, n: int, after: int) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        number = lease.chunk.number
        chunk = self.chunks[number]
        try:
            taken = self.do(self.ledger.begin_window(lease, n, after=after, ttl=TTL, now=self.now))
        except LeaseLost:
            assert not self.holds(lease)
            return
        assert self.holds(lease)
        shown = self.do(self.ledger.due_rows(lease, now=self.now))
        assert [it.seq for it in shown] == [
            seq for seq in self.due(number) if seq not in {row.seq for row in taken}
        ]
        due = [seq for seq in self.due(number) if seq > after][:n] if self.running else []
        assert [(row.seq, row.attempt) for row in taken] == [
            (seq, self.rows[seq].attempt + 1) for seq in due
        ]
        chunk.lease_until = self.now + TTL
        for seq in due:
            it = self.rows[seq]
            self.rows[seq] = it._replace(state=State.SENDING, attempt=it.attempt + 1)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        self.do(self.ledger.release(lease, now=self.now))
        if self.holds(lease):
            chunk = self.chunks[lease.chunk.number]
            chunk.owner, chunk.lease_until = None, 0.0
            for seq in self.of(lease.chunk.number):
                self.evidence(seq, self.rows[seq].attempt, LeaseExpired())

    def holds(self, lease: Lease) -> bool:
        chunk = self.chunks[lease.chunk.number]
        return chunk.owner is not None and chunk.epoch == lease.epoch

    @rule(data=st.data())
    def record(self, data: st.DataObject) -> None:
        found = st.tuples(st.integers(1, 12), st.integers(1, 3), EVIDENCE)
        findings = data.draw(st.lists(found, min_size=1, max_size=5))
        self.do(
            self.ledger.record(
                [Finding(self.number, *finding) for finding in findings], now=self.now
            )
        )
        for seq, attempt, evidence in findings:
            if seq in self.rows:
                self.evidence(seq, attempt, evidence)

    def evidence(self, seq: int, attempt: int, evidence: Any) -> None:
        self.rows[seq] = advance(
            self.rows[seq], evidence, attempt=attempt, now=self.now, retries=RETRIES
        )

    @rule()
    def offer(self) -> None:
        offers = self.do(
            self.ledger.offer(
                owner=self.owners[0], depth=99, hold=HOLD, now=self.now, campaign=self.number
            )
        )
        offered = {offer.chunk.number for offer in offers}
        free = {
            number
            for number, chunk in self.chunks.items()
            if self.running
            and self.is_open(number)
            and self.below_limit(number)
            and chunk.lease_until <= self.now
            and chunk.offered_until <= self.now
        }
        must = {number for number in free if self.due(number)}
        assert must <= offered <= free
        for number in offered:
            self.chunks[number].offered_until = self.now + HOLD

    @invariant()
    def rows_and_counters_agree(self) -> None:
        found = self.do(self.ledger.recipients(self.number, tuple(State)))
        assert {it.seq: (it.state, it.attempt) for it in found} == {
            seq: (it.state, it.attempt) for seq, it in self.rows.items()
        }
        standing = self.do(self.ledger.standing(self.number, now=self.now))
        states = Counter(it.state for it in self.rows.values())
        assert {state: getattr(standing.counts, state) for state in State} == {
            state: states[state] for state in State
        }
        leased = sum(chunk.lease_until > self.now for chunk in self.chunks.values())
        assert standing.busy == leased


def check(make: Callable[[], SqlLedger], *, examples: int) -> None:
    names = (f"c{n}" for n in itertools.count())
    run_state_machine_as_test(
        lambda: LedgerMachine(make(), next(names)),
        settings=settings(max_examples=examples, stateful_step_count=30, deadline=None),
    )


def test_the_sqlite_ledger_is_like_its_model(tmp_path: Path) -> None:
    check(lambda: SqliteLedger(tmp_path / "ledger.db"), examples=30)


def test_the_postgres_ledger_is_like_its_model(postgres_url: str) -> None:
    check(lambda: PostgresLedger(postgres_url, pool_size=2, callers_clock=True), examples=15)
