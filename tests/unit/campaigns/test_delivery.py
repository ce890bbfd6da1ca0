"""The life of a recipient's message: what evidence may change, and what it must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.delivery import (
    Accepted,
    Delivery,
    Evidence,
    LeaseExpired,
    Lost,
    NeverLeft,
    RefusedBy,
    Reopened,
    Reported,
    Settled,
    SettleWindowOver,
    State,
    Withheld,
    advance,
)
from blazz.campaigns.retrying import RetryPolicy
from blazz.errors import Retry
from blazz.events.statuses import Status

NOW = 1000.0
RETRIES = RetryPolicy(most_refusals=3)
NO = RefusedBy(Retry.NEVER, 131026, "undeliverable")
BUSY = RefusedBy(Retry.BACKOFF, 131016, "busy")
SENT, DELIVERED, READ, PLAYED = map(
    Reported, (Status.SENT, Status.DELIVERED, Status.READ, Status.PLAYED)
)
FAILED = Reported(Status.FAILED, "wamid.9", 131049, "not now")
UP = (State.ACCEPTED, State.SENT, State.DELIVERED, State.READ)


def after(delivery: Delivery, evidence: Evidence, attempt: int | None = None) -> Delivery:
    about = delivery.attempt if attempt is None else attempt
    return advance(delivery, evidence, attempt=about, now=NOW, retries=RETRIES)


@pytest.mark.parametrize(
    ("before", "evidence", "expected"),
    [
        (State.SENDING, Accepted("wamid.1"), State.ACCEPTED),
        (State.UNKNOWN, Accepted("wamid.1"), State.ACCEPTED),
        (State.PENDING, Accepted("wamid.1"), State.ACCEPTED),
        (State.READ, Accepted("wamid.1"), State.READ),
        (State.FAILED, Accepted("wamid.1"), State.FAILED),
        (State.SENDING, SENT, State.SENT),
        (State.SENDING, DELIVERED, State.DELIVERED),
        (State.PENDING, DELIVERED, State.DELIVERED),
        (State.UNKNOWN, READ, State.READ),
        (State.ACCEPTED, SENT, State.SENT),
        (State.READ, SENT, State.READ),
        (State.DELIVERED, PLAYED, State.READ),
        (State.FAILED, SENT, State.FAILED),
        (State.FAILED, DELIVERED, State.DELIVERED),
        (State.SENDING, FAILED, State.FAILED),
        (State.UNKNOWN, FAILED, State.FAILED),
        (State.PENDING, FAILED, State.FAILED),
        (State.ACCEPTED, FAILED, State.FAILED),
        (State.SENT, FAILED, State.FAILED),
        (State.DELIVERED, FAILED, State.DELIVERED),
        (State.READ, FAILED, State.READ),
        (State.SENDING, NO, State.FAILED),
        (State.UNKNOWN, NO, State.FAILED),
        (State.SENDING, BUSY, State.PENDING),
        (State.ACCEPTED, NO, State.ACCEPTED),
        (State.PENDING, NO, State.PENDING),
        (State.SENDING, NeverLeft(), State.PENDING),
        (State.UNKNOWN, NeverLeft(), State.PENDING),
        (State.SENT, NeverLeft(), State.SENT),
        (State.PENDING, Withheld(NOW + 9, "quiet"), State.PENDING),
        (State.PENDING, Withheld(None, "capped"), State.FAILED),
        (State.SENDING, Withheld(NOW + 9, "quiet"), State.PENDING),
        (State.UNKNOWN, Withheld(None, "capped"), State.UNKNOWN),
        (State.READ, Withheld(None, "capped"), State.READ),
        (State.SENDING, Lost(), State.UNKNOWN),
        (State.DELIVERED, Lost(), State.DELIVERED),
        (State.SENDING, LeaseExpired(), State.UNKNOWN),
        (State.PENDING, LeaseExpired(), State.PENDING),
        (State.ACCEPTED, LeaseExpired(), State.ACCEPTED),
        (State.UNKNOWN, Settled(sent=True), State.ACCEPTED),
        (State.DELIVERED, Settled(sent=True), State.DELIVERED),
        (State.UNKNOWN, Settled(sent=False), State.PENDING),
        (State.ACCEPTED, Settled(sent=False), State.ACCEPTED),
        (State.UNKNOWN, SettleWindowOver(), State.PENDING),
        (State.SENDING, SettleWindowOver(), State.SENDING),
        (State.FAILED, Reopened(), State.PENDING),
        (State.UNKNOWN, Reopened(), State.UNKNOWN),
        (State.DELIVERED, Reopened(), State.DELIVERED),
    ],
)
def test_evidence_moves_a_message(before: State, evidence: Evidence, expected: State) -> None:
    assert after(Delivery(before, attempt=1), evidence).state is expected


@pytest.mark.parametrize(
    "evidence", [NO, BUSY, NeverLeft(), Lost(), Settled(sent=False), SettleWindowOver()]
)
def test_what_an_older_attempt_did_not_do_says_nothing_of_a_newer_one(evidence: Evidence) -> None:
    for state in (State.SENDING, State.UNKNOWN):
        newer = Delivery(state, attempt=2)
        assert after(newer, evidence, attempt=1) is newer


def test_an_older_attempt_that_failed_does_not_fail_a_newer_one() -> None:
    newer = Delivery(State.SENDING, attempt=2)
    assert after(newer, FAILED, attempt=1) is newer


def test_an_older_attempt_that_arrived_after_all_ends_the_newer_one() -> None:
    waiting = Delivery(State.PENDING, attempt=1, next_at=NOW + 50)
    arrived = after(waiting, Accepted("wamid.1"))
    assert (arrived.state, arrived.next_at) == (State.ACCEPTED, 0.0)


def test_a_status_that_overtakes_the_answer_keeps_its_height_and_gets_the_id() -> None:
    overtaken = after(after(Delivery(State.SENDING, 1), DELIVERED), Accepted("wamid.1"))
    assert overtaken == Delivery(State.DELIVERED, 1, message_id="wamid.1")


def test_a_failure_that_overtakes_the_answer_stays_and_keeps_its_reason() -> None:
    failed = after(after(Delivery(State.SENDING, 1), FAILED), Accepted("wamid.1"))
    assert failed == Delivery(State.FAILED, 1, 0, 0.0, "wamid.9", 131049, "not now")


def test_a_delivery_clears_the_error_of_a_failure() -> None:
    failed = after(Delivery(State.ACCEPTED, 1, message_id="wamid.1"), FAILED)
    assert after(failed, DELIVERED) == Delivery(State.DELIVERED, 1, message_id="wamid.1")


def test_refusals_are_counted_until_the_last() -> None:
    delivery = Delivery(State.SENDING, 1)
    pauses = []
    while delivery.state is not State.FAILED:
        delivery = after(delivery, BUSY)
        pauses.append(delivery.next_at)
        if delivery.state is State.PENDING:
            delivery = Delivery(State.SENDING, delivery.attempt + 1, delivery.refusals)
    assert pauses == [NOW + 1, NOW + 2, 0.0]
    assert (delivery.refusals, delivery.code, delivery.reason) == (3, 131016, "busy")


def test_what_is_not_the_recipients_fault_is_not_counted() -> None:
    for evidence in (RefusedBy(Retry.BACKOFF, 130429, counts=False), NeverLeft("no network", 5.0)):
        assert after(Delivery(State.SENDING, 1, refusals=2), evidence).refusals == 2
    assert after(Delivery(State.SENDING, 1), NeverLeft("no network", 5.0)).next_at == NOW + 5


EVIDENCE = st.one_of(
    st.just(Accepted("wamid.1")),
    st.builds(Reported, st.sampled_from(Status), st.none(), st.just(1), st.just("r")),
    st.builds(RefusedBy, st.sampled_from(Retry), counts=st.booleans()),
    st.builds(NeverLeft, delay=st.floats(0, 10)),
    st.builds(Withheld, st.none() | st.floats(1, 10), st.just("quiet")),
    st.just(Lost("timeout")),
    st.just(LeaseExpired()),
    st.builds(Settled, st.booleans()),
    st.just(SettleWindowOver()),
)
DELIVERIES = st.builds(
    Delivery, st.sampled_from(State), st.integers(1, 3), st.integers(0, 3), st.just(0.0)
)


@given(DELIVERIES, EVIDENCE, st.integers(1, 3))
def test_evidence_that_comes_twice_changes_nothing_the_second_time(
    delivery: Delivery, evidence: Evidence, attempt: int
) -> None:
    once = after(delivery, evidence, attempt)
    assert after(once, evidence, attempt) is once


@given(DELIVERIES, st.lists(st.tuples(EVIDENCE, st.integers(1, 3)), max_size=8))
def test_a_message_that_exists_is_never_queued_again(
    delivery: Delivery, story: list[tuple[Evidence, int]]
) -> None:
    for evidence, attempt in story:
        before, delivery = delivery, after(delivery, evidence, attempt)
        if before.state in UP:
            assert delivery.state in (*UP, State.FAILED)
            if delivery.state in UP:
                assert UP.index(delivery.state) >= UP.index(before.state), "only upwards"
        if before.state is State.FAILED:
            assert delivery.state in (State.FAILED, State.DELIVERED, State.READ)


REPORTS = st.lists(st.sampled_from([SENT, DELIVERED, READ, FAILED, Accepted("wamid.1")]))


@given(REPORTS, st.randoms())
def test_the_order_of_reports_does_not_matter(reports: list[Evidence], random: object) -> None:
    def told(story: list[Evidence]) -> State:
        delivery = Delivery(State.SENDING, 1)
        for evidence in story:
            delivery = after(delivery, evidence)
        return delivery.state

    shuffled = reports.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert told(reports) is told(shuffled)
