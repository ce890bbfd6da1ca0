"""A task group that runs only so many tasks at once and raises the first error as it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Self, TypeVarTuple

import anyio

Args = TypeVarTuple("Args")


class BoundedTasks:
    """Starts tasks, at most `limit` at a time; an error ends the others.

    anyio groups errors, but here one failed transfer fails the whole, and its callers want to
    catch `StoreUnavailable`, not a group with one in it.

    Example:
        >>> async def main() -> list[int]:
        ...     done: list[int] = []
        ...     async def work(number: int) -> None:
        ...         done.append(number)
        ...     async with BoundedTasks(2) as tasks:
        ...         for number in range(4):
        ...             await tasks.start(work, number)
        ...     return sorted(done)
        >>> anyio.run(main)
        [0, 1, 2, 3]
    """

    def __init__(self, limit: int) -> None:
        self._group = anyio.create_task_group()
        self._slots = anyio.Semaphore(limit)

    async def start(self, work: Callable[[*Args], Awaitable[object]], *args: *Args) -> None:
        """Start a task, once there is room for it."""
        await self._slots.acquire()
        self._group.start_soon(self._run, work, args)

    def cancel(self) -> None:
        """Cancel what is running, and the block itself."""
        self._group.cancel_scope.cancel()

    async def _run(self, work: Callable[[*Args], Awaitable[object]], args: tuple[*Args]) -> None:
        try:
            await work(*args)
        finally:
            self._slots.release()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> bool | None:
        try:
            return await self._group.__aexit__(*exc_info)  # type: ignore[arg-type]
        except BaseExceptionGroup as group:
            error = _first(group)
            raise error from error.__cause__


def _first(error: BaseException) -> BaseException:
    """The first error of a group of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
