"""Blocking iteration over what is produced asynchronously."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal

T = TypeVar("T")


def iterate(portal: BlockingPortal, make: Callable[[], AsyncIterator[T]]) -> Iterator[T]:
    """Iterate over an asynchronous iterator that runs in one task of the portal from end to end.

    Each item is made when the one before was used, as in an `async for`.
    """
    # Not a task for each step: what an iterator opens, it must close in the same task.
    send, receive = anyio.create_memory_object_stream[T](0)

    async def pump() -> None:
        async with send:
            items = make()
            try:
                async for item in items:
                    await send.send(item)
            except anyio.BrokenResourceError:
                pass  # the loop over it was left
            finally:
                await _close(items)

    pumping = portal.start_task_soon(pump)
    try:
        while True:
            try:
                item = portal.call(receive.receive)
            except anyio.EndOfStream:
                break
            yield item
    finally:
        portal.call(receive.close)
        pumping.cancel()
        with contextlib.suppress(BaseException):
            pumping.exception()
    pumping.result()


async def _close(items: AsyncIterator[Any]) -> None:
    """End a generator where it stands, even if its task is being cancelled."""
    aclose = getattr(items, "aclose", None)
    if aclose is not None:
        with anyio.CancelScope(shield=True):
            await aclose()
