"""How the simulated page's login ends, breaks and comes back, through the real wa-js."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext

from blazz.sandbox.web import SimulatedPhone, SimulatedWeb, WebRefusal
from tests.integration.sandbox_web.tab import MAIN, Tab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def fresh(web: SimulatedWeb) -> None:
    """Every test has the usual settings and nobody linked."""
    web.configure(keepalive=15.0, minimum_version=None, answers="given")
    web.world.reset()


async def test_logging_out_on_the_page(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    assert await tab.run("WPP.conn.logout()")
    await tab.event("conn.logout_reason", lambda it: it == "user_initiated")
    assert shop.devices == []
    await tab.page.wait_for_event("load")
    await tab.listen()
    await tab.until("WPP.conn.getAuthCode()")
    assert not await tab.run("WPP.conn.isAuthenticated()")
    assert await tab.run("Object.keys(localStorage).filter((it) => it.startsWith('WA'))") == []


async def test_logging_out_while_the_line_is_down(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    web.go_down()
    await tab.event("conn.stream_info_changed", lambda it: it == "OPENING")
    await tab.run("void WPP.conn.logout()")
    web.come_back()
    await web.wait_until(lambda: shop.devices == [])


async def test_logging_out_on_the_phone(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    shop.log_out_devices("primary_identity_key_change")
    await tab.event("conn.logout_reason", lambda it: it == "primary_identity_key_change")
    await tab.event("conn.logout")


async def test_a_phone_that_logged_out_meanwhile(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    web.go_down()
    await tab.event("conn.stream_info_changed", lambda it: it == "OPENING")
    shop.log_out_devices("account_sync_error")
    web.come_back()
    await tab.event("conn.logout_reason", lambda it: it == "account_sync_error")


async def test_being_opened_elsewhere_and_coming_back(
    web: SimulatedWeb,
    context: BrowserContext,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    shop.open_elsewhere()
    await tab.event("conn.stream_mode_changed", lambda it: it == "CONFLICT")
    assert await tab.run("WPP.conn.isAuthenticated()")
    await web.wait_until(lambda: not shop.is_linked)
    budi.send_text(shop.number, "meanwhile")

    await tab.run("WPP.whatsapp.Socket.takeover()")
    await tab.event("chat.new_message", lambda it: it["body"] == "meanwhile")
    await tab.until(MAIN)


async def test_a_second_window_pushes_the_first_one_out(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    second = await context.new_page()
    await second.goto(web.url)
    await second.wait_for_function(f"window.WPP?.isFullReady && {MAIN}")
    await tab.event("conn.stream_mode_changed", lambda it: it == "CONFLICT")
    assert len(shop.devices) == 1


async def test_a_ban_logs_out_and_keeps_out(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    shop.ban()
    await tab.event("conn.logout_reason", lambda it: it == "account_locked")
    await tab.page.wait_for_event("load")
    await tab.listen()
    await tab.until("WPP.conn.getAuthCode()")
    with pytest.raises(WebRefusal, match="may no longer use WhatsApp"):
        shop.scan((await tab.run("WPP.conn.getAuthCode()"))["fullCode"])


async def test_a_suspension_keeps_the_login(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    shop.suspend(3600)
    await tab.event("conn.backend_event", lambda it: it == "account_temporarily_banned")
    await tab.event("conn.stream_mode_changed", lambda it: it == "TOS_BLOCK")
    web.world.clock.advance(3601)
    await tab.page.reload()
    await tab.until_main()


async def test_an_outdated_page_is_told_to_update(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    web.configure(minimum_version="2.3000.9999999999")
    await tab.event("conn.needs_update")
    await tab.event("conn.stream_mode_changed", lambda it: it == "DEPRECATED_VERSION")
    web.configure(version="2.3000.9999999999")
    await tab.page.reload()
    await tab.until_main()


async def test_breaks_are_mended_and_nothing_is_lost_or_doubled(
    web: SimulatedWeb,
    context: BrowserContext,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    expected = []
    for number in range(20):
        expected.append(f"in {number}")
        budi.send_text(shop.number, f"in {number}")
        if number % 5 == 4:
            shop.drop_connections()
    await tab.event("chat.new_message", lambda it: it["body"] == "in 19")
    assert [it["body"] for it in tab.values("chat.new_message")] == expected
    (device,) = shop.devices
    await web.wait_until(lambda: device.waiting == 0)
    assert device.rollbacks == 0


async def test_a_message_written_in_an_outage_leaves_when_it_is_over(
    web: SimulatedWeb,
    context: BrowserContext,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    await tab.run("WPP.chat.find(a)", budi.jid)
    web.go_down()
    await tab.event("conn.stream_info_changed", lambda it: it == "OPENING")
    sent = await tab.run("WPP.chat.sendTextMessage(a, 'later', {waitForAck: false})", budi.jid)
    assert sent["ack"] == 0
    for _ in range(2):  # the line comes, and goes before the page has logged in
        await tab.page.wait_for_event("websocket")
    web.come_back()
    await tab.event("chat.msg_ack_change", lambda it: it["ids"] == [sent["id"]])
    assert budi.message(sent["id"]).text == "later"


async def test_a_lost_answer_and_a_silent_line_lead_to_one_message(
    web: SimulatedWeb,
    context: BrowserContext,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    web.configure(answers="lost")
    sent = await tab.run("WPP.chat.sendTextMessage(a, 'once', {waitForAck: false})", budi.jid)
    await budi_gets(budi, shop, "once")
    budi.read(shop.number)
    budi.react(sent["id"], "👍")
    await tab.event("chat.new_reaction")
    web.configure(answers="given")
    shop.drop_connections()
    await web.wait_until(lambda: web.world.accepted[0].attempts == 2)
    await tab.until(f"WPP.whatsapp.MsgStore.get('{sent['id']}').ack >= 1")
    assert [it.text for it in budi.messages(shop.number)] == ["once"]
    # The answer came last, and undid nothing of what came before.
    await tab.run("WPP.chat.sendReactionToMessage(a, '🎉')", sent["id"])
    row = await tab.stored("message", sent["id"])
    assert ("unsent" in row and row["unsent"], row["ack"], len(row["reactions"])) == (None, 3, 2)


async def test_the_network_goes_and_comes(
    web: SimulatedWeb,
    context: BrowserContext,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
) -> None:
    tab = await Tab.open(context, web)
    await tab.link(shop)
    await context.set_offline(True)
    await tab.event("conn.online", lambda it: it is False)
    await tab.event("conn.stream_info_changed", lambda it: it == "OFFLINE")
    await web.wait_until(lambda: not shop.is_linked)
    budi.send_text(shop.number, "are you there?")
    await context.set_offline(False)
    await tab.event("chat.new_message", lambda it: it["body"] == "are you there?")


async def test_a_server_that_says_nothing_counts_as_a_timeout(
    web: SimulatedWeb, context: BrowserContext, shop: SimulatedPhone
) -> None:
    web.configure(keepalive=0.2)
    tab = await Tab.open(context, web)
    await tab.link(shop)
    watch = "WPP.whatsapp.Socket.on('change:state', (it, state) => states.push(state))"
    await tab.run(f"(window.states = [], {watch})")
    web.configure(silent=True)
    try:
        await tab.until("states.includes('TIMEOUT')")
    finally:
        web.configure(silent=False)
    await tab.until(f"{MAIN} && WPP.whatsapp.Socket.state === 'CONNECTED'")


async def budi_gets(budi: SimulatedPhone, shop: SimulatedPhone, text: str) -> None:
    await budi.wait_for_message(shop.number, lambda it: it.text == text)
