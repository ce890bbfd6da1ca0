"""What the page's state means, and how fast history is read."""

from __future__ import annotations

from typing import Any

import pytest

from blazz.errors import InvalidValue
from blazz.events.sessions import StateReason
from blazz.providers.lifecycle import Signal
from blazz.providers.web.history import RequestRate
from blazz.providers.web.observing import (
    account_of,
    observe,
    observe_backend,
    observe_logout,
)


def state(**values: Any) -> dict[str, Any]:
    return {"authenticated": True, "mode": "MAIN", "info": "NORMAL", "full": True, **values}


@pytest.mark.parametrize(
    ("page", "signal", "reason"),
    [
        (state(), Signal.CONNECTED, None),
        (state(full=False), Signal.LINKED, None),
        (state(mode="SYNCING"), Signal.LINKED, None),
        (state(info="RESUMING"), Signal.LINKED, None),
        (state(info="OPENING"), Signal.DISCONNECTED, None),
        (state(info="OFFLINE"), Signal.DISCONNECTED, None),
        # `main_ready` comes with a QR code, too.
        (state(authenticated=False, mode="QR"), Signal.UNLINKED, None),
        (state(mode="CONFLICT"), Signal.STOPPED, StateReason.OPENED_ELSEWHERE),
        (state(mode="DEPRECATED_VERSION"), Signal.OUTDATED, StateReason.CLIENT_OUTDATED),
        (state(mode="TOS_BLOCK"), Signal.BANNED, StateReason.TEMPORARILY_BANNED),
        (state(mode="SMB_TOS_BLOCK"), Signal.BANNED, StateReason.TEMPORARILY_BANNED),
    ],
)
def test_a_state_means_something(page: Any, signal: Signal, reason: StateReason | None) -> None:
    found = observe(page)
    assert found is not None
    assert (found.signal, found.reason) == (signal, reason)


def test_nothing_certain_means_nothing() -> None:
    assert observe(state(authenticated=False, mode=None)) is None
    assert observe({}) is None
    assert observe_backend("open_socket_stream") is None
    assert account_of(state(me=None)) is None
    assert str(account_of(state(me={"phone": "6281100000001@c.us"}))) == "+6281100000001"


@pytest.mark.parametrize(
    ("reason", "asked", "signal", "meaning"),
    [
        ("user_initiated", True, Signal.LOGGED_OUT, StateReason.LOGGED_OUT_HERE),
        ("user_initiated", False, Signal.LOGGED_OUT, StateReason.LOGGED_OUT_BY_PHONE),
        ("account_locked", False, Signal.BANNED, StateReason.ACCOUNT_LOCKED),
        ("client_version_outdated", False, Signal.OUTDATED, StateReason.CLIENT_OUTDATED),
        ("something_new", False, Signal.LOGGED_OUT, StateReason.LOGGED_OUT_BY_WHATSAPP),
        (None, False, Signal.LOGGED_OUT, StateReason.LOGGED_OUT_BY_WHATSAPP),
    ],
)
def test_a_logout_has_a_reason(
    reason: str | None, asked: bool, signal: Signal, meaning: StateReason
) -> None:
    found = observe_logout(reason, asked=asked)
    assert (found.signal, found.reason, found.detail) == (signal, meaning, reason)


def test_history_is_asked_for_so_many_times_a_minute() -> None:
    now = [0.0]
    rate = RequestRate(3, clock=lambda: now[0])
    assert [rate.pause() for _ in range(3)] == [0, 0, 0]
    assert rate.pause() == 60
    now[0] = 45.0
    assert rate.pause() == 15
    now[0] = 60.0
    assert [rate.pause() for _ in range(3)] == [0, 0, 0]
    assert RequestRate(None).pause() == 0
    with pytest.raises(InvalidValue):
        RequestRate(0)
