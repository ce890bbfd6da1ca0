"""Where a session stands, for those that tell and those that do not."""

from __future__ import annotations

from datetime import UTC, datetime

import anyio
import anyio.lowlevel
import pytest

from blazz.errors import SessionEnded, Timeout
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.session.states import StateWatch


def change(state: SessionState, reason: StateReason) -> SessionStateChanged:
    return SessionStateChanged(
        key="k",
        at=datetime.now(UTC),
        state=state,
        previous=SessionState.STOPPED,
        reason=reason,
        detail="why",
    )


async def test_a_provider_without_states_is_ready_while_it_is_open() -> None:
    watch = StateWatch()
    with pytest.raises(SessionEnded):
        await watch.wait_ready(None)
    watch.opened()
    await watch.wait_ready(None)
    assert watch.state is SessionState.READY
    watch.closed()
    assert (watch.state, watch.reason) == (SessionState.STOPPED, StateReason.CLOSED)


async def test_a_provider_with_states_tells_them() -> None:
    watch = StateWatch()
    watch.entered(change(SessionState.PAIRING, StateReason.NOT_LINKED))
    watch.opened()
    assert watch.state is SessionState.PAIRING
    with pytest.raises(Timeout, match="pairing"):
        await watch.wait_ready(0.01)

    async with anyio.create_task_group() as group:
        group.start_soon(watch.wait_ready, 10)
        await anyio.lowlevel.checkpoint()
        watch.entered(change(SessionState.READY, StateReason.CONNECTED))

    watch.entered(change(SessionState.BANNED, StateReason.ACCOUNT_LOCKED))
    with pytest.raises(SessionEnded, match="banned \\(account_locked: why\\)") as caught:
        await watch.wait_ready(1)
    assert caught.value.reason == "account_locked"


def test_each_change_is_an_event_whoever_made_it() -> None:
    """A provider that tells its states, and one that does not, look the same from outside."""
    watch, told = StateWatch(), change(SessionState.PAIRING, StateReason.NOT_LINKED)
    watch.entered(told)
    watch.closed()
    assert watch.since(0)[0] is told
    silent = StateWatch()
    silent.opened()
    silent.closed()
    steps = [(it.previous.value, it.state.value, it.reason.value) for it in silent.since(0)]
    assert steps == [
        ("stopped", "starting", "opened"),
        ("starting", "ready", "connected"),
        ("ready", "stopped", "closed"),
    ]
    assert len({it.key for it in silent.since(-1)}) == 3
    assert silent.since(2) == silent.since(0)[2:]
    assert silent.since(3) == []


def test_of_very_many_changes_the_last_are_kept() -> None:
    watch = StateWatch()
    for _ in range(100):
        watch.entered(change(SessionState.RECONNECTING, StateReason.CONNECTION_LOST))
    watch.closed()
    assert len(watch.since(0)) == 64
    assert [it.reason for it in watch.since(100)] == [StateReason.CLOSED]


async def test_who_counts_changes_misses_none() -> None:
    watch = StateWatch()
    seen = watch.changes
    watch.opened()
    watch.closed()
    with anyio.fail_after(5):
        assert await watch.changed(seen) == seen + 3
    with anyio.move_on_after(0.05) as waiting:
        await watch.changed(seen + 3)
    assert waiting.cancelled_caught, "there was no other change"


async def test_a_session_that_another_process_owns_is_stopped_for_that_reason() -> None:
    watch = StateWatch()
    watch.opened()
    watch.lost()
    assert (watch.state, watch.reason) == (SessionState.STOPPED, StateReason.OWNERSHIP_LOST)
    before = watch.changes
    watch.lost()
    assert watch.changes == before
