"""Group commit: what waits at the same time is committed together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class GroupCommit(Generic[T]):
    """Collects items while a commit is under way and hands them to the next one.

    There is no task in the background: whoever comes first commits for all who wait behind.

    Args:
        commit: Commits a group of items; what it raises is raised by every `add` of the group.
            An item may come twice if a commit was cancelled.
        limit: The most items of one group.

    Example:
        >>> groups = []
        >>> async def commit(group) -> None:
        ...     groups.append(list(group))
        ...     await anyio.lowlevel.checkpoint()
        >>> async def main() -> list[list[int]]:
        ...     committer = GroupCommit(commit)
        ...     async with anyio.create_task_group() as tasks:
        ...         for number in range(4):
        ...             tasks.start_soon(committer.add, number)
        ...     return groups
        >>> anyio.run(main)
        [[0, 1, 2, 3]]
    """

    def __init__(
        self, commit: Callable[[Sequence[T]], Awaitable[None]], *, limit: int = 256
    ) -> None:
        self._commit = commit
        self._limit = limit
        self._waiting: deque[tuple[T, asyncio.Future[None]]] = deque()
        self._turn = anyio.Lock()

    async def add(self, item: T) -> None:
        """Commit an item; returns when it is committed.

        A caller who is cancelled cannot know whether its item is committed or not.
        """
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, committed))
        async with self._turn:
            # Those who commit for others finish their group even when they are cancelled: the
            # others wait for nothing else.
            with anyio.CancelScope(shield=True):
                while not committed.done():
                    await self._commit_group()
        await committed

    async def _commit_group(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(self._limit, len(self._waiting)))]
        try:
            await self._commit([item for item, _ in group])
        except asyncio.CancelledError:
            # Only a bare `task.cancel()` comes through the shield; the next in line commits again.
            self._waiting.extendleft(reversed(group))
            raise
        except Exception as error:  # noqa: BLE001  # raised again where the item was added
            for _, committed in group:
                committed.set_exception(error)
                committed.exception()  # seen: a cancelled caller does not come back for it
        else:
            for _, committed in group:
                committed.set_result(None)
