"""How the chunks of a number share its window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.chunk_run import ChunkRun
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.records import Lease
from blazz.campaigns.number import Number
from blazz.campaigns.priority import Priority


def a_run(
    campaign: int, chunk: int, *, due: int, on_its_way: int = 0, priority: Priority
) -> ChunkRun:
    lease = Lease(chunk=ChunkId(campaign, chunk), owner="me", epoch=1, due=due)
    run = ChunkRun(lease, now=0, ttl=60, priority=priority)
    run.in_flight = on_its_way
    return run


def test_an_urgent_campaign_does_not_wait_for_the_window_of_another() -> None:
    bulk = a_run(1, 1, due=400, on_its_way=40, priority=Priority.CAMPAIGN)
    urgent = a_run(2, 1, due=10, priority=Priority.URGENT)
    number = Number(runs=[bulk, urgent])
    assert number.room(urgent, 40) == (10, 13)
    assert number.room(bulk, 40) == (0, 13)


def test_a_campaign_waits_while_a_more_urgent_one_has_something_to_send() -> None:
    bulk = a_run(1, 1, due=400, priority=Priority.CAMPAIGN)
    urgent = a_run(2, 1, due=30, priority=Priority.URGENT)
    number = Number(runs=[bulk, urgent])
    assert number.room(bulk, 40)[0] == 10, "what the urgent one leaves"
    urgent.remaining = 0
    assert number.room(bulk, 40)[0] == 40


def test_the_chunk_that_began_first_goes_first() -> None:
    first = a_run(1, 1, due=20, priority=Priority.CAMPAIGN)
    second = a_run(1, 2, due=500, priority=Priority.CAMPAIGN)
    number = Number(runs=[first, second])
    assert number.room(second, 40)[0] == 0
    first.remaining = 0
    assert number.room(second, 40)[0] == 40


RUNS = st.lists(
    st.tuples(
        st.integers(1, 3), st.integers(0, 500), st.integers(0, 50), st.sampled_from(Priority)
    ),
    min_size=1,
    max_size=6,
)


@given(RUNS, st.integers(1, 100))
def test_no_chunk_takes_more_than_the_window_has(
    shapes: list[tuple[int, int, int, Priority]], window: int
) -> None:
    runs = [
        a_run(campaign, chunk, due=due, on_its_way=flying, priority=priority)
        for chunk, (campaign, due, flying, priority) in enumerate(shapes)
    ]
    number = Number(runs=runs)
    for run in runs:
        want, enough = number.room(run, window)
        alike = sum(it.in_flight for it in runs if it.priority <= run.priority)
        assert 0 <= want <= max(0, window - alike)
        assert want <= run.remaining
        assert enough >= 1
