"""Linking the simulated page to a phone: QR codes, pairing codes, history."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext

from blazz.sandbox.web import SimulatedPhone, SimulatedWeb, WebRefusal
from tests.integration.sandbox_web.conftest import SHOP
from tests.integration.sandbox_web.tab import Tab

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = "WPP.conn.getAuthCode().then((it) => it && it.fullCode)"


@pytest.fixture(autouse=True)
def fresh(web: SimulatedWeb) -> None:
    """Every test has the usual settings and nobody linked."""
    web.configure(qr_first=60.0, qr_next=20.0, qr_count=6, code_seconds=180.0)
    web.world.reset()


async def test_a_scanned_code_links_the_page_and_brings_the_history(
    web: SimulatedWeb,
    context: BrowserContext,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    web.configure(history=3)
    for number in range(10):
        budi.send_text(shop.number, f"old {number}")
    shop.save_contact(budi.number, "Budi")
    group = budi.create_group("Old group", [shop.number])
    tab = await Tab.open(context, web)
    assert not await tab.run("WPP.conn.isAuthenticated()")
    assert await tab.run("WPP.conn.getStreamData().mode") == "QR"

    await tab.link(shop)
    await tab.event("conn.authenticated")
    assert await tab.run("String(WPP.conn.getMyUserId())") == f"{shop.number}@c.us"
    assert await tab.run("String(WPP.conn.getMyUserLid())") == shop.lid
    assert await tab.run("WPP.conn.getHistorySyncProgress()") == {
        "progress": 100,
        "paused": False,
        "inProgress": False,
    }
    assert tab.values("chat.new_message") == []
    bodies = "WPP.chat.getMessages(a, {count: b}).then((all) => all.map((it) => it.body))"
    assert await tab.run(bodies, budi.jid, 3) == ["old 7", "old 8", "old 9"]
    # What is older than the history that came along is asked for.
    assert await tab.run(bodies, budi.jid, 8) == [f"old {number}" for number in range(2, 10)]
    assert await tab.run(bodies, budi.jid, -1) == [f"old {number}" for number in range(10)]
    assert await tab.run("WPP.chat.get(a).unreadCount", budi.jid) == 10
    assert await tab.run("WPP.chat.get(a).name", group) == "Old group"
    assert tab.problems == []


async def test_codes_change_expire_and_can_be_asked_for_again(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    web.configure(qr_first=0.2, qr_next=0.2, qr_count=3)
    tab = await Tab.open(context, web)
    await tab.until("WPP.conn.isIdle()")
    assert await tab.run(CODE) is None

    await tab.run("WPP.conn.refreshQR()")
    await tab.event("conn.qrcode_idle")
    codes = {it["fullCode"] for it in tab.values("conn.auth_code_change") if it}
    assert len(codes) == 3
    web.world.clock.advance(10)
    for code in codes:
        with pytest.raises(WebRefusal, match="no page shows this code"):
            shop.scan(code)
    with pytest.raises(WebRefusal, match="not a QR code"):
        shop.scan("https://example.org")


async def test_a_pairing_code_links_the_page(
    web: SimulatedWeb,
    context: BrowserContext,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    tab = await Tab.open(context, web)
    await tab.until("WPP.conn.getAuthCode()")
    code = await tab.run("WPP.conn.startLinkDeviceCodeForPhoneNumber(a)", shop.number)
    assert len(code) == 8
    await tab.event("conn.link_code_change", lambda it: it == code)

    with pytest.raises(WebRefusal, match="no page shows this code"):
        budi.enter_code(code)
    with pytest.raises(WebRefusal, match="no page shows this code"):
        shop.enter_code("AAAA-AAAA")
    await tab.event("conn.link_code_error")
    shop.enter_code(f"{code[:4].lower()}-{code[4:]}")
    await tab.until_main()


async def test_a_pairing_code_expires_and_is_replaced(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    web.configure(code_seconds=0.5)
    tab = await Tab.open(context, web)
    await tab.until("WPP.conn.getAuthCode()")
    code = await tab.run("WPP.conn.startLinkDeviceCodeForPhoneNumber(a)", shop.number)
    await tab.event("conn.link_code_change", lambda it: it != code)
    with pytest.raises(WebRefusal, match="no page shows this code"):
        shop.enter_code(code)
    await tab.run("WPP.conn.cancelLinkDeviceCode()")


async def test_only_so_many_devices_can_be_linked(
    web: SimulatedWeb, context: BrowserContext
) -> None:
    shop = web.phone(SHOP)
    for _ in range(4):
        shop.account.link(b"secret", 0.0, most=4)
    tab = await Tab.open(context, web)
    await tab.until("WPP.conn.getAuthCode()")
    with pytest.raises(WebRefusal, match="4 devices are linked already"):
        shop.scan(await tab.run(CODE))


async def test_a_module_that_is_missing_shows_in_wa_js(
    web: SimulatedWeb, context: BrowserContext
) -> None:
    web.configure(missing_modules=["WAWebSendReactionMsgAction"])
    try:
        tab = await Tab.open(context, web)
        names = ["sendReactionToMsg", "addAndSendMsgToChat"]
        found = "a.map((it) => !!WPP.whatsapp.functions[it])"
        assert await tab.run(found, names) == [False, True]
        assert any("sendReactionToMsg was not found" in text for text in tab.problems)
    finally:
        web.configure(missing_modules=[])
