"""Checks that an engine keeps its promises."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from blazz.campaigns.engine.base import ChunkId, Declined, Engine, Handler
from blazz.campaigns.priority import Priority

_PATIENCE = 30.0


async def check_engine(make_engine: Callable[[], Engine]) -> None:
    """Run every check; the first promise that is broken raises `AssertionError`.

    Args:
        make_engine: Makes an engine with an empty queue.

    Example:
        >>> from blazz.campaigns.engine.local import LocalEngine
        >>> anyio.run(check_engine, LocalEngine)
    """
    for check in _CHECKS:
        campaign = secrets.randbelow(1 << 40)
        engine = make_engine()
        with anyio.fail_after(_PATIENCE):
            await check(engine, [ChunkId(campaign, number) for number in range(1, 6)])
        await engine.close()


@asynccontextmanager
async def _served(engine: Engine, handler: Handler) -> AsyncIterator[None]:
    """Let an engine work for the length of a block."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(engine.run, handler)
        yield
        tasks.cancel_scope.cancel()


class _Seen:
    """The chunks that a handler was given, in order."""

    def __init__(self) -> None:
        self.chunks: list[ChunkId] = []
        self._changed = anyio.Event()

    async def handle(self, chunk: ChunkId) -> None:
        self.chunks.append(chunk)
        self._changed.set()
        self._changed = anyio.Event()

    async def wait_for(self, *chunks: ChunkId) -> None:
        while not set(chunks) <= set(self.chunks):
            await self._changed.wait()


async def _hands_over_what_is_offered(engine: Engine, chunks: list[ChunkId]) -> None:
    seen = _Seen()
    await engine.offer(chunks[0])
    async with _served(engine, seen.handle):
        await engine.offer(chunks[1])
        await seen.wait_for(chunks[0], chunks[1])


async def _puts_the_urgent_first(engine: Engine, chunks: list[ChunkId]) -> None:
    seen = _Seen()

    async def handle(chunk: ChunkId) -> None:
        await anyio.sleep(0.002)
        await seen.handle(chunk)

    many = [ChunkId(chunks[0].campaign, number) for number in range(100, 140)]
    for chunk in many:
        await engine.offer(chunk)
    await engine.offer(chunks[0], priority=Priority.HIGH)
    await engine.offer(chunks[1], priority=Priority.URGENT)
    async with _served(engine, handle):
        await seen.wait_for(*chunks[:2], *many)

    for urgent in chunks[:2]:
        # Several begin at once, in whatever order; but none of those that wait comes before it.
        assert seen.chunks.index(urgent) < 20, "the more urgent come first"


async def _keeps_room_for_what_is_urgent(engine: Engine, chunks: list[ChunkId]) -> None:
    busy, urgent, end = anyio.Event(), anyio.Event(), anyio.Event()

    async def handle(chunk: ChunkId) -> None:
        if chunk == chunks[0]:
            urgent.set()
            return
        busy.set()
        await end.wait()

    for number in range(100, 140):
        await engine.offer(ChunkId(chunks[0].campaign, number))
    async with _served(engine, handle):
        await busy.wait()
        await engine.offer(chunks[0], priority=Priority.URGENT)
        with anyio.move_on_after(_PATIENCE / 6):
            await urgent.wait()
        in_time = urgent.is_set()
        end.set()

    assert in_time, "campaigns do not keep every handler busy"


async def _knows_nothing_of_a_decline_but_tries_again(
    engine: Engine, chunks: list[ChunkId]
) -> None:
    seen = _Seen()
    again = anyio.Event()

    async def decline_once(chunk: ChunkId) -> None:
        first = chunk not in seen.chunks
        await seen.handle(chunk)
        if first:
            raise Declined
        again.set()

    await engine.offer(chunks[0])
    async with _served(engine, decline_once):
        await again.wait()


async def _waits_until_a_chunk_is_due(engine: Engine, chunks: list[ChunkId]) -> None:
    seen = _Seen()
    due = time.time() + 0.3
    handled_at: list[float] = []

    async def handle(chunk: ChunkId) -> None:
        if chunk == chunks[0]:
            handled_at.append(time.time())
        await seen.handle(chunk)

    await engine.offer(chunks[0], priority=Priority.URGENT, not_before=due)
    await engine.offer(chunks[1], not_before=due - 3600)
    async with _served(engine, handle):
        await seen.wait_for(*chunks[:2])

    assert seen.chunks[0] == chunks[1], "what is not due yet holds nothing up"
    assert handled_at[0] >= due - 0.01, "nothing is handled before it is due"


async def _gives_a_failed_chunk_again(engine: Engine, chunks: list[ChunkId]) -> None:
    seen = _Seen()

    async def fail_once(chunk: ChunkId) -> None:
        first = chunk not in seen.chunks
        await seen.handle(chunk)
        if first:
            raise RuntimeError("this failure belongs to a check")
        again.set()

    again = anyio.Event()
    await engine.offer(chunks[0])
    async with _served(engine, fail_once):
        await again.wait()


async def _serves_several_at_once(engine: Engine, chunks: list[ChunkId]) -> None:
    together = anyio.Event()
    waiting: list[ChunkId] = []

    async def meet(chunk: ChunkId) -> None:
        waiting.append(chunk)
        if len(waiting) == 2:
            together.set()
        await together.wait()

    for chunk in chunks[:2]:
        await engine.offer(chunk)
    async with _served(engine, meet):
        await together.wait()


async def _lets_handlers_finish_when_it_closes(engine: Engine, chunks: list[ChunkId]) -> None:
    started, may_end, ended = anyio.Event(), anyio.Event(), anyio.Event()

    async def slow(_chunk: ChunkId) -> None:
        started.set()
        await may_end.wait()
        ended.set()

    async def serve() -> None:
        await engine.run(slow)
        assert ended.is_set(), "close waits for handlers"

    await engine.offer(chunks[0])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve)
        await started.wait()
        tasks.start_soon(engine.close)
        await anyio.sleep(0.1)  # time for an engine that does not wait to show it
        may_end.set()


_CHECKS: tuple[Callable[[Engine, list[ChunkId]], Awaitable[None]], ...] = (
    _hands_over_what_is_offered,
    _puts_the_urgent_first,
    _keeps_room_for_what_is_urgent,
    _knows_nothing_of_a_decline_but_tries_again,
    _waits_until_a_chunk_is_due,
    _gives_a_failed_chunk_again,
    _serves_several_at_once,
    _lets_handlers_finish_when_it_closes,
)
