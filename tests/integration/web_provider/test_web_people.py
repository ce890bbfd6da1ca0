"""People, chats and groups of a session on the simulated WhatsApp Web."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from blazz import (
    Group,
    InvalidValue,
    Lid,
    Poll,
    PollAnswered,
    PollReceived,
    PresenceChanged,
    ReactionReceived,
    Read,
    Rejected,
    Text,
    TextReceived,
    Upload,
    Voice,
    VoiceReceived,
    Web,
)
from blazz.events import (
    Activity,
    CallConnected,
    CallEnded,
    ChatOpened,
    GroupAdminsChanged,
    GroupJoinRequested,
    GroupSettingsChanged,
    MessageEchoed,
    MessageReceived,
    MessageRevoked,
    NumberChanged,
    UnsupportedReceived,
)
from blazz.providers.web.transfers import PIECE
from blazz.sandbox.web import SimulatedPhone
from tests.integration.web_provider.studio import BUDI, SHOP, Studio, arrive, browser_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEAM = "120363000000000001@g.us"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_people_and_chats(studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone) -> None:
    session = await studio.linked(shop)
    web = session.provider
    assert isinstance(web, Web)

    # Presence, typing, calls, new chats.
    await web.contacts.follow(BUDI)
    budi.set_activity(shop.number, "composing")
    seen = await studio.heard.one(PresenceChanged, lambda it: it.activity is Activity.TYPING)
    assert seen.person.phone == session.address(BUDI)
    await session.show_typing(BUDI)
    await studio.web.wait_until(lambda: budi.sees(shop.number) == "composing")
    call = budi.call(shop.number)
    ringing = await studio.heard.one(CallConnected)
    assert ringing.call_id == call
    await web.reject_call(call)
    declined = await studio.heard.one(CallEnded)
    assert (declined.call_id, declined.status) == (call, "FAILED")
    missed = budi.call(shop.number)
    await studio.heard.one(CallConnected, lambda it: it.call_id == missed)
    budi.hang_up(missed)
    noted = await studio.heard.one(CallEnded, lambda it: it.call_id == missed)
    assert noted.person.phone == session.address(BUDI)
    assert [it.title for it in noted.errors] == ["Missed"]
    budi.send_text(shop.number, "list me")
    await studio.heard.one(TextReceived, lambda it: it.body == "list me")
    assert studio.heard.of(ChatOpened)

    # What the owner writes on the phone is an echo, not received.
    shop.send_text(budi.number, "from the phone")
    echo = await studio.heard.one(MessageEchoed)
    assert echo.recipient.phone == session.address(BUDI)
    assert echo.message.message_id == echo.message_id

    # Lists.
    (chat,) = await web.chats.list()
    assert (chat.address, chat.archived) == (session.address(BUDI), False)
    await web.chats.archive(BUDI)
    assert (await web.chats.list())[0].archived
    await web.chats.pin(BUDI)
    await web.chats.mute(BUDI)
    await web.chats.mark_unread(BUDI)
    (chat,) = await web.chats.list()
    assert (chat.pinned, chat.muted, chat.marked_unread) == (True, True, True)
    await web.chats.pin(BUDI, pinned=False)
    await web.chats.unmute(BUDI)
    await web.chats.mark_read(BUDI)
    (chat,) = await web.chats.list()
    assert (chat.pinned, chat.muted, chat.marked_unread) == (False, False, False)
    with pytest.raises(InvalidValue, match="duration"):
        await web.chats.mute(BUDI, timedelta(0))
    await web.contacts.save(BUDI, "Pak Budi")
    assert shop.account.contacts[budi.number] == "Pak Budi"
    assert any(it.saved_name == "Pak Budi" for it in await web.contacts.list(saved=True))
    await web.contacts.block(BUDI)
    assert [it.phone for it in await web.contacts.blocked()] == [session.address(BUDI)]
    await web.contacts.unblock(BUDI)
    await web.profile.set_name("The Shop")
    await web.profile.set_about("open till six")
    profile = await web.profile.get()
    assert profile.name == "The Shop"
    assert shop.account.about == "open till six"
    assert await web.contacts.picture(BUDI) is None
    await web.profile.set_picture(PIXEL, mime_type="image/png")
    assert shop.account.picture is not None
    assert await web.contacts.picture(SHOP) is not None

    # Polls and votes both ways.
    asked = await session.send(BUDI, Poll("When?", ["Monday", "Tuesday"]))
    budi.vote(asked.message_id, [1])
    answered = await studio.heard.one(PollAnswered)
    assert (answered.message_id, answered.chosen) == (asked.message_id, ("Tuesday",))
    budi.send_poll(shop.number, "Where?", ["here", "there"])
    got = await studio.heard.one(PollReceived)
    assert (got.question, got.choices) == ("Where?", ("here", "there"))

    # A large file in many pieces, both ways; what is sent again is in the page already.
    sound = b"OggS" + bytes(range(256)) * 8_000
    budi.send_media(shop.number, sound, kind="voice")
    voice = await studio.heard.one(VoiceReceived)
    assert voice.media_id is not None
    assert b"".join([piece async for piece in session.download(voice.media_id)]) == sound
    await browser_of(session).page.evaluate("""() => {
        pieces = 0;
        const add = blazz.addPiece;
        blazz.addPiece = (piece) => { pieces += 1; add(piece); };
    }""")
    for _ in range(2):
        again = await session.send(BUDI, Voice(Upload(sound, "audio/ogg", "a.ogg")))
        assert budi.media(again.message_id) == sound
    assert await browser_of(session).page.evaluate("() => pieces") == len(sound) // PIECE + 1


async def test_what_nobody_said_in_a_chat_is_not_received(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    session = await studio.linked(shop)
    page = browser_of(session).page
    await arrive(session, "chat", chat="status@broadcast", id="3A01", sender=budi.jid, body="story")
    await arrive(session, "chat", chat="120363@newsletter", id="3A02", body="channel")
    await arrive(session, "album", chat=budi.jid, id="3A00")
    await arrive(session, "gp2", chat=TEAM, id="3A03", sender=budi.lid, subtype="add")
    await arrive(session, "gp2", chat=TEAM, id="3A04", sender=budi.lid, subtype="subject", body="B")
    renamed = await studio.heard.one(GroupSettingsChanged)
    assert (renamed.group, renamed.picture) == (Group(TEAM.removesuffix("@g.us")), None)
    assert renamed.subject is not None
    assert renamed.subject.value == "B"

    await arrive(session, "pinned_message", chat=budi.jid, id="3A07", sender=budi.jid)
    asks = {"subtype": "membership_approval_request", "sender": budi.lid}
    await arrive(session, "gp2", chat=TEAM, id="3A08", **asks)
    asked = await studio.heard.one(GroupJoinRequested)
    assert asked.person.lid == Lid(budi.lid.removesuffix("@lid"))
    moved = {"subtype": "change_number", "templateParams": [budi.jid, "6281200000099@c.us"]}
    await arrive(session, "notification_template", chat="6281200000099@c.us", id="3A09", **moved)
    changed = await studio.heard.one(NumberChanged)
    assert (changed.person.phone, changed.now.phone) == (
        session.address(BUDI),
        session.address("+6281200000099"),
    )

    # What cannot be decrypted is told after a while, and again as what it is.
    await page.evaluate("() => { blazz.messages.patience = 100; }")
    hidden = await arrive(session, "ciphertext", chat=budi.jid, id="3A05")
    assert (await studio.heard.one(UnsupportedReceived)).message_id == hidden
    readable = "(id) => { WPP.whatsapp.MsgStore.get(id).set({ type: 'chat', body: 'read me' }); }"
    await page.evaluate(readable, hidden)
    assert (await studio.heard.one(TextReceived)).message_id == hidden
    assert [it.text for it in studio.heard.of(MessageReceived)] == [None, "read me"]

    # Whoever cannot be found keeps nothing back: it is told with what their id alone tells.
    hang = "() => { was = blazz.people.person; blazz.people.person = () => new Promise(() => {}); }"
    await page.evaluate(hang)
    await arrive(session, "chat", chat=budi.jid, id="3A06", body="from whom?")
    told = await studio.heard.one(TextReceived, lambda it: it.body == "from whom?")
    assert told.sender.phone == session.address(BUDI)
    await page.evaluate("() => { blazz.people.person = was; blazz.messages.patience = 30000; }")

    # Nor is a message lost that nothing can be made of.
    broken = await arrive(session, "poll_creation", chat=budi.jid, id="3A10", pollOptions={})
    unread = await studio.heard.one(UnsupportedReceived, lambda it: it.message_id == broken)
    assert (unread.sender.phone, unread.kind) == (session.address(BUDI), "poll_creation")

    # wa-js would delete it for this account alone.
    budi.send_text(shop.number, "this is mine")
    theirs = await studio.heard.one(TextReceived, lambda it: it.body == "this is mine")
    with pytest.raises(Rejected, match="not_ours"):
        await session.revoke(theirs.message_id)
    (last,) = [it async for it in session.history(BUDI, limit=1)]
    assert last.message.message_id == theirs.message_id

    # By itself wa-js tells others which links are sent.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    link = "https://example.com/only-for-budi"
    preview = "(link) => WPP.whatsapp.functions.genMinimalLinkPreview(link)"
    assert await page.evaluate(preview, link) is None
    await session.send(BUDI, Text(f"see {link}"))
    assert [url for url in asked if not url.startswith(studio.web.url)] == []


async def test_somebody_who_is_seen_by_lid(studio: Studio, shop: SimulatedPhone) -> None:
    session = await studio.linked(shop)
    lina = studio.web.phone("+6281500000005", name="Lina", addressing="lid")
    lina.send_text(shop.number, "hello by LID")
    got = await studio.heard.one(TextReceived, lambda it: it.body == "hello by LID")
    assert got.sender.phone == session.address("+6281500000005")
    assert got.sender.lid == Lid(lina.lid.removesuffix("@lid"))
    answer = await session.reply(got, Text("found you"), quote=True)
    assert lina.message(answer.message_id).text == "found you"
    lina.read(shop.number)
    read = await studio.heard.one(Read, lambda it: it.message_id == answer.message_id)
    assert read.token == answer.token

    # The chat is under the LID; it is found by the number as well.
    web = session.provider
    assert isinstance(web, Web)
    said = [it.message.message_id async for it in session.history("+6281500000005")]
    assert said == [answer.message_id, got.message_id]
    await web.chats.archive("+6281500000005")
    await web.chats.archive("+6281500000005")
    assert [it.archived for it in await web.chats.list()] == [True]
    assert [it async for it in session.history("+6281900000099")] == []

    # Somebody whose number is not found in time is known by the LID alone.
    hidden = studio.web.phone("+6281600000006", name="Anon", addressing="hidden")
    page = browser_of(session).page
    await page.evaluate("""() => {
        const contact = { ...WPP.contact, getPnLidEntry: () => new Promise(() => {}) };
        window.WPP = { ...WPP, contact };
        blazz.people.patience = 10;
    }""")
    hidden.send_text(shop.number, "guess who")
    unknown = await studio.heard.one(TextReceived, lambda it: it.body == "guess who")
    assert unknown.sender.phone is None
    assert unknown.sender.lid == Lid(hidden.lid.removesuffix("@lid"))
    await session.reply(unknown, Text("I cannot"))
    assert [it.text for it in hidden.messages(shop.number)] == ["guess who", "I cannot"]


async def test_groups(studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone) -> None:
    session = await studio.linked(shop)
    web = session.provider
    assert isinstance(web, Web)
    group, failed = await web.groups.create("Team", [BUDI, "+6281900000091"])
    assert isinstance(group, Group)
    assert failed == ()

    sent = await session.send(group, Text(f"welcome @{budi.number}"))
    arrived = budi.messages(str(group))[-1]
    assert arrived.content["mentionedJidList"] == [budi.lid]
    await session.send(group, Text("come, @all"))
    assert budi.messages(str(group))[-1].content["nonJidMentions"] == 1
    budi.read(str(group))
    read = await studio.heard.one(Read, lambda it: it.message_id == sent.message_id)
    assert (read.group, read.recipient.phone) == (group, session.address(BUDI))
    assert read.token == sent.token

    thanks = budi.send_text(str(group), "thanks", mentions=[shop.number])
    got = await studio.heard.one(TextReceived, lambda it: it.body == "thanks")
    assert (got.chat, got.sender.phone) == (group, session.address(BUDI))
    assert [it.phone for it in got.mentions] == [web.number]
    answer = await session.reply(got, Text("you are welcome"), quote=True)
    assert budi.message(answer.message_id).quoted == thanks
    budi.react(sent.message_id, "🙌")
    reaction = await studio.heard.one(ReactionReceived)
    assert (reaction.chat, reaction.reacted_to) == (group, sent.message_id)
    budi.revoke(thanks)
    revoked = await studio.heard.one(MessageRevoked)
    assert (revoked.chat, revoked.message_id) == (group, got.message_id)

    await web.groups.promote(group, [BUDI])
    await web.groups.set_subject(group, "Friends")
    await web.groups.set_description(group, "of the house")
    info = await web.groups.get(group)
    assert studio.web.world.group(str(group)).subject == "Friends"
    assert {it.person.phone for it in info.members} >= {session.address(BUDI)}
    failed = await web.groups.add(group, ["+15550131026"])
    assert failed == () or failed[0].errors
    (unknown,) = await session.check(["+1 555 013 1026"])  # the page has an entry for it now
    assert not unknown.exists
    await web.groups.set_picture(group, PIXEL, mime_type="image/png")
    assert studio.web.world.group(str(group)).picture is not None
    await web.groups.set_picture(group, None)
    await web.groups.set_announcements_only(group)
    await web.groups.set_locked(group)
    team = studio.web.world.group(str(group))
    assert (team.picture, team.announce, team.restrict) == (None, True, True)
    first, second = await web.groups.invite_link(group), await web.groups.renew_invite_link(group)
    assert first != second == f"https://chat.whatsapp.com/{team.code}"
    budi.change_members(str(group), "demote", [shop.number])
    await studio.heard.one(GroupAdminsChanged, lambda it: not it.promoted)
    await web.groups.leave(group)
    assert shop.number not in team.members
    assert await web.groups.join(f"{second}?mode=ac_t") == group
    assert shop.number in team.members
    with pytest.raises(Rejected):
        await web.groups.join(first)
    with pytest.raises(InvalidValue, match="a link such as"):
        await web.groups.join("https://example.com/group")
