"""Checks that a bus keeps its promises."""

from __future__ import annotations

import secrets
from contextlib import aclosing

import anyio

from blazz.errors import BacklogLost, InvalidValue
from blazz.realtime.bus.base import MAX_DATA, Bus, Cursor, Notice

_SECONDS = 30.0


async def check_bus(bus: Bus, *, backlog: int) -> None:
    """Run every check; the first promise that is broken raises `AssertionError`.

    Args:
        bus: An open bus that nobody else uses.
        backlog: How many notices it keeps; the fewer, the quicker the checks.

    Example:
        >>> from blazz.realtime import MemoryBus
        >>> async def check():
        ...     await check_bus(MemoryBus(backlog=50), backlog=50)
        >>> anyio.run(check)
    """
    with anyio.fail_after(_SECONDS):
        await _gives_back_what_was_published(bus)
        await _is_followed_from_now_on(bus)
        await _shows_all_followers_one_order(bus, backlog)
        await _goes_on_behind_a_cursor(bus)
        await _tells_of_what_is_gone(bus, backlog)
        await _refuses_cursors_that_do_not_fit(bus)
        await _refuses_what_is_too_long(bus)


async def _gives_back_what_was_published(bus: Bus) -> None:
    start = await bus.newest()
    data = '{"text":"h\u00e9"}'
    published = await bus.publish("private-acme", "said", data, origin="1.2", author="7")

    assert await _next(bus, start) == published, "a follower gets what `publish` returns"
    assert (published.channel, published.name) == ("private-acme", "said")
    assert (published.data, published.origin) == (data, "1.2")
    assert published.author == "7"
    assert await bus.newest() == published.cursor, "the newest notice is the one just published"


async def _is_followed_from_now_on(bus: Bus) -> None:
    await bus.publish("before", "old", "{}")
    seen: list[Notice] = []
    async with aclosing(bus.follow()) as notices, anyio.create_task_group() as tasks:

        async def publish_until_seen() -> None:
            while not seen:
                await bus.publish("after", "new", "{}")
                await anyio.sleep(0.01)

        tasks.start_soon(publish_until_seen)
        seen.append(await anext(notices))
    assert seen[0].channel == "after", "without a cursor only what comes later is seen"


async def _shows_all_followers_one_order(bus: Bus, backlog: int) -> None:
    start, writers, each = await bus.newest(), 4, min(25, backlog // 4)
    seen: list[list[Notice]] = [[] for _ in range(3)]

    async def write(writer: int) -> None:
        for number in range(each):
            await bus.publish("order", "n", f"[{writer},{number}]")

    async def follow(into: list[Notice]) -> None:
        into.extend(await _take(bus, start, writers * each))

    async with anyio.create_task_group() as tasks:
        for into in seen:
            tasks.start_soon(follow, into)
        for writer in range(writers):
            tasks.start_soon(write, writer)
    numbers = [Cursor.parse(notice.cursor).number for notice in seen[0]]
    assert seen[1] == seen[0] == seen[2], "all followers see the same in the same order"
    assert numbers == list(range(numbers[0], numbers[0] + writers * each)), "without a gap"


async def _goes_on_behind_a_cursor(bus: Bus) -> None:
    start = await bus.newest()
    published = [await bus.publish("resume", "n", str(n)) for n in range(6)]

    first = await _take(bus, start, 2)
    rest = await _take(bus, first[-1].cursor, 4)
    assert first + rest == published, "whoever comes back misses nothing and gets nothing twice"


async def _tells_of_what_is_gone(bus: Bus, backlog: int) -> None:
    start = await bus.newest()
    published = [await bus.publish("gone", "n", str(n)) for n in range(backlog + 1)]

    assert await _is_lost(bus, start), "a cursor before the oldest notice is refused"
    kept = await _take(bus, published[0].cursor, backlog)
    assert kept == published[1:], "the backlog is kept to its last notice"


async def _refuses_cursors_that_do_not_fit(bus: Bus) -> None:
    newest = Cursor.parse(await bus.newest())
    assert await _is_lost(bus, str(Cursor(newest.life, newest.number + 1))), "a cursor to come"
    assert await _is_lost(bus, str(Cursor(secrets.token_hex(8), 1))), "a cursor of another life"
    try:
        await _next(bus, "nonsense")
    except InvalidValue:
        return
    raise AssertionError("what is no cursor is refused")


async def _refuses_what_is_too_long(bus: Bus) -> None:
    newest = await bus.newest()
    for channel, name, data in (
        ("", "n", "{}"),
        ("c" * 201, "n", "{}"),
        ("c", "", "{}"),
        ("c", "n" * 201, "{}"),
        ("c", "n", '"' + "\u00e9" * (MAX_DATA // 2) + '"'),
    ):
        try:
            await bus.publish(channel, name, data)
        except InvalidValue:
            continue
        raise AssertionError(f"published: {channel[:20]!r}, {name[:20]!r}, {len(data)} characters")
    assert await bus.newest() == newest, "what is refused is not published"


async def _take(bus: Bus, after: str, count: int) -> list[Notice]:
    taken: list[Notice] = []
    async with aclosing(bus.follow(after=after)) as notices:
        while len(taken) < count:
            taken.append(await anext(notices))
    return taken


async def _next(bus: Bus, after: str) -> Notice:
    return (await _take(bus, after, 1))[0]


async def _is_lost(bus: Bus, after: str) -> bool:
    try:
        await _next(bus, after)
    except BacklogLost as error:
        return error.cursor == after
    return False
