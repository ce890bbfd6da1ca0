"""What a handler asks has the same name when it is called again, and no other question has it."""

from __future__ import annotations

import asyncio

from blazz.addresses import Phone
from blazz.conversations.handling import call, name_question
from blazz.events.base import UNDATED, Event
from blazz.messages import Text

BUDI, SITI = Phone("+6281234567890"), Phone("+6281234567891")


async def names(*asked: tuple[Phone, str], handler: str = "h", key: str = "k") -> list[str | None]:
    """The names of what a handler asks in one call."""
    found: list[str | None] = []

    async def function(_session: None, _event: Event) -> None:
        found.extend(name_question(to, Text(text)) for to, text in asked)

    await call(function, None, Event(key=key, at=UNDATED), name=handler)
    return found


async def test_a_second_call_asks_under_the_same_names() -> None:
    asked = (BUDI, "Name?"), (BUDI, "Age?"), (BUDI, "Age?"), (SITI, "Name?")
    first = await names(*asked)

    assert first == await names(*asked)
    assert len(set(first)) == len(asked)
    # A question that was left out takes no other one's answer.
    assert await names(*asked[1:]) == first[1:]


async def test_other_handlers_and_events_ask_for_themselves() -> None:
    asked = (BUDI, "Name?")

    found = [await names(asked), await names(asked, handler="i"), await names(asked, key="l")]
    assert len({name for (name,) in found}) == 3


async def test_outside_of_a_call_questions_have_no_name() -> None:
    go = asyncio.Event()

    async def stay() -> str | None:
        await go.wait()
        return name_question(BUDI, Text("Name?"))

    async def function(_session: None, _event: Event) -> None:
        tasks.append(asyncio.create_task(stay()))

    tasks: list[asyncio.Task[str | None]] = []
    await call(function, None, Event(key="k", at=UNDATED), name="h")
    go.set()
    assert await tasks[0] is None
    assert name_question(BUDI, Text("Name?")) is None
