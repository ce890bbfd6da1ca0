"""Many messages at once: all come, in order, none twice."""

from __future__ import annotations

import pytest

from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from tests.integration.sandbox_web.tab import Tab

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_500_messages_reach_python_in_order(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    before = len(tab.values("chat.new_message"))  # a second try has another one behind it
    texts = [f"{before} and {number}" for number in range(500)]
    for text in texts:
        budi.send_text(shop.number, text)
    await tab.event("chat.new_message", lambda it: it["body"] == texts[-1])
    heard = [it["body"] for it in tab.values("chat.new_message")]
    assert [it for it in heard if it in texts] == texts
    (device,) = shop.devices
    await web.wait_until(lambda: device.waiting == 0)


async def test_50_messages_are_sent_at_once(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    script = (
        "Promise.all([...Array(50).keys()].map((it) => WPP.chat.sendTextMessage(a, `to ${it}`)))"
    )
    before = len(web.world.accepted)
    answers = await tab.run(script, budi.jid)
    assert {answer["ack"] for answer in answers} <= {1, 2}
    texts = [budi.message(answer["id"]).text for answer in answers]
    assert texts == [f"to {it}" for it in range(50)]
    assert len(web.world.accepted) == before + 50
