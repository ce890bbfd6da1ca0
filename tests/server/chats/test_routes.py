"""The routes of chats, people, templates, the profile and the suppression list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.chats.conftest import SOMEBODY, Shop, open_shop

OTHER = "+6281200000002"


async def test_chats_are_listed_read_and_put_away(shop: Shop) -> None:
    await shop.customer().types("first")
    await shop.customer(OTHER).types("second")

    async def both() -> list[dict[str, Any]] | None:
        found = (await shop.api.get(f"{shop.path}/chats")).json()["items"]
        return found if len(found) == 2 else None

    await shop.until(both)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await shop.api.get(f"{shop.path}/chats", params={"limit": 1, "after": after})
        assert page.status_code == 200, page.text
        seen += [it["chat"] for it in page.json()["items"]]
        after = page.json()["next"]
    assert sorted(seen) == sorted([SOMEBODY, OTHER])

    read = await shop.api.post(f"{shop.path}/chats/{SOMEBODY}/read")
    assert read.status_code == 204, read.text
    typing = await shop.api.post(f"{shop.path}/chats/{SOMEBODY}/typing")
    assert typing.status_code == 204, typing.text
    chats = {it["chat"]: it for it in (await shop.api.get(f"{shop.path}/chats")).json()["items"]}
    assert (chats[SOMEBODY]["unread"], chats[OTHER]["unread"]) == (0, 1)

    put = await shop.api.put(f"{shop.path}/chats/{OTHER}/archived", json={"archived": True})
    assert put.status_code == 204, put.text
    kept = await shop.api.get(f"{shop.path}/chats", params={"archived": False})
    assert [it["chat"] for it in kept.json()["items"]] == [SOMEBODY]
    nobody = await shop.api.put(f"{shop.path}/chats/+6281999999/archived", json={"archived": True})
    assert nobody.status_code == 404
    alone = await shop.api.post(f"{shop.path}/chats/+6281999999/typing")
    assert (alone.status_code, alone.json()["code"]) == (409, "nothing_to_answer")


async def test_what_happens_to_a_message_is_seen(shop: Shop) -> None:
    customer = shop.customer()
    message_id = await customer.types("Helo")
    [message] = await shop.until(shop.history)
    for name in (message["id"], message_id):
        one = await shop.api.get(f"{shop.path}/messages/{name}")
        assert one.json()["text"] == "Helo"
    read = await shop.api.post(f"{shop.path}/messages/{message_id}/read", json={"typing": True})
    assert read.status_code == 204, read.text

    reacted = await shop.api.put(
        f"{shop.path}/messages/{message['id']}/reaction", json={"emoji": "👍"}
    )
    assert reacted.status_code == 204, reacted.text
    [message] = await shop.history()
    assert message["reactions"] == {"me": "👍"}
    taken = await shop.api.delete(f"{shop.path}/messages/{message['id']}/reaction")
    assert taken.status_code == 204, taken.text

    await customer.edits(message_id, "Hello")

    async def edited() -> bool:
        [found] = await shop.history()
        return bool(found["text"] == "Hello" and found["edited_at"])

    await shop.until(edited)
    await customer.revokes(message_id)

    async def revoked() -> bool:
        [found] = await shop.history()
        return bool(found["kind"] == "revoked" and found["text"] is None)

    await shop.until(revoked)

    sent = (await shop.say("Goodbye")).json()
    await customer.reacts("❤️", to=sent["message_id"])

    async def loved() -> bool:
        found = await shop.api.get(f"{shop.path}/messages/{sent['id']}")
        return bool(found.json()["reactions"] == {SOMEBODY: "❤️"})

    await shop.until(loved)


async def test_what_the_provider_cannot_do_is_said(shop: Shop) -> None:
    sent = (await shop.say()).json()["id"]
    asked = [
        await shop.api.patch(f"{shop.path}/messages/{sent}", json={"text": "x"}),
        await shop.api.delete(f"{shop.path}/messages/{sent}"),
        await shop.api.post(f"{shop.path}/chats/sync"),
        await shop.api.post(f"{shop.path}/chats/{SOMEBODY}/sync"),
        await shop.api.post(f"{shop.path}/contacts/check", json={"numbers": [SOMEBODY]}),
        await shop.api.get(f"{shop.path}/contacts/blocked"),
        await shop.api.put(f"{shop.path}/contacts/{SOMEBODY}/blocked"),
        await shop.post(
            {"to": SOMEBODY, "message": {"type": "poll", "question": "?", "choices": ["a", "b"]}}
        ),
    ]
    assert [(it.status_code, it.json()["code"]) for it in asked] == [(409, "not_supported")] * 8


async def test_people_are_known(shop: Shop) -> None:
    await shop.customer().set_up(name="Budi")
    await shop.customer().types("Halo")
    await shop.until(shop.history)
    listed = await shop.api.get(f"{shop.path}/contacts", params={"search": "bud"})
    assert [(it["address"], it["name"]) for it in listed.json()["items"]] == [(SOMEBODY, "Budi")]
    one = await shop.api.get(f"{shop.path}/contacts/{SOMEBODY}")
    assert one.json()["name"] == "Budi"
    nobody = await shop.api.get(f"{shop.path}/contacts/{OTHER}")
    assert nobody.status_code == 404
    no_match = await shop.api.get(f"{shop.path}/contacts", params={"search": "%"})
    assert no_match.json()["items"] == []


async def test_templates_are_submitted_sent_and_deleted(shop: Shop) -> None:
    new = {
        "name": "greeting",
        "language": "id",
        "category": "MARKETING",
        "components": [
            {"type": "BODY", "text": "Halo {{1}}!", "example": {"body_text": [["Budi"]]}}
        ],
    }
    made = await shop.api.post(f"{shop.path}/templates", json=new)
    assert made.status_code == 201, made.text

    async def approved() -> bool:
        found = await shop.api.get(f"{shop.path}/templates/greeting/id")
        return bool(found.json()["status"] == "APPROVED")

    await shop.until(approved)
    listed = await shop.api.get(f"{shop.path}/templates", params={"name": "greeting"})
    assert [it["name"] for it in listed.json()["items"]] == ["greeting"]
    body = {"type": "template", "name": "greeting", "language": "id", "body": ["Budi"]}
    sent = await shop.post({"to": SOMEBODY, "message": body})
    assert sent.status_code == 201, sent.text
    deleted = await shop.api.delete(f"{shop.path}/templates/greeting")
    assert deleted.status_code == 204, deleted.text
    gone = await shop.api.get(f"{shop.path}/templates/greeting/id")
    assert gone.status_code == 404


async def test_the_suppression_list(shop: Shop) -> None:
    for person in (OTHER, SOMEBODY):
        put = await shop.api.put(f"{shop.path}/suppressions/{person}", json={"reason": "asked"})
        assert put.status_code == 204, put.text
    page = (await shop.api.get(f"{shop.path}/suppressions", params={"limit": 1})).json()
    assert [it["address"] for it in page["items"]] == [OTHER]
    rest = await shop.api.get(f"{shop.path}/suppressions", params={"after": page["next"]})
    assert [(it["address"], it["reason"]) for it in rest.json()["items"]] == [(SOMEBODY, "asked")]
    taken = await shop.api.delete(f"{shop.path}/suppressions/{OTHER}")
    assert taken.status_code == 204, taken.text
    left = (await shop.api.get(f"{shop.path}/suppressions")).json()["items"]
    assert [it["address"] for it in left] == [SOMEBODY]


@pytest.mark.parametrize("after", ["x", "!", "AAAA", "MDAwMS0wMS0wMVQwMDowMDowMCsyMzowMCB4", "é"])
async def test_a_cursor_of_nobody_is_refused(shop: Shop, after: str) -> None:
    for path in ("chats", f"chats/{SOMEBODY}/messages"):
        answer = await shop.api.get(f"{shop.path}/{path}", params={"after": after})
        assert answer.status_code == 422, answer.text


async def test_the_profile_is_read_and_changed(shop: Shop) -> None:
    wanted = {"about": "Closed", "websites": ["https://example.com"], "email": "a@example.com"}
    changed = await shop.api.patch(f"{shop.path}/profile", json=wanted)
    assert changed.status_code == 204, changed.text
    found = (await shop.api.get(f"{shop.path}/profile")).json()
    assert {name: found[name] for name in wanted} == wanted
    named = await shop.api.patch(f"{shop.path}/profile", json={"name": "Toko"})
    assert (named.status_code, named.json()["code"]) == (409, "not_supported")
    empty = await shop.api.patch(f"{shop.path}/profile", json={})
    assert empty.status_code == 422


async def test_a_session_that_is_deleted_takes_its_chats_along(shop: Shop) -> None:
    await shop.customer().types("a secret")
    await shop.until(shop.history)
    assert (await shop.say("an answer")).status_code == 201
    other = await open_shop(shop.tenant, shop.platform, "other")
    await other.customer().types("stays")
    await other.until(other.history)
    assert (await shop.api.delete(shop.path)).status_code == 204
    again = await open_shop(shop.tenant, shop.platform)
    assert await again.history() == []
    for what in ("chats", "contacts"):
        assert (await again.api.get(f"{again.path}/{what}")).json()["items"] == []
    assert [it["text"] for it in await other.history()] == ["stays"]
