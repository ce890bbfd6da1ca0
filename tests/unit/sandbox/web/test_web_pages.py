"""What a page may ask, and what becomes of it; without a browser."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.sandbox.web import Level, SimulatedPhone, SimulatedWeb, WebRefusal
from tests.unit.sandbox.web.linked import FakePage

SHOP, BUDI, SITI = "+6281100000001", "+6281200000002", "+6281300000003"


@pytest.fixture
def web() -> SimulatedWeb:
    return SimulatedWeb()


@pytest.fixture
def shop(web: SimulatedWeb) -> SimulatedPhone:
    return web.phone(SHOP, name="Shop")


@pytest.fixture
def budi(web: SimulatedWeb) -> SimulatedPhone:
    return web.phone(BUDI, name="Budi")


@pytest.fixture
def page(web: SimulatedWeb, shop: SimulatedPhone) -> FakePage:
    return FakePage(web).link(shop)


def test_nothing_is_done_before_the_login(web: SimulatedWeb) -> None:
    page = FakePage(web)
    with pytest.raises(WebRefusal, match="needs a login"):
        page.send("6281200000002@c.us", "A")
    with pytest.raises(WebRefusal, match="does not wait to be linked"):
        page.ask("ref")


def test_a_wrong_secret_is_logged_out(page: FakePage) -> None:
    page.vanish()
    page.connect()
    page.ask("hello", version="2.3000.1")
    with pytest.raises(WebRefusal) as caught:
        page.ask("login", wid=f"{page.number}@c.us", device=1, proof="AAAA", received=0)
    assert (caught.value.code, caught.value.text) == ("logged_out", "invalid_adv_status")


def test_a_proof_is_good_once(page: FakePage) -> None:
    with pytest.raises(WebRefusal):
        page.ask("login", wid=f"{page.number}@c.us", device=1, proof="AAAA", received=0)


def test_a_device_that_was_unlinked_is_told_why(page: FakePage, shop: SimulatedPhone) -> None:
    page.vanish()
    shop.log_out_devices("account_sync_error")
    page.connect()
    with pytest.raises(WebRefusal, match="account_sync_error"):
        page.log_in()


@given(repeats=st.lists(st.sampled_from("ABC"), min_size=1, max_size=12))
@settings(max_examples=40)
def test_a_message_of_one_id_is_accepted_once(repeats: list[str]) -> None:
    web = SimulatedWeb()
    page = FakePage(web).link(web.phone(SHOP))
    budi = web.phone(BUDI)
    times = [page.send(budi.jid, message_id)["t"] for message_id in repeats]
    assert len(times) == len(repeats)
    assert sorted(it.id for it in budi.messages(SHOP)) == sorted(set(repeats))
    attempts = {entry.letter.id: entry.attempts for entry in web.world.accepted}
    assert attempts == {each: repeats.count(each) for each in set(repeats)}


@given(steps=st.lists(st.sampled_from(["write", "store", "vanish"]), max_size=40))
@settings(max_examples=40)
def test_all_messages_come_once_and_in_order_through_any_breaks(steps: list[str]) -> None:
    web = SimulatedWeb()
    page = FakePage(web).link(web.phone(SHOP))
    budi = web.phone(BUDI)
    got: list[tuple[str, dict[str, Any]]] = []
    written = 0
    for step in [*steps, "vanish"]:
        if step == "write":
            budi.send_text(SHOP, f"{written}")
            written += 1
        elif step == "store":
            got += page.store()
        else:
            page.vanish()
            page.connect()
            got += page.log_in()
    bodies = [data["body"] for kind, data in got if kind == "message"]
    assert bodies == [f"{number}" for number in range(written)]


def test_somebody_new_is_introduced_before_their_first_message(
    page: FakePage, budi: SimulatedPhone
) -> None:
    budi.send_text(SHOP, "one")
    budi.send_text(SHOP, "two")
    assert [kind for kind, _ in page.store()] == ["contact", "message", "message"]


def test_one_device_does_not_hear_its_own_messages_and_the_other_does(
    web: SimulatedWeb, shop: SimulatedPhone, page: FakePage, budi: SimulatedPhone
) -> None:
    other = FakePage(web).link(shop)
    page.send(budi.jid, "A", "from the first device")
    assert [kind for kind, _ in page.store()] == ["receipt"]
    kinds = [(kind, data.get("fromMe")) for kind, data in other.store()]
    assert kinds == [("message", True), ("receipt", None)]


def test_delivery_waits_for_a_phone_that_is_away_unless_a_device_stores_it(
    web: SimulatedWeb, shop: SimulatedPhone, page: FakePage, budi: SimulatedPhone
) -> None:
    shop.go_offline()
    sent = budi.send_text(SHOP, "anybody?")
    assert budi.message(sent).level is Level.SENT
    page.store()
    assert budi.message(sent).level is Level.DELIVERED


def test_who_is_blocked_is_not_delivered(
    page: FakePage, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    page.ask("block", id=budi.jid, blocked=True)
    sent = budi.send_text(SHOP, "hello?")
    assert budi.message(sent).level is Level.SENT
    assert page.store() == []
    with pytest.raises(WebRefusal):
        shop.message(sent)


def test_a_group_is_read_when_all_have_read_it(
    web: SimulatedWeb, page: FakePage, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    group = shop.create_group("Team", [BUDI, SITI])
    page.store()
    page.send(group, "G1", "all of you")
    budi.read(group)
    assert shop.message("G1").level is Level.DELIVERED
    web.phone(SITI).read(group)
    assert shop.message("G1").level is Level.READ
    receipts = [
        (data["level"], data["ack"], data["who"])
        for kind, data in page.store()
        if kind == "receipt"
    ]
    siti = web.phone(SITI)
    assert receipts == [(2, 1, budi.lid), (2, 2, siti.lid), (3, 2, budi.lid), (3, 3, siti.lid)]


def test_only_authors_edit_and_only_admins_revoke_for_others(
    page: FakePage, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    sent = budi.send_text(SHOP, "mine")
    with pytest.raises(WebRefusal, match="own messages can be edited"):
        shop.edit(sent, "yours")
    with pytest.raises(WebRefusal, match="own messages can be deleted"):
        shop.revoke(sent)
    group = shop.create_group("Team", [BUDI])
    in_group = budi.send_text(group, "delete me")
    page.store()
    page.ask("revoke", chat=group, id=in_group, sender=budi.lid)
    assert budi.message(in_group).revoked


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("no_such_thing", {}),
        ("send", {}),
        ("send", {"message": {"id": "A", "type": "chat"}}),
        ("send", {"message": {"id": "A" * 200, "type": "chat", "chat": "6281200000002@c.us"}}),
        ("send", {"message": {"id": "A", "type": "image", "chat": "6281200000002@c.us"}}),
        (
            "send",
            {"message": {"id": "A", "type": "chat", "chat": "628@c.us", "body": "x" * 300_000}},
        ),
        ("send", {"message": {"id": "A", "type": "chat", "chat": "999@lid"}}),
        ("send", {"message": {"id": "A", "type": "chat", "chat": "120363000000000000@g.us"}}),
        ("edit", {"id": "unknown", "text": "x", "edit": "E"}),
        ("history", {"chat": "6281200000002@c.us", "id": "A", "count": 10**6}),
        ("create_group", {"subject": "", "members": []}),
        ("create_group", {"subject": "x" * 101, "members": []}),
        ("create_group", {"subject": "x", "members": "6281200000002@c.us"}),
        ("chatstate", {"chat": "6281200000002@c.us", "state": "dancing"}),
        ("set_picture", {"picture": "not base64!"}),
        ("join", {"code": "unknown"}),
        ("reject_call", {"id": "unknown"}),
        ("invited", {"code": "unknown"}),
        ("delete", {"chat": "6281200000002@c.us", "ids": "all"}),
        ("clear", {"chat": "6281200000002@c.us", "keep": [1]}),
        ("picture", {"id": "120363000000000000@g.us"}),
        ("ack", {"number": "many"}),
    ],
)
def test_what_makes_no_sense_is_refused(
    page: FakePage, operation: str, parameters: dict[str, object]
) -> None:
    with pytest.raises(WebRefusal):
        page.ask(operation, **parameters)


def test_what_came_after_the_newest_message_that_was_seen_stays_unread(
    web: SimulatedWeb, page: FakePage, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    other = FakePage(web).link(shop)
    ids = [budi.send_text(SHOP, f"{number}") for number in range(3)]
    page.ask("seen", chat=budi.jid, id=ids[1])

    assert [budi.message(each).level for each in ids] == [Level.READ, Level.READ, Level.DELIVERED]
    assert shop.account.chat(budi.number).unread == 1
    assert ("seen", {"chat": budi.jid, "unread": 1}) in other.store()
    page.ask("seen", chat=budi.jid, id=ids[0])  # late: takes nothing back
    assert shop.account.chat(budi.number).unread == 1
    page.ask("seen", chat=budi.jid, id="deleted meanwhile")
    assert budi.message(ids[2]).level is Level.READ


@given(steps=st.lists(st.integers(0, 9), max_size=12), gone=st.sets(st.integers(0, 9)))
@settings(max_examples=40)
def test_reading_tells_of_each_message_once_whatever_was_deleted(
    steps: list[int], gone: set[int]
) -> None:
    web = SimulatedWeb()
    shop, budi = web.phone(SHOP).account, web.phone(BUDI)
    ids = [budi.send_text(SHOP, f"{number}") for number in range(10)]
    told = [letter.id for step in steps[:6] for letter in shop.read(budi.number, ids[step])]
    deleted = {ids[place] for place in gone}
    shop.forget(budi.number, lambda letter: letter.id in deleted)
    told += [letter.id for step in steps[6:] for letter in shop.read(budi.number, ids[step])]
    told += [letter.id for letter in shop.read(budi.number)]
    assert len(told) == len(set(told))
    assert set(ids) - deleted <= set(told)
    assert shop.chat(budi.number).unread == 0


def test_receipts_tell_who_and_when(
    web: SimulatedWeb, page: FakePage, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    group = shop.create_group("Team", [BUDI, SITI])
    web.phone(SITI).go_offline()
    page.send(group, "G1", "all of you")
    web.world.clock.advance(60)
    budi.read(group)
    told = page.ask("receipts", id="G1")
    (read,), (delivered,) = told["read"], told["delivery"]
    assert (read["id"], delivered["id"]) == (budi.lid, budi.lid)
    assert read["t"] - delivered["t"] >= 60
    assert (told["deliveryRemaining"], told["readRemaining"], told["playedRemaining"]) == (1, 1, 2)
    with pytest.raises(WebRefusal, match="there is no message"):
        page.ask("receipts", id=budi.send_text(SHOP, "not mine"))


def test_what_is_deleted_for_oneself_stays_with_the_others(
    page: FakePage, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    ids = [budi.send_text(SHOP, f"{number}") for number in range(4)]
    page.ask("delete", chat=budi.jid, ids=ids[:1])
    page.ask("clear", chat=budi.jid, keep=ids[1:2])
    assert [it.id for it in shop.messages(BUDI)] == ids[1:2]
    assert [it.id for it in budi.messages(SHOP)] == ids
    with pytest.raises(WebRefusal, match="there is no message"):
        shop.message(ids[0])
    budi.edit(ids[0], "too late for the shop")
    page.ask("clear", chat=budi.jid, keep=[], gone=True)
    assert budi.number not in shop.account.chats


def test_a_device_that_logged_out_can_do_no_more(page: FakePage, shop: SimulatedPhone) -> None:
    page.ask("logout")
    assert page.page.is_ending
    assert shop.devices == []


def test_a_group_has_a_picture_of_its_own(
    page: FakePage, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    group = budi.create_group("Team", [SHOP])
    file = page.ask("set_picture", group=group, picture="anBlZw==")["file"]
    assert page.ask("picture", id=group)["file"] == file
    assert shop.account.picture is None
    budi.change_group(group, restrict=True)
    with pytest.raises(WebRefusal, match="is not an admin"):
        page.ask("set_picture", group=group, picture="")


def test_a_poll_takes_as_many_choices_as_it_says(
    shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    poll = budi.send_poll(SHOP, "When?", ["now", "later"], most=1)
    with pytest.raises(WebRefusal, match="at most 1 of its options"):
        shop.vote(poll, [0, 1])
    shop.vote(poll, [1])


def test_what_was_deleted_is_not_sent_on(shop: SimulatedPhone, budi: SimulatedPhone) -> None:
    sent = budi.send_text(SHOP, "oops")
    budi.revoke(sent)
    with pytest.raises(WebRefusal, match="was deleted"):
        shop.forward(sent, SITI)


def test_a_new_device_gets_the_newest_messages_of_each_chat(
    web: SimulatedWeb, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    web.configure(history=2)
    for number in range(5):
        budi.send_text(SHOP, f"{number}")
    web.phone(SITI).send_text(SHOP, "hi")
    page = FakePage(web)
    page.device, page.number = shop.scan(page.qr()), shop.number
    items = page.log_in()
    messages = [it["body"] for kind, data in items if kind == "history" for it in data["messages"]]
    assert sorted(messages) == ["3", "4", "hi"]
    older = page.ask("history", chat=budi.jid, id=shop.messages(BUDI)[3].id, count=2)
    assert [it["body"] for it in older["messages"]] == ["1", "2"]
