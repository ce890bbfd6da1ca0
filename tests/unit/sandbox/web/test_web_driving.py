"""A sandbox's WhatsApp Web, driven from another process: settings, outages, phones, waiting."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator

import httpx
import pytest

from blazz.errors import ConnectionFailed, InvalidAddress, Rejected, Timeout, UnreadableAnswer
from blazz.sandbox import SandboxControl, SandboxPhone, SandboxWeb
from blazz.sandbox.api.app import create_app
from blazz.sandbox.web import Level, ReceivedMessage, SimulatedWeb, WebRefusal
from blazz.sandbox.web.control import ACTIONS
from blazz.sandbox.web.phone import SimulatedPhone
from tests.unit.sandbox.web.linked import FakePage
from tests.unit.sandbox.worlds import Town

SHOP, BUDI = "+62 811-0000-0001", "+62 812-0000-0002"


@pytest.fixture
def simulated() -> SimulatedWeb:
    return SimulatedWeb()


@pytest.fixture
async def web(town: Town, simulated: SimulatedWeb) -> AsyncIterator[SandboxWeb]:
    transport = httpx.ASGITransport(create_app(town, web=simulated))
    async with httpx.AsyncClient(transport=transport) as client:
        yield SandboxControl("http://sandbox", client=client).web


@pytest.fixture
def shop(web: SandboxWeb) -> SandboxPhone:
    return web.phone(SHOP)


@pytest.fixture
def budi(web: SandboxWeb) -> SandboxPhone:
    return web.phone(BUDI)


def _parameters(method: object) -> set[str]:
    assert callable(method)
    kinds = inspect.signature(method).parameters
    return {name for name, it in kinds.items() if it.kind is not it.VAR_KEYWORD} - {"self"}


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_a_phone_far_away_can_do_what_one_nearby_can(action: str) -> None:
    near, far = getattr(SimulatedPhone, action), getattr(SandboxPhone, action)

    assert _parameters(near) <= _parameters(far)
    assert inspect.iscoroutinefunction(far)


async def test_a_page_is_linked_and_ended(
    shop: SandboxPhone, web: SandboxWeb, simulated: SimulatedWeb
) -> None:
    page = FakePage(simulated)
    page.number = "6281100000001"
    page.device = await shop.scan(page.qr())
    assert not await shop.is_linked()
    page.log_in()
    assert await shop.is_linked()

    page.send("6281200000002@c.us", "3EB0AA")
    (sent,) = await web.sent(account=SHOP, wait=5)
    assert (sent["id"], sent["to"], sent["attempts"]) == ("3EB0AA", "6281200000002", 1)
    assert await web.sent(account=BUDI) == []

    await shop.log_out_devices()
    assert (await shop.state())["devices"] == []
    with pytest.raises(WebRefusal) as refused:
        await shop.scan("2@old,noise,identity,adv")
    assert refused.value.code == "expired"


async def test_a_code_is_entered(shop: SandboxPhone, simulated: SimulatedWeb) -> None:
    page = FakePage(simulated)
    page.qr()
    code = page.ask("code", number="6281100000001")["code"]

    with pytest.raises(WebRefusal) as refused:
        await shop.enter_code("AAAA-AAAA")
    assert refused.value.code == "wrong_code"
    assert await shop.enter_code(code) > 0


async def test_phones_write_to_each_other(shop: SandboxPhone, budi: SandboxPhone) -> None:
    await budi.set_up(name="Budi", about="At work", picture=b"jpeg")
    assert ((await budi.state())["name"], (await budi.state())["about"]) == ("Budi", "At work")
    question = await budi.send_text(SHOP, "Is it open?", mentions=[shop.number])
    answer = await shop.send_text(BUDI, "Till six", reply_to=question)
    await budi.react(answer, "👍")
    await budi.read(SHOP)
    await shop.edit(answer, "Till seven")

    seen = await budi.wait_for_message(SHOP)
    assert isinstance(seen, ReceivedMessage)
    assert (seen.text, seen.quoted, seen.edited) == ("Till seven", question, True)
    assert (await shop.message(answer)).level is Level.READ
    assert (await shop.message(answer)).reactions == {"6281200000002": "👍"}
    assert [message.sender for message in await shop.messages(BUDI)] == [
        "6281200000002",
        "6281100000001",
    ]

    await shop.revoke(answer)
    assert (await budi.message(answer)).revoked


async def test_files_places_cards_and_polls_arrive(shop: SandboxPhone, budi: SandboxPhone) -> None:
    photo = await budi.send_media(SHOP, b"\x89PNG", mime_type="image/png", caption="Look")
    voice = await budi.send_media(SHOP, b"OggS", kind="voice")
    await budi.send_location(SHOP, -6.2, 106.8, name="Monas")
    await budi.send_contact(SHOP, "+62 813-0000-0003", name="Citra")
    poll = await budi.send_poll(SHOP, "When?", ["Today", "Tomorrow"], most=1)
    await shop.play(voice)
    await shop.vote(poll, [1])

    assert await shop.media(photo) == b"\x89PNG"
    passed_on = await shop.forward(photo, "+62 813-0000-0003")
    assert (await shop.message(passed_on)).content["isForwarded"]
    types = [message.type for message in await shop.messages(BUDI)]
    assert types == ["image", "ptt", "location", "vcard", "poll_creation"]
    assert (await budi.message(voice)).level is Level.PLAYED
    assert (await budi.message(poll)).votes == {"6281100000001": [1]}


async def test_presence_and_calls_are_seen(shop: SandboxPhone, budi: SandboxPhone) -> None:
    await budi.set_activity(SHOP, "composing")
    assert await shop.sees(BUDI) == "composing"
    await budi.set_activity(SHOP, "paused")
    assert await shop.sees(BUDI) == "available"
    await budi.set_available(False)

    call = await budi.call(SHOP, video=True)
    assert await budi.is_ringing(call)
    await budi.hang_up(call)
    assert not await shop.is_ringing(call)
    with pytest.raises(WebRefusal) as refused:
        await budi.hang_up(call)
    assert refused.value.code == "no_such_call"


async def test_groups_and_people_are_kept(shop: SandboxPhone, budi: SandboxPhone) -> None:
    group = await shop.create_group("Deals", [BUDI])
    await shop.change_group(group, subject="Offers", description="Daily", announcement=True)
    await shop.change_members(group, "promote", [BUDI])
    sent = await budi.send_text(group, "Thanks")
    await budi.leave_group(group)
    await shop.save_contact(BUDI, "Budi P")
    await shop.block(BUDI)
    offers = await shop.group(group)
    assert (offers.subject, offers.announcement) == ("Offers", True)
    assert (offers.members, offers.admins) == (["6281100000001"], ["6281100000001"])
    with pytest.raises(WebRefusal) as refused:
        await budi.group(group)
    assert refused.value.code == "not_a_member"
    assert await budi.join_group(f"https://chat.whatsapp.com/{offers.code}") == group
    assert (await budi.group(group)).members == ["6281100000001", "6281200000002"]
    await shop.set_chat(group, archived=True, pinned=True, muted_until=-1)

    assert (await shop.message(sent)).chat == group
    assert (await shop.state())["blocked"] == ["6281200000002"]
    await shop.unblock(BUDI)
    assert (await shop.state())["blocked"] == []


async def test_a_phone_without_connection_gets_its_messages_later(
    shop: SandboxPhone, budi: SandboxPhone
) -> None:
    await budi.go_offline()
    sent = await shop.send_text(BUDI, "Halo")
    assert (await shop.message(sent)).level is Level.SENT

    await budi.go_online()
    assert (await shop.message(sent)).level is Level.DELIVERED


async def test_an_account_loses_its_standing_and_gets_it_back(
    shop: SandboxPhone, simulated: SimulatedWeb
) -> None:
    page = FakePage(simulated).link(simulated.phone(SHOP))

    await shop.suspend(60)
    assert (await shop.state())["standing"] == "suspended"
    await shop.forgive()
    assert (await shop.state())["standing"] == "good"
    await shop.open_elsewhere()
    await shop.drop_connections()
    await shop.ban()
    assert (await shop.state())["standing"] == "banned"
    assert page.page.is_ending


async def test_settings_and_outages(web: SandboxWeb, simulated: SimulatedWeb) -> None:
    assert (await web.configure(qr_first=5))["qr_first"] == 5
    assert (await web.configure())["qr_first"] == 5
    with pytest.raises(Rejected, match="qr_first"):
        await web.configure(qr_first=-1)

    await web.go_down()
    assert simulated.world.is_down
    await web.come_back()
    assert (await web.state())["down"] is False


async def test_everything_is_forgotten(web: SandboxWeb, budi: SandboxPhone) -> None:
    await budi.send_text(SHOP, "Halo")
    await web.reset()

    assert (await web.state())["phones"] == []


async def test_a_message_is_waited_for(shop: SandboxPhone, budi: SandboxPhone) -> None:
    waiting = asyncio.create_task(
        shop.wait_for_message(BUDI, lambda message: "six" in (message.text or ""))
    )
    await shop.send_text(BUDI, "six? (my own)")
    await budi.send_text(SHOP, "Halo")
    wanted = await budi.send_text(SHOP, "at five")
    assert not waiting.done()
    await budi.edit(wanted, "at six")

    assert (await waiting).id == wanted


async def test_waiting_ends(shop: SandboxPhone) -> None:
    with pytest.raises(Timeout, match=r"no such message in the chat .*within 0\.05 s"):
        await shop.wait_for_message(BUDI, timeout=0.05)


def test_a_phone_has_a_number(web: SandboxWeb) -> None:
    assert web.phone(SHOP).number == "+6281100000001"
    assert repr(web.phone(SHOP)) == "<SandboxPhone +6281100000001>"
    assert repr(web) == "<SandboxWeb http://sandbox/web/>"
    with pytest.raises(InvalidAddress):
        web.phone("Budi")


async def test_where_there_is_no_sandbox_it_says_so() -> None:
    async with SandboxControl("http://127.0.0.1:9") as control:
        with pytest.raises(ConnectionFailed, match="no sandbox at"):
            await control.web.state()


async def test_another_server_is_no_sandbox() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(404, text="<html>"))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(UnreadableAnswer, match="HTTP 404"):
            await SandboxControl("http://x", client=client).web.state()


async def test_the_page_is_found_without_its_slash(town: Town) -> None:
    transport = httpx.ASGITransport(create_app(town))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        answer = await client.get("/web", follow_redirects=True)
        welcome = await client.get("/")

    assert answer.url.path == "/web/"
    assert "<html" in answer.text
    assert "http://sandbox/web/" in welcome.text
