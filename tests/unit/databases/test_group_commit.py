"""Group commit without a background task: leaders, followers, and those who give up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import anyio
import pytest

from blazz.databases.group_commit import GroupCommit


class Store:
    """Takes groups; a group waits until it is let through."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun = anyio.Event()
        self.go = anyio.Event()

    async def commit(self, items: Sequence[int]) -> None:
        self.begun.set()
        await self.go.wait()
        if 13 in items:
            raise ValueError("unlucky")
        self.groups.append(list(items))


async def test_what_waits_is_committed_together() -> None:
    store = Store()
    commits = GroupCommit(store.commit, limit=3)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(commits.add, 0)
        await store.begun.wait()
        for number in range(1, 6):
            tasks.start_soon(commits.add, number)
        await anyio.wait_all_tasks_blocked()
        store.go.set()

    assert store.groups == [[0], [1, 2, 3], [4, 5]]


async def test_a_failure_reaches_its_group_alone() -> None:
    store = Store()
    commits = GroupCommit(store.commit)
    first = asyncio.create_task(commits.add(1))
    await store.begun.wait()
    unlucky = [asyncio.create_task(commits.add(number)) for number in (13, 14)]
    await anyio.wait_all_tasks_blocked()
    store.go.set()
    results = await asyncio.gather(first, *unlucky, return_exceptions=True)

    assert [type(result) for result in results] == [type(None), ValueError, ValueError]
    await commits.add(2)
    assert store.groups == [[1], [2]]


@pytest.mark.parametrize("native", [False, True])
async def test_a_cancelled_leader_leaves_nobody_waiting(native: bool) -> None:
    store = Store()
    commits = GroupCommit(store.commit)
    scope = anyio.CancelScope()

    async def lead() -> None:
        with scope:
            await commits.add(1)

    leader = asyncio.create_task(lead())
    await store.begun.wait()
    followers = [asyncio.create_task(commits.add(number)) for number in (2, 3)]
    await anyio.wait_all_tasks_blocked()
    if native:
        leader.cancel()
    else:
        scope.cancel()
    await anyio.wait_all_tasks_blocked()
    store.go.set()
    await asyncio.gather(leader, return_exceptions=True)
    with anyio.fail_after(60):
        await asyncio.gather(*followers)

    assert sorted(number for group in store.groups for number in group) == [1, 2, 3]


async def test_a_cancelled_follower_disturbs_nobody() -> None:
    store = Store()
    commits = GroupCommit(store.commit)
    leader = asyncio.create_task(commits.add(1))
    await store.begun.wait()
    followers = [asyncio.create_task(commits.add(number)) for number in (2, 13, 3)]
    await anyio.wait_all_tasks_blocked()
    followers[1].cancel()
    store.go.set()
    results = await asyncio.gather(leader, *followers, return_exceptions=True)

    assert isinstance(results[2], asyncio.CancelledError)
    assert results[0] is None
    with anyio.fail_after(60):
        await commits.add(4)
