"""What an answer means for a delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from blazz_server.webhooks.judging import (
    KEPT_FAILING,
    KEPT_TRYING,
    Outcome,
    State,
    judge,
    retry_after,
)
from blazz_server.webhooks.kinds import Kind, told_as

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_delivery_that_always_fails_is_tried_for_a_day_and_then_given_up() -> None:
    now, failures, pauses = NOW, 0, []
    expires = NOW + KEPT_TRYING
    while True:
        failures += 1
        verdict = judge(
            Outcome(milliseconds=1, status=500),
            failures=failures,
            now=now,
            expires_at=expires,
            failing_since=NOW,
            chance=lambda: 0.0,
        )
        if verdict.next_at is None:
            break
        pauses.append((verdict.next_at - now).total_seconds())
        now = verdict.next_at

    assert verdict.state is State.DEAD
    assert pauses[:3] == [5, 10, 20]
    assert max(pauses) == 3600
    assert now > expires - timedelta(hours=1)
    assert len(pauses) > 25


@given(
    st.one_of(st.none(), st.integers(100, 599)),
    st.integers(1, 10**6),
    st.floats(0, 200_000),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.none(), st.floats(0, 1e9)),
)
def test_a_verdict_is_never_later_than_the_end(
    status: int | None, failures: int, left: float, chance: float, asked: float | None
) -> None:
    outcome = Outcome(milliseconds=1, status=status, error="x", retry_after=asked)
    expires = NOW + timedelta(seconds=left)
    verdict = judge(
        outcome,
        failures=failures,
        now=NOW,
        expires_at=expires,
        failing_since=None,
        chance=lambda: chance,
    )

    assert (verdict.state is State.PENDING) == (verdict.next_at is not None)
    assert (verdict.state is State.DELIVERED) == outcome.delivered
    if verdict.next_at is not None:
        assert NOW < verdict.next_at < expires


def test_gone_and_long_failure_switch_a_subscription_off() -> None:
    def switch_off(outcome: Outcome, since: datetime | None) -> str | None:
        verdict = judge(
            outcome, failures=1, now=NOW, expires_at=NOW + KEPT_TRYING, failing_since=since
        )
        return verdict.switch_off

    assert switch_off(Outcome(milliseconds=1, status=410), None)
    assert switch_off(Outcome(milliseconds=1, status=500), NOW - KEPT_FAILING)
    assert not switch_off(Outcome(milliseconds=1, status=500), NOW - KEPT_FAILING / 2)
    assert not switch_off(Outcome(milliseconds=1, status=200), NOW - KEPT_FAILING)


def test_what_the_subscriber_asks_for_is_heeded_within_limits() -> None:
    def pause(asked: float) -> float:
        verdict = judge(
            Outcome(milliseconds=1, status=429, retry_after=asked),
            failures=1,
            now=NOW,
            expires_at=NOW + KEPT_TRYING,
            failing_since=None,
        )
        assert verdict.next_at is not None
        return (verdict.next_at - NOW).total_seconds()

    assert pause(120) == 120
    assert pause(10**9) == 6 * 3600


@given(st.text())
def test_any_retry_after_can_be_read(text: str) -> None:
    found = retry_after(text, now=NOW)

    assert found is None or found >= 0


def test_a_date_in_retry_after_is_read() -> None:
    assert retry_after("Sun, 22 Nov 2026 00:02:00 GMT", now=NOW) == 120


@given(st.lists(st.sampled_from(list(Kind)), unique=True), st.sets(st.sampled_from(list(Kind))))
def test_a_subscriber_is_told_by_a_name_that_he_asked_for(
    names: list[Kind], wanted: set[Kind]
) -> None:
    told = told_as(names, wanted)

    assert told is None or told in names
    if wanted:
        assert (told is None) == (not wanted & set(names))
