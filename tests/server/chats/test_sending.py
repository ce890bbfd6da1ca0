"""Messages leave, once, and what became of them is known."""

from __future__ import annotations

from tests.server.chats.conftest import SOMEBODY, Shop


async def test_a_text_is_sent_and_followed(shop: Shop) -> None:
    answer = await shop.say("Halo Budi")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["status"] == "accepted"
    assert told["to"] == SOMEBODY
    assert told["message_id"].startswith("wamid.")

    async def delivered() -> bool:
        found = await shop.api.get(f"{shop.path}/messages/{told['id']}")
        return bool(found.json()["status"] == "delivered")

    await shop.until(delivered)
    [message] = await shop.history()
    assert message["text"] == "Halo Budi"
    assert message["direction"] == "out"


async def test_what_somebody_writes_is_in_the_history_and_the_list(shop: Shop) -> None:
    await shop.customer().types("Is it still there?")
    [message] = await shop.until(shop.history)
    assert (message["text"], message["direction"]) == ("Is it still there?", "in")
    chats = (await shop.api.get(f"{shop.path}/chats")).json()["items"]
    assert [(it["chat"], it["unread"], it["last_text"]) for it in chats] == [
        (SOMEBODY, 1, "Is it still there?")
    ]
