"""What the page's state means, how reports reach the inbox, and how fast history is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from blazz.errors import InboxFull, InvalidValue
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.providers.base import ProviderContext
from blazz.providers.lifecycle import Signal
from blazz.providers.web.history import RequestRate
from blazz.providers.web.inbound import parse
from blazz.providers.web.intake import Intake
from blazz.providers.web.observing import (
    account_of,
    observe,
    observe_backend,
    observe_logout,
)
from blazz.providers.web.outbox import Outbox


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


class Place:
    """Where updates go; refuses some of them at first."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.kept: list[bytes | SessionStateChanged] = []

    async def receive(self, body: bytes) -> None:
        self._check()
        self.kept.append(body)

    async def report(self, event: Any) -> None:
        self._check()
        self.kept.append(event)

    def _check(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise InboxFull("later")


async def _deliver(headers: Mapping[str, str], body: bytes) -> int:
    return 200


async def test_reports_are_kept_in_order_even_if_the_inbox_is_full_at_first(
    tmp_path: Path,
) -> None:
    place = Place(refusals=2)
    context = ProviderContext(
        workspace="acme",
        session="shop",
        deliver_webhook=_deliver,
        receive=place.receive,
        report=place.report,
    )
    outbox = Outbox(tmp_path / "outbox.db")
    await outbox.open()
    ours, _ = await outbox.note("v1.-.a", "6281@c.us")
    changes: list[int] = []
    intake = Intake(context, outbox, lambda: changes.append(1))
    intake.owner = "6281100000001"
    change = SessionStateChanged(
        key="k",
        at=datetime.now(UTC),
        state=SessionState.READY,
        previous=SessionState.STARTING,
        reason=StateReason.CONNECTED,
    )
    intake.put("message", {"id": f"true_6281@c.us_{ours}", "fromMe": True})
    intake.put("message", {"id": "false_6281@c.us_3A", "fromMe": False, "body": "one"})
    intake.put("receipt", {"ack": 0, "ids": [f"true_6281@c.us_{ours}"]})
    intake.put("receipt", {"ack": 1, "ids": [f"true_6281@c.us_{ours}", "true_x_3EB0"]})
    intake.put_event(change)
    intake.put("message", {"id": "false_6281@c.us_3B", "fromMe": False, "body": "two"})
    async with anyio.create_task_group() as group:
        group.start_soon(intake.run)
        with anyio.fail_after(60):
            await intake.drained()
        group.cancel_scope.cancel()
    await outbox.close()

    first, told, last = place.kept
    assert isinstance(first, bytes)
    assert isinstance(last, bytes)
    assert told is change
    updates = parse(first)
    assert [it.report.name for it in updates] == ["message", "receipt", "receipt"]
    assert [it.report.value.get("token") for it in updates[1:]] == ["v1.-.a", None]
    assert [it.report.value["body"] for it in parse(last)] == ["two"]
    assert len(changes) == 5


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
