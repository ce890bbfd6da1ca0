"""The life of a session: every transition, and what holds for all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue
from blazz.events.sessions import SessionState, StateReason
from blazz.providers.lifecycle import ENDED, Backoff, Lifecycle, Signal

S = SessionState
ENDINGS = {
    Signal.LOGGED_OUT: S.LOGGED_OUT,
    Signal.BANNED: S.BANNED,
    Signal.OUTDATED: S.OUTDATED,
    Signal.STOPPED: S.STOPPED,
}
MOVES = {
    (S.STARTING, Signal.UNLINKED): S.PAIRING,
    (S.STARTING, Signal.LINKED): S.CONNECTING,
    (S.STARTING, Signal.CONNECTED): S.READY,
    (S.STARTING, Signal.BROKE): S.STARTING,
    (S.PAIRING, Signal.LINKED): S.CONNECTING,
    (S.PAIRING, Signal.CONNECTED): S.READY,
    (S.PAIRING, Signal.BROKE): S.STARTING,
    (S.CONNECTING, Signal.UNLINKED): S.LOGGED_OUT,
    (S.CONNECTING, Signal.CONNECTED): S.READY,
    (S.CONNECTING, Signal.BROKE): S.RECONNECTING,
    (S.READY, Signal.UNLINKED): S.LOGGED_OUT,
    (S.READY, Signal.DISCONNECTED): S.RECONNECTING,
    (S.READY, Signal.BROKE): S.RECONNECTING,
    (S.RECONNECTING, Signal.UNLINKED): S.LOGGED_OUT,
    (S.RECONNECTING, Signal.CONNECTED): S.READY,
    (S.RECONNECTING, Signal.BROKE): S.RECONNECTING,
}
LIVING = [state for state in S if state not in ENDED]
signals = st.lists(st.sampled_from(Signal), max_size=40)


def life(state: SessionState) -> Lifecycle:
    return Lifecycle(state, StateReason.OPENED)


@pytest.mark.parametrize("state", LIVING)
@pytest.mark.parametrize("signal", Signal)
def test_a_living_session_moves(state: SessionState, signal: Signal) -> None:
    before = life(state)
    after = before.after(signal)

    expected = ENDINGS.get(signal) or MOVES.get((state, signal))
    if expected is None:
        assert after is before
    else:
        assert after.state is expected


@pytest.mark.parametrize("state", sorted(ENDED))
@pytest.mark.parametrize("signal", Signal)
def test_an_end_is_final_until_it_is_started_again(state: SessionState, signal: Signal) -> None:
    before = Lifecycle(state, StateReason.ACCOUNT_LOCKED, "why", failures=3)
    after = before.after(signal)

    if signal is Signal.STARTED:
        assert after == Lifecycle(S.STARTING, StateReason.OPENED)
    elif signal is Signal.STOPPED and state is not S.STOPPED:
        assert (after.state, after.reason) == (S.STOPPED, StateReason.CLOSED)
    else:
        assert after is before


def test_reasons_are_the_usual_ones_unless_told() -> None:
    ready = life(S.READY)
    assert ready.after(Signal.BROKE).reason is StateReason.BROWSER_CRASHED
    hung = ready.after(Signal.BROKE, StateReason.BROWSER_HUNG, "no answer in 10 s")
    assert (hung.reason, hung.detail) == (StateReason.BROWSER_HUNG, "no answer in 10 s")
    assert ready.after(Signal.UNLINKED).reason is StateReason.LOGIN_LOST
    assert life(S.STARTING).after(Signal.UNLINKED).reason is StateReason.NOT_LINKED
    assert hung.after(Signal.CONNECTED).detail is None


@given(signals)
def test_whatever_happens_it_is_ready_only_while_connected(happened: list[Signal]) -> None:
    now, connected = Lifecycle(), False
    for signal in happened:
        before, now = now, now.after(signal)
        if signal is Signal.CONNECTED and not before.ended:
            connected = True
        elif signal is not Signal.STARTED or before.ended:
            keeps = signal in {Signal.LINKED, Signal.CONNECTED} or now is before
            connected = connected and keeps
        assert (now.state is S.READY) == connected


@given(signals)
def test_nothing_transient_ends_it(happened: list[Signal]) -> None:
    transient = {Signal.LINKED, Signal.CONNECTED, Signal.DISCONNECTED, Signal.BROKE}
    now = Lifecycle().after(Signal.STARTED)
    for signal in happened:
        if signal in transient:
            now = now.after(signal)
    assert not now.ended


@given(signals)
def test_it_counts_the_failures_since_it_was_ready(happened: list[Signal]) -> None:
    now = Lifecycle().after(Signal.STARTED)
    failures = 0
    for signal in happened:
        alive = not now.ended
        now = now.after(signal)
        if signal is Signal.BROKE and alive:
            failures += 1
        if now.state is S.READY or (signal is Signal.STARTED and not alive):
            failures = 0
        assert now.failures == failures


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_are_random_within_limits(failures: int, chance: float) -> None:
    backoff = Backoff(first=0.5, longest=30, at_once=2)
    pause = backoff.pause(failures, chance=chance)
    full = backoff.pause(failures, chance=1.0)
    assert full / 2 <= pause <= full <= 30
    assert (pause == 0) == (failures <= 2)
    assert full <= backoff.pause(failures + 1, chance=1.0)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"first": 0}, "Backoff.first"),
        ({"first": float("nan")}, "Backoff.first"),
        ({"first": 2, "longest": 1}, "Backoff.longest"),
        ({"at_once": -1}, "Backoff.at_once"),
    ],
)
def test_a_backoff_has_limits(settings: dict[str, float], field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Backoff(**settings)  # type: ignore[arg-type]
    assert caught.value.field == field
