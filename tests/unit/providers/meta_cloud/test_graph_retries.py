"""The pure decision: whether a failed request is tried again, and after which pause."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import (
    AnswerLost,
    BlazzError,
    ConnectionFailed,
    InvalidValue,
    Retry,
    UnreadableAnswer,
)
from blazz.providers.meta_cloud.faults import FAULTS
from blazz.providers.meta_cloud.retries import Retries, pause_after

FAULT_KINDS = st.sampled_from(sorted(set(FAULTS.values()), key=lambda kind: kind.codes))
FAULT = st.builds(
    lambda kind, seconds: kind(retry_after=seconds), FAULT_KINDS, st.none() | st.floats(0, 1e6)
)
LOST = st.sampled_from([AnswerLost("x"), UnreadableAnswer("x", status=502, body="")])
TRIES = st.integers(1, 20)
JITTER = st.floats(0, 1)


@given(FAULT | LOST | st.just(ConnectionFailed("x")), TRIES, st.booleans(), JITTER)
def test_a_pause_is_never_negative_and_always_finite(failure, tries, repeatable, jitter) -> None:
    pause = pause_after(failure, tries, repeatable=repeatable, jitter=jitter)
    assert pause is None or 0 <= pause < math.inf


@given(LOST, TRIES, JITTER)
def test_a_lost_answer_is_never_repeated_unless_that_does_no_harm(failure, tries, jitter) -> None:
    assert pause_after(failure, tries, repeatable=False, jitter=jitter) is None
    assert pause_after(failure, tries, repeatable=True, jitter=jitter) is not None


@given(FAULT, TRIES, st.booleans())
def test_a_refusal_is_repeated_as_its_class_says(failure, tries, repeatable) -> None:
    pause = pause_after(failure, tries, repeatable=repeatable)
    if failure.retry in (Retry.BACKOFF, Retry.PAIR):
        assert pause is not None
        assert pause >= (failure.retry_after or 0)
    elif failure.retry is Retry.ONCE:
        assert (pause is None) == (tries > 1)
    else:
        assert pause is None


@given(TRIES, JITTER)
def test_pauses_grow_and_stay_within_a_minute(tries: int, jitter: float) -> None:
    pause = pause_after(ConnectionFailed("x"), tries, repeatable=False, jitter=jitter)
    following = pause_after(ConnectionFailed("x"), tries + 1, repeatable=False, jitter=jitter)
    assert pause is not None
    assert following is not None
    assert 0 < pause <= following <= 60


@pytest.mark.parametrize(
    ("failure", "repeated"),
    [
        (UnreadableAnswer("x", status=500, body=""), True),
        (UnreadableAnswer("x", status=200, body=""), False),
        (BlazzError("x"), False),
        (ValueError("x"), False),
    ],
)
def test_only_passing_trouble_is_worth_a_second_read(failure: Exception, repeated: bool) -> None:
    assert (pause_after(failure, 1, repeatable=True) is not None) is repeated


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("Retries.attempts", {"attempts": 0}),
        ("Retries.deadline", {"deadline": -1}),
        ("Retries.deadline", {"deadline": math.nan}),
    ],
)
def test_limits_are_checked(field: str, settings: dict[str, float]) -> None:
    with pytest.raises(InvalidValue) as caught:
        Retries(**settings)
    assert caught.value.field == field
