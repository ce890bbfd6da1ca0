"""Messages both ways on the simulated page, through the real wa-js."""

from __future__ import annotations

import pytest

from blazz.sandbox.web import Level, SimulatedPhone, SimulatedWeb
from tests.integration.sandbox_web.tab import Tab

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEND = "WPP.chat.sendTextMessage(a, b, c)"


async def send(tab: Tab, to: SimulatedPhone, text: str, **options: object) -> str:
    answer = await tab.run(SEND, to.jid, text, options)
    assert answer["sendMsgResult"]["messageSendResult"] == "OK"
    return str(answer["id"])


async def test_a_text_arrives_and_its_receipts_come_back(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    budi.go_offline()
    sent = await send(tab, budi, "Halo *Budi* 👋")
    await tab.event("chat.msg_ack_change", lambda it: it["ids"] == [sent] and it["ack"] == 1)
    assert budi.message(sent).level is Level.SENT

    budi.go_online()
    await tab.event("chat.msg_ack_change", lambda it: it["ids"] == [sent] and it["ack"] == 2)
    budi.read(shop.number)
    await tab.event("chat.msg_ack_change", lambda it: it["ids"] == [sent] and it["ack"] == 3)

    assert budi.message(sent).text == "Halo *Budi* 👋"
    assert (await tab.run("WPP.chat.getMessageById(a).then((it) => it.ack)", sent)) == 3


async def test_a_received_text_is_reported_and_reading_it_is_seen(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    sent = budi.send_text(shop.number, "Is it open today?")

    got = await tab.event("chat.new_message", lambda it: it["body"] == "Is it open today?")
    assert got["id"] == f"false_{budi.jid}_{sent}"
    assert got["from"] == budi.jid
    assert got["notifyName"] == "Budi"
    assert budi.message(sent).level is Level.DELIVERED

    await tab.run("WPP.chat.markIsRead(a)", budi.jid)
    assert budi.message(sent).level is Level.READ
    assert (await tab.run("WPP.chat.get(a).unreadCount", budi.jid)) == 0


async def test_what_the_phone_writes_comes_as_an_own_message(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    shop.send_text(budi.number, "from the phone")

    got = await tab.event("chat.new_message", lambda it: it["body"] == "from the phone")
    assert got["id"].startswith(f"true_{budi.jid}_")


async def test_a_message_with_an_id_of_ours_is_accepted_once(
    tab: Tab, web: SimulatedWeb, budi: SimulatedPhone
) -> None:
    key = f"true_{budi.jid}_3EB0ABCDEF0123456789"
    first = await send(tab, budi, "only once", messageId=key)
    await tab.forget(key)
    again = await send(tab, budi, "only once", messageId=key)

    assert first == again == key
    (entry,) = [it for it in web.world.accepted if it.letter.id == "3EB0ABCDEF0123456789"]
    assert entry.attempts == 2
    assert [it.text for it in budi.messages("+6281100000001")].count("only once") == 1


async def test_replies_quote_both_ways(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    question = budi.send_text(shop.number, "how much?")
    await tab.event("chat.new_message", lambda it: it["body"] == "how much?")
    answer = await send(tab, budi, "12", quotedMsg=f"false_{budi.jid}_{question}")
    assert budi.message(answer).quoted == question

    budi.send_text(shop.number, "too much", reply_to=answer)
    got = await tab.event("chat.new_message", lambda it: it["body"] == "too much")
    assert got["quotedStanzaID"] == answer.split("_")[2]
    quoted = await tab.run("WPP.chat.getQuotedMsg(a).then((it) => it.body)", got["id"])
    assert quoted == "12"


async def test_reactions_come_and_go_both_ways(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    sent = await send(tab, budi, "react to this")
    budi.react(sent, "👍")
    got = await tab.event("chat.new_reaction", lambda it: it["reactionText"] == "👍")
    assert (got["msgId"], got["sender"]) == (sent, budi.jid)

    await tab.run("WPP.chat.sendReactionToMessage(a, '🎉')", sent)
    assert budi.message(sent).reactions == {budi.number: "👍", shop.number: "🎉"}
    own = await tab.event("chat.new_reaction", lambda it: it["reactionText"] == "🎉")
    assert own["sender"] == shop.jid

    budi.react(sent, "")
    await tab.event("chat.new_reaction", lambda it: it["reactionText"] == "")
    given = await tab.run("WPP.chat.getReactions(a)", sent)
    assert [each["aggregateEmoji"] for each in given["reactions"]] == ["🎉"]
    assert given["reactionByMe"]["reactionText"] == "🎉"


async def test_edits_both_ways(tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone) -> None:
    ours = await send(tab, budi, "old words")
    await tab.run("WPP.chat.editMessage(a, 'new words')", ours)
    assert (budi.message(ours).text, budi.message(ours).edited) == ("new words", True)

    theirs = budi.send_text(shop.number, "rough")
    await tab.event("chat.new_message", lambda it: it["body"] == "rough")
    budi.edit(theirs, "polished")
    got = await tab.event("chat.msg_edited", lambda it: theirs in it["id"])
    assert got["id"] == f"false_{budi.jid}_{theirs}"
    assert (
        await tab.run("WPP.chat.getMessageById(a).then((it) => it.body)", got["id"])
    ) == "polished"
    own = [it for it in tab.values("chat.msg_edited") if it["id"] == ours]
    assert len(own) == 1

    await tab.forget(got["id"])
    budi.edit(theirs, "polished twice")
    found = "WPP.whatsapp.MsgStore.get(a) && WPP.chat.getMessageById(a)"
    await tab.until(f"WPP.whatsapp.MsgStore.get('{got['id']}')?.body === 'polished twice'")
    whole = await tab.run(f"({found}).then((it) => [it.type, String(it.from), it.body])", got["id"])
    assert whole == ["chat", budi.jid, "polished twice"]
    assert len([it for it in tab.values("chat.msg_edited") if it["id"] == got["id"]]) == 2


async def test_revokes_both_ways(tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone) -> None:
    ours = await send(tab, budi, "never mind")
    answer = await tab.run("WPP.chat.deleteMessage(a, b, true, true)", budi.jid, ours)
    assert answer["isRevoked"]
    assert budi.message(ours).revoked
    assert budi.message(ours).text is None

    theirs = budi.send_text(shop.number, "secret")
    await tab.event("chat.new_message", lambda it: it["body"] == "secret")
    budi.revoke(theirs)
    got = await tab.event("chat.msg_revoke", lambda it: theirs in it["refId"])
    assert (got["type"], got["from"]) == ("sender_revoke", budi.jid)
    found = "WPP.chat.getMessageById(a).then((it) => [it.type, it.body])"
    assert (await tab.run(found, got["refId"])) == ["revoked", None]


async def test_messages_are_sent_on_both_ways(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone, web: SimulatedWeb
) -> None:
    siti = web.phone("+6281300000003", name="Siti")
    words = budi.send_text(shop.number, "pass it on")
    photo = budi.send_media(shop.number, b"a photo", caption="nice")
    await tab.event("chat.new_message", lambda it: photo in it["id"])
    ids = [f"false_{budi.jid}_{each}" for each in (words, photo)]
    options = {"displayCaptionText": True}
    results = await tab.run("WPP.chat.forwardMessages(a, b, c)", siti.jid, ids, options)
    assert [it["messageSendResult"] for it in results] == ["OK", "OK"]
    first, second = siti.messages(shop.number)
    assert (first.text, second.text, siti.media(second.id)) == ("pass it on", "nice", b"a photo")
    assert second.content["isForwarded"]

    siti.forward(first.id, shop.number)
    got = await tab.event("chat.new_message", lambda it: it.get("forwardingScore") == 2)
    assert (got["body"], got["from"]) == ("pass it on", siti.jid)


async def test_who_has_a_message_and_since_when(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    sent = await send(tab, budi, "have you seen it?")
    await tab.event("chat.msg_ack_change", lambda it: it["ids"] == [sent] and it["ack"] == 2)
    info = await tab.run("WPP.chat.getMessageACK(a)", sent)
    assert (info["deliveryRemaining"], info["readRemaining"]) == (0, 1)
    budi.read(shop.number)
    (who,) = (await tab.run("WPP.chat.getMessageACK(a)", sent))["participants"]
    assert (who["id"], who["readAt"] >= who["deliveredAt"]) == (budi.jid, True)


async def test_what_is_on_its_way_is_not_read(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone, web: SimulatedWeb
) -> None:
    shown = budi.send_text(shop.number, "shown")
    await tab.event("chat.new_message", lambda it: it["body"] == "shown")
    web.go_down()
    await web.wait_until(lambda: not shop.is_linked)
    await tab.run("WPP.chat.markIsRead(a)", budi.jid)
    late = budi.send_text(shop.number, "late")
    web.come_back()

    await tab.event("chat.new_message", lambda it: it["body"] == "late")
    await web.wait_until(lambda: budi.message(shown).level is Level.READ)
    assert budi.message(late).level is Level.DELIVERED
    assert shop.account.chat(budi.number).unread == 1
    await tab.until(f"WPP.chat.get('{budi.jid}').unreadCount === 1")
    await tab.run("WPP.chat.markIsRead(a)", budi.jid)


async def test_polls_both_ways(tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone) -> None:
    choices = ["Monday", "Tuesday"]
    asked = await tab.run("WPP.chat.sendCreatePollMessage(a, 'When?', b)", budi.jid, choices)
    assert [it["name"] for it in budi.message(asked["id"]).content["pollOptions"]] == choices
    budi.vote(asked["id"], [1])
    got = await tab.event("chat.poll_response", lambda it: it["msgId"] == asked["id"])
    assert got["sender"] == budi.jid
    assert got["selectedOptions"][1]["name"] == "Tuesday"
    votes = await tab.run("WPP.chat.getVotes(a)", asked["id"])
    assert [vote["selectedOptions"][1]["name"] for vote in votes["votes"]] == ["Tuesday"]

    budi.send_poll(shop.number, "Where?", ["here", "there"])
    got = await tab.event(
        "chat.new_message", lambda it: it["type"] == "poll_creation" and it["from"] == budi.jid
    )
    assert got["pollName"] == "Where?"


async def test_places_and_cards_both_ways(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    place = {"lat": -6.2, "lng": 106.8, "name": "Monas", "address": "Jakarta"}
    sent = await tab.run("WPP.chat.sendLocationMessage(a, b)", budi.jid, place)
    content = budi.message(sent["id"]).content
    assert (content["lat"], content["lng"], content["loc"]) == (-6.2, 106.8, "Monas\nJakarta")

    card = {"id": "6281399999999@c.us", "name": "Siti"}
    sent = await tab.run("WPP.chat.sendVCardContactMessage(a, b)", budi.jid, card)
    assert "waid=6281399999999" in budi.message(sent["id"]).content["body"]

    budi.send_location(shop.number, 1.5, 2.5, name="home")
    got = await tab.event(
        "chat.new_message", lambda it: it["type"] == "location" and it["from"] == budi.jid
    )
    assert (got["lat"], got["lng"]) == (1.5, 2.5)
    budi.send_contact(shop.number, "+6281388888888", name="Andi")
    got = await tab.event(
        "chat.new_message", lambda it: it["type"] == "vcard" and it["from"] == budi.jid
    )
    assert got["vcardFormattedName"] == "Andi"


async def test_a_message_to_nobody_fails_and_says_so(tab: Tab) -> None:
    with pytest.raises(Exception, match="is not on WhatsApp"):
        await tab.run(SEND, "15550131026@c.us", "hello?", {})


async def test_typing_and_presence_both_ways(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone, web: SimulatedWeb
) -> None:
    await send(tab, budi, "wait a moment")  # only who has a chat can be seen typing in it
    await tab.run("WPP.chat.markIsComposing(a)", budi.jid)
    await web.wait_until(lambda: budi.sees(shop.number) == "composing")
    await tab.run("WPP.chat.markIsRecording(a)", budi.jid)
    await web.wait_until(lambda: budi.sees(shop.number) == "recording")
    await tab.run("WPP.chat.markIsPaused(a)", budi.jid)
    await web.wait_until(lambda: budi.sees(shop.number) == "available")

    await tab.run("WPP.contact.subscribePresence(a)", budi.jid)
    budi.set_available()
    await tab.event(
        "chat.presence_change", lambda it: it["state"] == "available" and it["isOnline"]
    )
    budi.set_activity(shop.number, "composing")
    got = await tab.event("chat.presence_change", lambda it: it["state"] == "composing")
    assert got["id"] == budi.jid
    await tab.run("WPP.conn.markAvailable()")
    await web.wait_until(lambda: shop.account.available)
    await tab.run("WPP.contact.unsubscribePresence(a)", budi.jid)
    await web.wait_until(lambda: not budi.account.watched_by)


async def test_a_call_rings_and_is_declined(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone, web: SimulatedWeb
) -> None:
    call = budi.call(shop.number, video=True)
    got = await tab.event("call.incoming_call", lambda it: it["id"] == call)
    assert (got["peerJid"], got["isVideo"]) == (budi.jid, True)
    assert budi.is_ringing(call)
    await tab.run("WPP.call.reject(a)", call)
    assert not budi.is_ringing(call)
