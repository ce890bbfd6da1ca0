"""Waits for what other processes do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds in another process, which sets no event; looking costs it work."""
    with anyio.fail_after(120):
        while not await holds():  # noqa: ASYNC110
            await anyio.sleep(0.3)
