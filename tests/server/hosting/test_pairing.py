"""Codes to link an account with: who looks at them changes nothing, who asks begins anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from blazz.errors import PairingFailed
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.pairing import PairingCode, PairingStep, QrCode
from blazz.providers.base import Capability
from blazz.session.states import StateWatch
from blazz_server.hosting.pairing import Pairing

LATER = datetime(2100, 1, 1, tzinfo=UTC)
QR = QrCode(data="2@abc", expires_at=LATER)
TYPED = PairingCode(code="ABCD1234", expires_at=LATER)


class Phone:
    """A session whose codes the test gives."""

    def __init__(self) -> None:
        self.key, self.provider = "acme/support", self
        self.capabilities = frozenset({Capability.PAIRING})
        self.states = StateWatch()
        self.attempts: list[str | None] = []
        self.steps: asyncio.Queue[PairingStep | PairingFailed] = asyncio.Queue()

    @property
    def state(self) -> SessionState:
        return self.states.state

    def enter(self, state: SessionState) -> None:
        self.states.entered(
            SessionStateChanged(
                key="k", at=LATER, state=state, previous=self.state, reason=StateReason.NOT_LINKED
            )
        )

    async def pair(self, *, phone: str | None, timeout: float) -> AsyncGenerator[PairingStep]:
        assert timeout > 0
        self.attempts.append(phone)
        self.enter(SessionState.PAIRING)
        while True:
            step = await self.steps.get()
            if isinstance(step, PairingFailed):
                raise step
            yield step


@asynccontextmanager
async def pairing_of(phone: Phone, state: SessionState) -> AsyncIterator[Pairing]:
    async def show(_step: PairingStep) -> None: ...

    session: Any = phone
    pairing = Pairing(session, show)
    phone.enter(state)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pairing.run)
        await anyio.wait_all_tasks_blocked()
        yield pairing
        tasks.cancel_scope.cancel()


async def test_a_session_that_was_never_linked_shows_a_code_by_itself() -> None:
    phone = Phone()
    async with pairing_of(phone, SessionState.PAIRING) as pairing:
        phone.steps.put_nowait(QR)
        assert await pairing.code(wait=30) == QR
        assert (phone.attempts, pairing.by_phone) == ([None], False)


async def test_looking_at_a_session_that_was_logged_out_begins_nothing() -> None:
    phone = Phone()
    async with pairing_of(phone, SessionState.LOGGED_OUT) as pairing:
        with anyio.fail_after(10):  # nothing is waited for: nothing will come
            assert await pairing.code(wait=600) is None
        assert (phone.attempts, pairing.is_under_way) == ([], False)

        pairing.ask()
        phone.steps.put_nowait(QR)
        assert await pairing.code(wait=30) == QR
        assert phone.attempts == [None]


async def test_a_code_to_type_in_stays_whoever_looks() -> None:
    phone = Phone()
    async with pairing_of(phone, SessionState.PAIRING) as pairing:
        phone.steps.put_nowait(QR)
        await pairing.code(wait=30)
        pairing.ask("+6281100000001")
        assert pairing.by_phone
        phone.steps.put_nowait(TYPED)
        for _ in range(3):
            assert await pairing.code(wait=30) == TYPED
        assert phone.attempts == [None, "+6281100000001"]

        pairing.ask()
        assert not pairing.by_phone
        phone.steps.put_nowait(QR)
        assert await pairing.code(wait=30) == QR
        assert phone.attempts == [None, "+6281100000001", None]


@pytest.mark.parametrize("phone_number", [None, "+6281100000001"])
async def test_when_nobody_links_an_account_in_time_it_ends_until_somebody_asks(
    phone_number: str | None,
) -> None:
    phone = Phone()
    async with pairing_of(phone, SessionState.PAIRING) as pairing:
        pairing.ask(phone_number)
        await anyio.wait_all_tasks_blocked()
        phone.steps.put_nowait(PairingFailed("nobody scanned a code in time", reason="expired"))
        with anyio.fail_after(30):
            assert await pairing.code(wait=600) is None
        assert (pairing.is_under_way, pairing.by_phone) == (False, False)
        assert "in time" in pairing.problem
        begun = len(phone.attempts)
        assert await pairing.code(wait=30) is None
        assert len(phone.attempts) == begun

        pairing.ask()
        phone.steps.put_nowait(QR)
        assert await pairing.code(wait=30) == QR
        assert pairing.problem == ""


@pytest.mark.parametrize("asks", [False, True])
async def test_the_code_of_an_account_that_was_linked_is_not_shown_after_a_logout(
    asks: bool,
) -> None:
    """The attempt may still wait for the login to be stored, which takes its time."""
    phone = Phone()
    async with pairing_of(phone, SessionState.PAIRING) as pairing:
        phone.steps.put_nowait(QR)
        assert await pairing.code(wait=30) == QR
        phone.enter(SessionState.READY)
        phone.enter(SessionState.LOGGED_OUT)
        assert pairing._current() is None
        await anyio.wait_all_tasks_blocked()
        assert not pairing.is_under_way
        if not asks:
            assert await pairing.code(wait=600) is None
            return
        pairing.ask()
        other = QrCode(data="2@other", expires_at=LATER)
        phone.steps.put_nowait(other)
        assert await pairing.code(wait=30) == other


async def test_an_attempt_ends_with_the_linking() -> None:
    phone = Phone()
    async with pairing_of(phone, SessionState.PAIRING) as pairing:
        pairing.ask("+6281100000001")
        await anyio.wait_all_tasks_blocked()
        phone.enter(SessionState.READY)
        await anyio.wait_all_tasks_blocked()
        phone.enter(SessionState.LOGGED_OUT)
        with anyio.fail_after(30):
            assert await pairing.code(wait=600) is None
        assert not pairing.is_under_way


async def test_a_code_that_has_expired_is_not_shown() -> None:
    phone = Phone()
    old = datetime.now(UTC) - timedelta(seconds=1)
    async with pairing_of(phone, SessionState.PAIRING) as pairing:
        phone.steps.put_nowait(QrCode(data="2@old", expires_at=old))
        phone.steps.put_nowait(QR)
        assert await pairing.code(wait=30) == QR


async def test_nothing_looks_after_the_linking_of_a_number_that_has_none() -> None:
    phone = Phone()
    phone.capabilities = frozenset()
    session: Any = phone
    with anyio.fail_after(30):
        await Pairing(session, lambda _step: anyio.lowlevel.checkpoint()).run()
    assert phone.attempts == []
