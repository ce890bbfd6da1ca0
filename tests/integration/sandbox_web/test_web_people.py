"""Contacts, LIDs, groups, the block list and profiles, through the real wa-js."""

from __future__ import annotations

import pytest

from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from tests.integration.sandbox_web.tab import Tab

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXISTS = """WPP.contact.queryExists(a)
  .then((it) => it && [String(it.wid), it.lid && String(it.lid), it.biz])"""


async def test_who_is_on_whatsapp(tab: Tab, web: SimulatedWeb) -> None:
    shop = web.phone("+628777", business=True)
    assert await tab.run(EXISTS, "628777@c.us") == ["628777@c.us", shop.lid, True]
    assert await tab.run(EXISTS, "15550131026@c.us") is None
    web.phone("+628778", registered=False)
    assert await tab.run(EXISTS, "628778@c.us") is None


async def test_somebody_seen_by_lid_has_one_chat_under_either_id(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone
) -> None:
    lina = web.phone("+6281500000005", name="Lina", addressing="lid")
    sent = lina.send_text(shop.number, "hello by LID")
    got = await tab.event("chat.new_message", lambda it: it["body"] == "hello by LID")
    assert got["id"] == f"false_{lina.lid}_{sent}"
    assert got["to"] == shop.lid

    answer = await tab.run("WPP.chat.sendTextMessage(a, 'found you')", f"{lina.number}@c.us")
    assert answer["id"].startswith(f"true_{lina.lid}_")
    assert lina.message(answer["id"]).text == "found you"
    entry = await tab.run("WPP.contact.getPnLidEntry(a)", lina.lid)
    assert entry["phoneNumber"]["_serialized"] == f"{lina.number}@c.us"


async def test_whoever_hides_the_number_is_known_by_lid_alone(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone
) -> None:
    hidden = web.phone("+6281600000006", name="Anon", addressing="hidden")
    hidden.send_text(shop.number, "guess who")
    got = await tab.event("chat.new_message", lambda it: it["body"] == "guess who")
    assert got["from"] == hidden.lid
    entry = await tab.run("WPP.contact.getPnLidEntry(a)", hidden.lid)
    assert "phoneNumber" not in entry or entry["phoneNumber"] is None


