"""What type checkers infer of handlers, filters and loops; it is checked, never run."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import assert_type

from blazz import (
    Client,
    Delivered,
    Event,
    ImageReceived,
    MessageReceived,
    Read,
    Session,
    Text,
    TextReceived,
    VideoReceived,
    sync,
)
from blazz.events.filters import Filter, in_group, matches

client = Client()
blocking = sync.Client()
is_long: Filter[TextReceived] = Filter(lambda event: len(event.body) > 500)

# What fits


@client.on(TextReceived, where=matches("price") & ~in_group())
async def priced(session: Session, event: TextReceived) -> None:
    assert_type(event.body, str)


@client.on(TextReceived, where=lambda event: event.body.startswith("!"))
async def ordered(session: Session, event: MessageReceived) -> str:
    return event.message_id


@client.on(TextReceived, where=matches("price") & is_long)
async def explained(session: Session, event: TextReceived) -> None: ...


@client.on(TextReceived, ImageReceived)
async def written_or_drawn(session: Session, event: TextReceived | ImageReceived) -> None: ...


@client.on(TextReceived, ImageReceived, VideoReceived, Read)
async def several(session: Session, event: Event) -> None: ...


@client.on()
async def everything(session: Session, event: Event) -> None: ...


@blocking.on(TextReceived)
def answered(session: sync.Session, event: TextReceived) -> None:
    assert_type(session.ask("+62", Text("Why?"), timeout=60), MessageReceived)


# What does not


@client.on(TextReceived)  # type: ignore[arg-type]
async def mistaken(session: Session, event: ImageReceived) -> None: ...


@client.on(TextReceived)  # type: ignore[type-var]
def plain(session: Session, event: TextReceived) -> None: ...


@client.on(ImageReceived, where=is_long)  # type: ignore[arg-type]
async def misjudged(session: Session, event: ImageReceived) -> None: ...


@client.on(TextReceived, where=in_group)  # type: ignore[arg-type]
async def uncalled(session: Session, event: TextReceived) -> None: ...


@client.on  # type: ignore[call-overload]
async def bare(session: Session, event: TextReceived) -> None: ...


async def loops_know_their_events(session: Session, blocked: sync.Session) -> None:
    async for text in session.events(TextReceived, where=is_long):
        assert_type(text, TextReceived)
    async for event in session.events():
        assert_type(event, Event)
    for message in blocked.events(MessageReceived):
        assert_type(message, MessageReceived)


async def receipts_wait_for_statuses(session: Session) -> None:
    receipt = await session.send("+62", Text("Halo"))
    await receipt.wait(Delivered, timeout=60)
    await receipt.wait(TextReceived)  # type: ignore[arg-type]
