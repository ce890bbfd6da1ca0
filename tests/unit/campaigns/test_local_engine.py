"""The engine of one process; what all engines promise is checked in tests/contract."""

from __future__ import annotations

import logging

import anyio
import pytest

from blazz.campaigns.engine import local
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.engine.local import LocalEngine
from blazz.errors import InvalidValue

FIRST, SECOND = ChunkId(1, 1), ChunkId(1, 2)


async def test_a_chunk_waits_only_once() -> None:
    handled: list[ChunkId] = []
    engine = LocalEngine(concurrency=1)
    for chunk in (FIRST, FIRST, SECOND):
        await engine.offer(chunk)

    async def handle(chunk: ChunkId) -> None:
        handled.append(chunk)
        if chunk == SECOND:
            await engine.close()

    await engine.run(handle)
    assert handled == [FIRST, SECOND]


async def test_a_failure_is_logged_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(local, "_AGAIN_AFTER", 0.0)
    engine = LocalEngine()
    await engine.offer(FIRST)
    failed: list[ChunkId] = []

    async def fail_once(chunk: ChunkId) -> None:
        if failed:
            await engine.close()
            return
        failed.append(chunk)
        raise RuntimeError("no")

    with anyio.fail_after(60), caplog.at_level(logging.ERROR):
        await engine.run(fail_once)
    assert "is offered again" in caplog.text


async def test_cancelling_reaches_the_handlers() -> None:
    engine = LocalEngine()
    await engine.offer(FIRST)
    started, cancelled = anyio.Event(), anyio.Event()

    async def hang(_chunk: ChunkId) -> None:
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(engine.run, hang)
        await started.wait()
        tasks.cancel_scope.cancel()
    assert cancelled.is_set()


def test_it_needs_a_handler() -> None:
    with pytest.raises(InvalidValue, match="at least 1"):
        LocalEngine(concurrency=0)
