"""When a refused message is tried again."""

from __future__ import annotations

import pytest

from blazz.campaigns.retrying import RetryPolicy
from blazz.errors import InvalidValue, Retry

POLICY = RetryPolicy(most_refusals=5)


@pytest.mark.parametrize(
    ("retry", "pauses"),
    [
        (Retry.NEVER, [None, None]),
        (Retry.ONCE, [0.0, None]),
        (Retry.BACKOFF, [1.0, 2.0, 4.0, 8.0, None]),
        (Retry.PAIR, [1.0, 4.0, 16.0, 64.0, None]),
        (Retry.LATER, [0.0, 0.0]),
        (Retry.NEXT_DAY, [86_400.0, 86_400.0]),
        (Retry.CREDENTIALS, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        (Retry.OPERATOR, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_pauses_grow_as_the_provider_asks(retry: Retry, pauses: list[float | None]) -> None:
    assert [POLICY.pause(retry, refusals=n) for n in range(len(pauses))] == pauses


def test_the_provider_may_ask_for_longer() -> None:
    assert POLICY.pause(Retry.BACKOFF, refusals=0, retry_after=30) == 30
    assert POLICY.pause(Retry.BACKOFF, refusals=3, retry_after=0.5) == 8


def test_what_does_not_count_never_fails_and_its_pause_has_a_limit() -> None:
    assert POLICY.pause(Retry.BACKOFF, refusals=1000, counts=False) == 300


def test_one_refusal_may_be_too_many() -> None:
    assert RetryPolicy(most_refusals=1).pause(Retry.BACKOFF, refusals=0) is None
    with pytest.raises(InvalidValue, match=r"RetryPolicy\.most_refusals: at least 1; got 0"):
        RetryPolicy(most_refusals=0)