async def test_contacts_and_chats_are_listed(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    budi.send_text(shop.number, "list me")
    await tab.event("chat.new_message", lambda it: it["body"] == "list me")
    shop.save_contact(budi.number, "Pak Budi")
    await tab.until(
        "WPP.whatsapp.ContactStore.getModelsArray().some((it) => it.name === 'Pak Budi')"
    )

    names = """WPP.contact.list({ onlyMyContacts: true })
      .then((all) => all.map((it) => [String(it.id), it.name, it.isMyContact]))"""
    assert [budi.jid, "Pak Budi", True] in await tab.run(names)
    chats = """WPP.chat.list({ onlyUsers: true })
      .then((all) => all.map((it) => [String(it.id), it.hasUnread]))"""
    assert [budi.jid, True] in await tab.run(chats)
    saved = await tab.run(
        "WPP.contact.save(a, 'Budi', {lastName: 'Santoso'}).then((it) => it.name)", budi.jid
    )
    assert saved == "Budi Santoso"
    assert shop.account.contacts[budi.number] == "Budi Santoso"
    left = await tab.run("WPP.contact.remove(a).then((it) => [it.name, it.isMyContact])", budi.jid)
    assert left == [None, False]
    assert budi.number not in shop.account.contacts


async def test_a_group_is_made_and_written_in(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    made = await tab.run(
        "WPP.group.create('Team', [a, b]).then((it) => [String(it.gid), it.participants])",
        budi.jid,
        "628791@c.us",
    )
    group, results = made
    assert results[budi.jid]["code"] == 200
    assert web.world.group(group).members == [shop.number, budi.number, "628791"]

    sent = await tab.run(
        "WPP.chat.sendTextMessage(a, 'welcome @' + b)", group, budi.lid.split("@")[0]
    )
    got = budi.messages(group)[-1]
    assert (got.text, got.content["mentionedJidList"]) == (
        f"welcome @{budi.lid.split('@')[0]}",
        [budi.lid],
    )
    budi.read(group)
    await tab.event(
        "chat.msg_ack_change",
        lambda it: it["chat"] == group and it.get("sender") == budi.lid and it["ack"] == 3,
    )
    assert (await tab.run("WPP.chat.getMessageById(a).then((it) => it.ack)", sent["id"])) == 2
    web.phone("+628791").read(group)
    await tab.until(f"WPP.whatsapp.MsgStore.get('{sent['id']}').ack === 3")

    budi.send_text(group, "thanks")
    got_back = await tab.event("chat.new_message", lambda it: it["body"] == "thanks")
    assert (got_back["from"], got_back["author"]) == (group, budi.lid)
    assert got_back["id"].endswith(budi.lid)
    budi.react(sent["id"], "🙌")
    reaction = await tab.event("chat.new_reaction", lambda it: it["reactionText"] == "🙌")
    assert (reaction["msgId"], reaction["sender"]) == (sent["id"], budi.lid)


async def test_a_group_changes(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    group = budi.create_group("Customers", [shop.number, "+628795"])
    await tab.until(f"WPP.whatsapp.ChatStore.get('{group}')?.name === 'Customers'")
    people = (
        "WPP.group.getParticipants(a).then((all) => all.map((it) => [String(it.id), it.isAdmin]))"
    )
    assert [budi.lid, True] in await tab.run(people, group)
    with pytest.raises(Exception, match="not admin"):
        await tab.run("WPP.group.addParticipants(a, '628796@c.us')", group)

    budi.change_members(group, "promote", [shop.number])
    await tab.event(
        "group.participant_changed",
        lambda it: it["action"] == "promote" and it["participants"] == [shop.lid],
    )
    web.phone("+628797", registered=False)  # nobody else's: wa-js takes it for a contact now
    added = await tab.run("WPP.group.addParticipants(a, ['628796@c.us', '628797@c.us'])", group)
    assert added["628796@c.us"]["code"] == 200
    await tab.run("WPP.group.removeParticipants(a, '628796@c.us')", group)
    assert "628796" not in web.world.group(group).members
    await tab.run("WPP.group.setSubject(a, 'Friends')", group)
    await tab.run("WPP.group.setDescription(a, 'of the house')", group)
    assert (budi.group(group).subject, budi.group(group).description) == ("Friends", "of the house")

    code = await tab.run("WPP.group.getInviteCode(a)", group)
    assert code == web.world.group(group).code
    budi.change_group(group, announcement=True)
    budi.change_members(group, "demote", [shop.number])
    await tab.event("group.participant_changed", lambda it: it["action"] == "demote")
    sent = await tab.run("WPP.chat.sendTextMessage(a, 'may I?')", group)
    assert sent["sendMsgResult"]["messageSendResult"] == "ERROR_UNKNOWN"
    await tab.run("WPP.group.leave(a)", group)
    assert shop.number not in web.world.group(group).members


async def test_blocking(tab: Tab, shop: SimulatedPhone, web: SimulatedWeb) -> None:
    rude = web.phone("+6281700000007", name="Rude")
    assert (await tab.run("WPP.blocklist.blockContact(a)", rude.jid))["isBlocked"]
    assert await tab.run("WPP.blocklist.all().map(String)") == [rude.jid]
    rude.send_text(shop.number, "you there?")
    assert shop.messages(rude.number) == []
    assert not (await tab.run("WPP.blocklist.unblockContact(a)", rude.jid))["isBlocked"]
    assert await tab.stored("blocked", rude.jid) is None

    shop.block(rude.number)
    await tab.event("blocklist.sync")
    await tab.until("WPP.blocklist.all().length === 1")
    assert await tab.stored("blocked", rude.jid) is not None
    shop.unblock(rude.number)
    await tab.until("WPP.blocklist.all().length === 0")
    assert await tab.stored("blocked", rude.jid) is None


async def test_profiles(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone, web: SimulatedWeb
) -> None:
    await tab.run("WPP.profile.setMyProfileName('The Shop')")
    await tab.run("WPP.profile.setMyStatus('open till six')")
    assert (shop.account.name, shop.account.about) == ("The Shop", "open till six")
    assert await tab.run("WPP.profile.getMyProfileName()") == "The Shop"
    assert await tab.run("WPP.contact.getStatus(a)", budi.jid) == budi.account.about

    picture = """(() => {
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = 8;
      return canvas.toDataURL('image/jpeg');
    })()"""
    await tab.run(f"WPP.profile.setMyProfilePicture({picture})")
    url = await tab.run("WPP.profile.getMyProfilePicture().then((it) => it.imgFull)")
    first_bytes = """fetch(a).then((it) => it.arrayBuffer())
      .then((it) => [...new Uint8Array(it).slice(0, 2)])"""
    assert await tab.run(first_bytes, url) == [0xFF, 0xD8]  # a JPEG
    url = "WPP.contact.getProfilePictureUrl(a)"
    web.phone(budi.number, picture=b"Budi")
    assert await tab.run(f"{url}.then(fetch).then((it) => it.text())", budi.jid) == "Budi"

    group = shop.create_group("With a picture", [budi.number])
    await tab.until(f"WPP.chat.get('{group}')")
    assert await tab.run(url, group) is None
    await tab.run(f"WPP.group.setIcon(a, {picture})", group)
    assert budi.group(group).has_picture
    assert await tab.run(url, group) is not None
    await tab.run("WPP.group.removeIcon(a)", group)
    assert not budi.group(group).has_picture
    assert shop.account.picture is not None
    await tab.run("WPP.profile.removeMyProfilePicture()")
    assert shop.account.picture is None


async def test_archiving_clearing_and_deleting_a_chat(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    budi.send_text(shop.number, "to be put away")
    await tab.event("chat.new_message", lambda it: it["body"] == "to be put away")
    await tab.run("WPP.chat.archive(a)", budi.jid)
    await tab.until(f"WPP.whatsapp.ChatStore.get('{budi.jid}').archive")
    assert shop.account.chat(budi.number).archived
    assert (await tab.run("WPP.chat.clear(a)", budi.jid))["status"] == 200
    assert (await tab.run("WPP.chat.delete(a)", budi.jid))["status"] == 200
    assert await tab.run("WPP.chat.get(a) === undefined", budi.jid)
    assert shop.messages(budi.number) == []


async def test_what_is_deleted_or_cleared_here_does_not_come_back(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone
) -> None:
    lots = web.phone("+6281800000008", name="Lots")
    ids = [f"false_{lots.jid}_{lots.send_text(shop.number, f'{at}')}" for at in range(4)]
    await tab.event("chat.new_message", lambda it: it["id"] == ids[3])
    bodies = "WPP.chat.getMessages(a, {count: -1}).then((all) => all.map((it) => it.body))"
    deleted = await tab.run("WPP.chat.deleteMessage(a, b)", lots.jid, [ids[0], ids[3]])
    assert [it["isDeleted"] for it in deleted] == [True, True]
    assert await tab.run(bodies, lots.jid) == ["1", "2"]
    assert [it.text for it in shop.messages(lots.number)] == ["1", "2"]

    await tab.run("WPP.chat.starMessage(a, true)", ids[1])
    await tab.run("WPP.chat.clear(a)", lots.jid)
    lots.send_text(shop.number, "afterwards")
    await tab.event("chat.new_message", lambda it: it["body"] == "afterwards")
    assert await tab.run(bodies, lots.jid) == ["1", "afterwards"]
    assert len(lots.messages(shop.number)) == 5


async def test_chats_are_pinned_and_muted_from_either_side(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone
) -> None:
    mute = web.phone("+6281900000009", name="Mute")
    await tab.run("WPP.chat.find(a)", mute.jid)
    await tab.run("WPP.chat.pin(a)", mute.jid)
    assert (await tab.run("WPP.chat.mute(a, {duration: 60})", mute.jid))["isMuted"]
    kept = shop.account.chat(mute.number)
    assert (kept.pinned, kept.muted_until > 0) == (True, True)

    shop.set_chat(mute.number, pinned=False, muted_until=-1, archived=True)
    await tab.until(f"WPP.chat.get('{mute.jid}').archive")
    assert await tab.run("[WPP.chat.get(a).pin, WPP.chat.get(a).mute.expiration]", mute.jid) == [
        0,
        -1,
    ]
    await tab.run("WPP.chat.unmute(a)", mute.jid)
    assert kept.muted_until == 0


async def test_invitations_and_common_groups(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    group = budi.create_group("Open house", ["+6281900000009"])
    code = budi.group(group).code
    found = await tab.run("WPP.group.getGroupInfoFromInviteCode(a)", code)
    assert (found["id"], found["subject"], found["size"]) == (group, "Open house", 2)
    assert shop.number not in budi.group(group).members
    with pytest.raises(Exception, match="Invalid Invite Code"):
        await tab.run("WPP.group.getGroupInfoFromInviteCode('nothing')")

    assert (await tab.run("WPP.group.join(a)", f"https://chat.whatsapp.com/{code}"))["id"] == group
    await tab.until(f"WPP.chat.get('{group}')")
    budi.send_text(shop.number, "are we in the same groups?")
    await tab.until(f"WPP.whatsapp.ContactStore.get('{budi.jid}')")
    common = await tab.run(
        "WPP.contact.getCommonGroups(a).then((all) => all.map(String))", budi.jid
    )
    assert group in common
