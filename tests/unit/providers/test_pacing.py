"""Pacing: nothing leaves too soon or too often, whatever is asked and whatever the clock does."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue
from blazz.providers.pacing import Full, Go, History, Pacing, Wait, decide, typing_time

DAY = 86_400.0
NOON = 20_000 * DAY + DAY / 2

pacings = st.builds(
    Pacing,
    per_minute=st.none() | st.integers(1, 30),
    pause=st.tuples(st.floats(0, 20), st.floats(0, 20)).map(lambda both: tuple(sorted(both))),
    daily_cap=st.none() | st.integers(1, 40),
    warm_up_days=st.integers(0, 5),
    first_day=st.integers(1, 50),
)
asked = st.lists(st.tuples(st.floats(0, 40), st.booleans(), st.floats(0, 1)), max_size=150)


def _walk(pacing: Pacing, asked: list[tuple[float, bool, float]]) -> list[tuple[float, bool]]:
    """When messages leave if each waits as it is told: the time, and whether it is an answer."""
    history, now, left = History(), NOON, []
    for passing, answer, dice in asked:
        now += passing
        decision = decide(pacing, history, now=now, answer=answer, dice=dice)
        while isinstance(decision, Wait):
            assert decision.seconds > 0
            now += decision.seconds
            decision = decide(pacing, history, now=now, answer=answer, dice=dice)
        if isinstance(decision, Full):
            assert decision.until > now
            now = decision.until
            continue
        history = decision.history
        left.append((now, answer))
    return left


@given(pacings, asked)
def test_a_minute_has_no_more_than_its_messages(
    pacing: Pacing, asked: list[tuple[float, bool, float]]
) -> None:
    times = [at for at, _ in _walk(pacing, asked)]
    most = pacing.per_minute or len(times) + 1

    for first, beyond in zip(times, times[most:], strict=False):
        assert beyond - first >= 60 - 1e-4  # floats of this size are that exact


@given(pacings, asked)
def test_pauses_lie_between_their_bounds_and_answers_do_not_wait_for_them(
    pacing: Pacing, asked: list[tuple[float, bool, float]]
) -> None:
    uninvited = [at for at, answer in _walk(pacing, asked) if not answer]

    for before, after in pairwise(uninvited):
        assert after - before >= pacing.pause[0] - 1e-4


@given(pacings, asked)
def test_a_day_has_no_more_than_its_cap(
    pacing: Pacing, asked: list[tuple[float, bool, float]]
) -> None:
    days: dict[int, int] = {}
    for at, answer in _walk(pacing, asked):
        if not answer:
            days[int(at // DAY)] = days.get(int(at // DAY), 0) + 1

    for index, day in enumerate(sorted(days)):
        cap = pacing.cap_on(index)
        assert cap is None or days[day] <= cap


@given(pacings)
def test_a_cap_grows_from_the_first_day_to_the_last(pacing: Pacing) -> None:
    caps = [pacing.cap_on(day) for day in range(pacing.warm_up_days + 3)]

    if pacing.daily_cap is None:
        assert set(caps) == {None}
        return
    whole = [cap for cap in caps if cap is not None]
    assert whole == sorted(whole)
    assert whole[-1] == pacing.daily_cap
    if pacing.warm_up_days:
        assert whole[0] == min(pacing.first_day, pacing.daily_cap)


@given(pacings, asked, st.floats(0, 10 * DAY))
def test_a_clock_that_is_set_back_neither_blocks_nor_frees(
    pacing: Pacing, asked: list[tuple[float, bool, float]], back: float
) -> None:
    history, now = History(), NOON
    for passing, answer, dice in asked:
        now += passing
        decision = decide(pacing, history, now=now, answer=answer, dice=dice)
        history = decision.history if isinstance(decision, Go) else history
    decision = decide(pacing, history, now=now - back, answer=False, dice=0.5)

    match decision:
        case Wait(seconds=seconds):
            assert seconds <= max(60.0, pacing.pause[1])
        case Full(cap=cap):
            assert history.uninvited >= cap
        case Go(history=after):
            assert after.uninvited == history.uninvited + 1 or after.uninvited == 1


@given(pacings, asked)
def test_what_is_stored_keeps_the_counts(
    pacing: Pacing, asked: list[tuple[float, bool, float]]
) -> None:
    history = History()
    for passing, answer, dice in asked:
        decision = decide(pacing, history, now=NOON + passing, answer=answer, dice=dice)
        history = decision.history if isinstance(decision, Go) else history
    restored = History.from_json(history.to_json())

    assert asdict(restored) == {**asdict(history), "recent": ()}


def test_after_the_cap_the_next_day_is_named() -> None:
    pacing = Pacing(per_minute=None, pause=(0, 0), daily_cap=2, warm_up_days=0)
    history = History()
    for _ in range(2):
        decision = decide(pacing, history, now=NOON, answer=False, dice=0)
        assert isinstance(decision, Go)
        history = decision.history

    assert decide(pacing, history, now=NOON, answer=False, dice=0) == Full(20_001 * DAY, 2)
    assert isinstance(decide(pacing, history, now=NOON, answer=True, dice=0), Go)
    assert isinstance(decide(pacing, history, now=20_001 * DAY, answer=False, dice=0), Go)


def test_days_without_messages_do_not_warm_up() -> None:
    pacing = Pacing(daily_cap=100, warm_up_days=2, first_day=1)
    decision = decide(pacing, History(), now=NOON, answer=False, dice=0)
    assert isinstance(decision, Go)

    later = decide(pacing, decision.history, now=NOON + 30 * DAY, answer=False, dice=0)
    assert isinstance(later, Go)
    assert (decision.history.day_of_writing, later.history.day_of_writing) == (0, 1)


def test_nothing_waits_where_it_is_off() -> None:
    history = History()
    for _ in range(1000):
        decision = decide(Pacing.off(), history, now=NOON, answer=False, dice=1)
        assert isinstance(decision, Go)
        history = decision.history
    assert Pacing.off().is_off
    assert not Pacing().is_off
    assert typing_time(Pacing.off(), 500, dice=1) == 0


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_typing_takes_as_long_as_it_may(characters: int, dice: float) -> None:
    pacing = Pacing(typing=10, longest_typing=5)
    seconds = typing_time(pacing, characters, dice=dice)

    assert 0 <= seconds <= 5
    assert seconds == 5 or characters / 12.5 <= seconds + 1e-9 <= characters / 8 + 1e-6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("per_minute", 0),
        ("pause", (3, 2)),
        ("pause", (-1, 2)),
        ("pause", (0, 4000)),
        ("typing", 0),
        ("longest_typing", 61),
        ("daily_cap", 0),
        ("warm_up_days", -1),
        ("first_day", 0),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidValue, match=rf"Pacing\.{name}: "):
        Pacing(**{name: value})  # type: ignore[arg-type]
