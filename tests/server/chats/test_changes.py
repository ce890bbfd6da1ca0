"""What is written may come twice, in any order, and from several instances; in both databases."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from blazz_server.chats.changes import Claim, Sent, Withdrawn
from blazz_server.chats.contents import blank, to_second
from blazz_server.chats.happenings import Altered, Opened, Reached, Received
from blazz_server.chats.lists import Shown
from blazz_server.chats.places import Place
from blazz_server.chats.stages import Stage
from blazz_server.chats.store import ChatStore
from blazz_server.chats.writer import Change, Writer
from blazz_server.database import Database, utc_now

OURS = ("acme", "shop")
CHAT = "+6281234567890"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with the server's tables."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[Writer]:
    """What writes to it."""
    writer = Writer(database)
    yield writer
    await writer.close()


def outgoing(name: str, **more: Any) -> dict[str, Any]:
    """The row of a message on its way out."""
    given = {
        "id": name,
        "workspace": "acme",
        "session": "shop",
        "chat": CHAT,
        "at": utc_now(),
        "outgoing": True,
        "kind": "text",
        "text": "Halo",
        "content": {"type": "text", "body": "Halo"},
        "token": f"token of {name}",
        "stage": int(Stage.SENDING),
        "requested_at": utc_now(),
    }
    return blank(**{**given, **more})


def came(name: str, **more: Any) -> Received:
    """A message that somebody sent."""
    row = outgoing(name, outgoing=False, stage=int(Stage.RECEIVED), message_id=name, **more)
    shown = Shown(*OURS, CHAT, row["at"], row["text"], "text", outgoing=False)
    return Received(rows=[row], shown={name: shown})


async def all_of(writer: Writer, *changes: Change) -> None:
    """Write changes at the same time; errors stay in them."""

    async def write(change: Change) -> None:
        with contextlib.suppress(SQLAlchemyError):
            await writer.write(change)

    async with anyio.create_task_group() as tasks:
        for change in changes:
            tasks.start_soon(write, change)


async def test_of_two_instances_one_has_the_right_to_send(database: Database) -> None:
    instances = [Writer(database) for _ in range(3)]
    for number in range(5):
        claims = [
            Claim(outgoing(f"{number}-{i}", idempotency_key=f"order-{number}")) for i in range(3)
        ]
        async with anyio.create_task_group() as tasks:
            for instance, claim in zip(instances, claims, strict=True):
                tasks.start_soon(instance.write, claim)
        winners = [it for it in claims if it.holder is None]
        assert len(winners) == 1
        losers = [it for it in claims if it.holder is not None]
        assert {it.holder["id"] for it in losers if it.holder} == {winners[0].row["id"]}
    for instance in instances:
        await instance.close()


async def test_a_withdrawn_message_frees_its_key(database: Database, writer: Writer) -> None:
    await writer.write(Claim(outgoing("m1", idempotency_key="order-17")))
    await writer.write(Withdrawn("m1"))
    again = Claim(outgoing("m2", idempotency_key="order-17"))
    await writer.write(again)
    assert again.holder is None


async def test_what_did_leave_cannot_be_withdrawn(database: Database, writer: Writer) -> None:
    await writer.write(Claim(outgoing("m1")))
    await writer.write(Reached(*OURS, "wamid.1", "token of m1", Stage.DELIVERED))
    await writer.write(Withdrawn("m1"))
    row = await ChatStore(database).message(*OURS, "wamid.1")
    assert row is not None
    assert row["stage"] == Stage.DELIVERED


async def test_statuses_only_move_up_in_whatever_order(database: Database, writer: Writer) -> None:
    dice = random.Random(7)
    stages = [Stage.SENT, Stage.FAILED, Stage.DELIVERED, Stage.READ]
    for number in range(6):
        name = f"m{number}"
        await writer.write(Claim(outgoing(name)))
        changes: list[Change] = [Sent(name, Stage.ACCEPTED, message_id=f"wamid.{number}")]
        for stage in dice.choices(stages, k=5):
            token = f"token of {name}"
            changes.append(Reached(*OURS, f"wamid.{number}", token, stage))
        furthest = max(it.stage for it in changes if isinstance(it, (Sent, Reached)))
        dice.shuffle(changes)
        await all_of(writer, *changes)
        row = await ChatStore(database).message(*OURS, name)
        assert row is not None
        assert (row["stage"], row["message_id"]) == (furthest, f"wamid.{number}")


async def test_a_message_that_comes_twice_is_counted_once(
    database: Database, writer: Writer
) -> None:
    await all_of(writer, came("wamid.1"), came("wamid.1"), came("wamid.2"))
    await writer.write(came("wamid.1"))
    store = ChatStore(database)
    chat = await store.chat(*OURS, CHAT)
    assert chat is not None
    assert chat["unread"] == 2
    assert len(await store.history(*OURS, CHAT)) == 2
    await writer.write(Opened(*OURS, CHAT))
    chat = await store.chat(*OURS, CHAT)
    assert chat is not None
    assert chat["unread"] == 0


async def test_one_bad_change_does_not_take_the_others_with_it(
    database: Database, writer: Writer
) -> None:
    bad = Claim(outgoing("bad", content={"no JSON": object()}))
    good = [Claim(outgoing(f"m{i}")) for i in range(5)]
    await all_of(writer, bad, *good)
    assert isinstance(bad.error, SQLAlchemyError)
    assert [it.error for it in good] == [None] * 5
    store = ChatStore(database)
    assert len(await store.history(*OURS, CHAT)) == 5


async def test_reactions_are_kept_by_person(database: Database, writer: Writer) -> None:
    await writer.write(came("wamid.1"))
    for who, emoji in (("+621", "👍"), ("+622", "❤️"), ("+621", None)):
        await writer.write(Altered(*OURS, "wamid.1", reaction=(who, emoji)))
    row = await ChatStore(database).message(*OURS, "wamid.1")
    assert row is not None
    assert row["reactions"] == {"+622": "❤️"}


@pytest.mark.parametrize("size", [1, 3, 4])
async def test_messages_of_one_second_stay_in_the_order_that_they_came_in(
    database: Database, writer: Writer, size: int
) -> None:
    order = [f"wamid.{i:02}" for i in range(12)]
    random.Random(size).shuffle(order)  # ids say nothing of the order
    at = to_second(utc_now())
    for name in order[:4]:
        await writer.write(came(name, at=at))
    together = [came(name, at=at) for name in order[4:]]
    rows = [row for it in together for row in it.rows]
    shown = {name: it for change in together for name, it in change.shown.items()}
    await writer.write(Received(rows=rows, shown=shown))
    store, seen, place = ChatStore(database), [], None
    while rows := await store.history(*OURS, CHAT, before=place, limit=size):
        seen += [row["id"] for row in rows]
        place = Place(rows[-1]["at"], rows[-1]["id"], rows[-1]["arrival"])
        # What comes meanwhile is newer, and moves no page.
        await writer.write(came(f"new.{len(seen)}", at=at))
        await writer.write(came(order[0], at=at))  # told again
    assert seen == order[::-1]


async def test_the_list_of_chats_shows_what_came_last(database: Database, writer: Writer) -> None:
    at = to_second(utc_now())
    rows = [came(f"wamid.{i}", at=at, text=f"text {i}") for i in (3, 1, 4, 1, 5, 9, 2, 6)]
    shown = {name: it for change in rows for name, it in change.shown.items()}
    await writer.write(Received(rows=[row for it in rows for row in it.rows], shown=shown))
    chat = await ChatStore(database).chat(*OURS, CHAT)
    assert chat is not None
    assert chat["last_text"] == "text 6"


async def test_the_list_of_chats_forgets_what_was_taken_back(
    database: Database, writer: Writer
) -> None:
    at = to_second(utc_now())
    for name in ("wamid.1", "wamid.2"):
        await writer.write(came(name, at=at, text=name))
    store, listed = ChatStore(database), []
    gone = {"text": None, "kind": "revoked"}
    for name, values in (("wamid.1", {"text": "older"}), ("wamid.2", gone)):
        await writer.write(Altered(*OURS, name, values=values))
        chat = await store.chat(*OURS, CHAT)
        assert chat is not None
        listed.append((chat["last_text"], chat["last_kind"], chat["unread"]))
    assert listed == [("wamid.2", "text", 2), (None, "revoked", 2)]


async def test_a_lost_connection_is_made_anew(database: Database, writer: Writer) -> None:
    if not database.is_postgres:
        await database.engine.dispose()
    else:
        await writer.write(Claim(outgoing("m1")))
        async with database.engine.connect() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
    await writer.write(Claim(outgoing("m2")))
    assert await ChatStore(database).message(*OURS, "m2") is not None


async def test_why_it_failed_stays_when_the_answer_comes_later(
    database: Database, writer: Writer
) -> None:
    await writer.write(Claim(outgoing("m1")))
    told = {"code": 131026, "detail": "not on WhatsApp"}
    await writer.write(Reached(*OURS, "wamid.1", "token of m1", Stage.FAILED, problem=told))
    await writer.write(Sent("m1", Stage.ACCEPTED, message_id="wamid.1"))
    row = await ChatStore(database).message(*OURS, "m1")
    assert row is not None
    assert (row["stage"], row["problem"]) == (Stage.FAILED, told)
