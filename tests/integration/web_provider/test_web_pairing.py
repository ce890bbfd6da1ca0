"""Linking an account to a session: codes, whose account it is, and what goes wrong."""

from __future__ import annotations

import pytest

from blazz import (
    Paired,
    PairingCode,
    PairingFailed,
    Phone,
    QrCode,
    SessionEnded,
    SessionState,
    SessionStateChanged,
    StateReason,
    Text,
    TextReceived,
    WrongAccount,
)
from blazz.sandbox.web import SimulatedPhone
from blazz.sandbox.web.refusals import WebRefusal
from tests.integration.web_provider.studio import BUDI, SHOP, Studio, browser_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_scanned_code_links_an_account_and_a_restart_finds_it_linked(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    for number in range(3):
        budi.send_text(shop.number, f"long ago {number}")
    session = await studio.open()
    assert session.state is SessionState.PAIRING

    steps = []
    async for step in session.pair(timeout=60):
        steps.append(step)
        if isinstance(step, QrCode):
            shop.scan(step.data)
    assert [type(step) for step in steps] == [QrCode, Paired]
    assert steps[-1] == Paired(account=Phone(SHOP))
    assert session.state is SessionState.READY

    budi.send_text(shop.number, "now")
    await studio.heard.one(TextReceived, lambda it: it.body == "now")
    # What was said before it was linked is history, not news.
    assert [it.body for it in studio.heard.of(TextReceived)] == ["now"]

    await studio.stop()
    budi.send_text(shop.number, "while away")
    await studio.start()
    session = await studio.open()
    await session.wait_ready(timeout=60)
    await studio.heard.one(TextReceived, lambda it: it.body == "while away")
    assert [it.body for it in studio.heard.of(TextReceived)] == ["now", "while away"]
    states = [it.state for it in studio.heard.of(SessionStateChanged)]
    assert states.count(SessionState.PAIRING) == 1


async def test_codes_change_until_nobody_has_scanned_one_in_time(
    studio: Studio, shop: SimulatedPhone
) -> None:
    studio.web.configure(qr_first=0.3, qr_next=0.3, qr_count=2)
    session = await studio.open()
    codes = []
    async for step in session.pair(timeout=60):
        assert isinstance(step, QrCode)
        codes.append(step)
        if len(codes) > 2:  # more than the page shows by itself: it was asked for others
            break
    assert len({code.data for code in codes}) == len(codes)
    assert [code.attempt for code in codes] == list(range(1, len(codes) + 1))
    with pytest.raises(PairingFailed, match="within 1 s") as caught:
        [step async for step in session.pair(timeout=1)]
    assert caught.value.reason == "expired"

    async for step in session.pair(timeout=60):
        if isinstance(step, QrCode):
            shop.scan(step.data)
    assert session.state is SessionState.READY


async def test_a_code_that_is_typed_in_links_an_account(
    studio: Studio, shop: SimulatedPhone
) -> None:
    session = await studio.open(account=SHOP)
    steps = []
    async for step in session.pair(phone=SHOP, timeout=60):
        steps.append(step)
        codes = [each for each in steps if isinstance(each, PairingCode)]
        if isinstance(step, Paired):
            break
        match len(codes):
            case 1:  # whoever mistypes it gets another one
                with pytest.raises(WebRefusal, match="no page shows this code"):
                    shop.enter_code("ZZZZZZZZ")
            case 2:  # so does whoever has not typed it when the browser ends
                await browser_of(session).kill()
            case _:
                shop.enter_code(codes[-1].code)
    assert len({code.code for code in codes}) == len(codes) >= 3
    assert steps[-1] == Paired(account=Phone(SHOP))


async def test_another_account_is_refused_and_logged_out(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    session = await studio.open(account=SHOP)
    with pytest.raises(WrongAccount, match="bound to") as caught:  # noqa: PT012
        async for step in session.pair(timeout=60):
            if isinstance(step, QrCode):
                budi.scan(step.data)
    assert caught.value.reason == StateReason.WRONG_ACCOUNT
    await studio.heard.one(SessionStateChanged, lambda it: it.reason is StateReason.WRONG_ACCOUNT)
    await studio.web.wait_until(lambda: budi.devices == [])
    assert budi.devices == []

    async for step in session.pair(timeout=60):
        if isinstance(step, QrCode):
            shop.scan(step.data)
    assert session.state is SessionState.READY

    # Who opens it with another number may have made a mistake: the login is kept.
    await session.close()
    with pytest.raises(SessionEnded, match="bound to") as ended:
        await studio.open(account=BUDI)
    assert ended.value.reason is StateReason.WRONG_ACCOUNT
    assert len(shop.devices) == 1
    assert (await studio.open(account=SHOP)).state is SessionState.READY


async def test_a_session_that_logs_out_can_keep_its_place(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    session = await studio.linked(shop)
    await session.logout(keep=True)
    assert (session.state, session.state_reason) == (
        SessionState.LOGGED_OUT,
        StateReason.LOGGED_OUT_HERE,
    )
    assert shop.devices == []

    async for step in session.pair(timeout=60):
        if isinstance(step, QrCode):
            shop.scan(step.data)
    receipt = await session.send(f"+{budi.number}", Text("back again"))
    assert budi.message(receipt.message_id).text == "back again"

    await session.logout()
    assert shop.devices == []
    assert studio.client.sessions == {}
