"""Leases: when another owner may take over."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from blazz.auth_stores import Lease
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import (
    LeaseTaken,
    OwnershipLost,
)
from tests.sessions import RING, SESSION, store_on


async def test_a_lease_that_stands_still_for_its_time_may_be_taken_over() -> None:
    now = [1000.0]
    backend = MemoryBackend()
    first = SnapshotStore(backend, keyring=RING, clock=lambda: now[0])
    second = SnapshotStore(backend, keyring=RING, clock=lambda: now[0])
    lease = await first.acquire(SESSION, "one", ttl=30)

    now[0] += 100  # nobody has looked yet, so nothing is known
    with pytest.raises(LeaseTaken) as taken:
        await second.acquire(SESSION, "two")
    assert (taken.value.owner, taken.value.retry_after) == ("one", 30)
    now[0] += 29
    lease = await first.renew(lease)
    with pytest.raises(LeaseTaken) as taken:
        await second.acquire(SESSION, "two")
    assert taken.value.retry_after == 30
    now[0] += 30

    assert (await second.acquire(SESSION, "two")).epoch == 2
    with pytest.raises(OwnershipLost):
        await first.renew(lease)


class _Clocked(MemoryBackend):
    """A store with a clock of its own."""

    time = 1000.0

    async def read_record(self, session):
        return replace(await super().read_record(session), now=self.time)


async def test_a_store_with_a_clock_knows_at_once_that_a_lease_has_ended() -> None:
    backend = _Clocked()
    await store_on(backend).acquire(SESSION, "one", ttl=30)

    backend.time += 29
    with pytest.raises(LeaseTaken) as taken:
        await store_on(backend).acquire(SESSION, "two")
    assert taken.value.retry_after == pytest.approx(1)
    backend.time += 1

    assert (await store_on(backend).acquire(SESSION, "two")).epoch == 2


async def test_a_clock_that_is_set_back_does_not_keep_a_dead_owner() -> None:
    now = [0.0]
    backend = _Clocked()
    store = SnapshotStore(backend, keyring=RING, clock=lambda: now[0])
    await store_on(backend).acquire(SESSION, "one", ttl=30)

    backend.time -= 86_400
    with pytest.raises(LeaseTaken):
        await store.acquire(SESSION, "two")
    now[0] += 30

    assert (await store.acquire(SESSION, "two")).epoch == 2


async def test_waiting_ends_when_the_lease_is_released() -> None:
    backend = MemoryBackend()
    first, second = store_on(backend), store_on(backend)
    lease = await first.acquire(SESSION, "one", ttl=600)
    got: list[Lease] = []

    async def wait() -> None:
        got.append(await second.acquire(SESSION, "two", wait=60))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        with pytest.raises(LeaseTaken):
            await second.acquire(SESSION, "three", wait=0.05)
        await first.release(lease)

    assert got[0].epoch == 2
