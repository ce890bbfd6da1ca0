"""Who waits for a session knows when its owner seems to be gone, and prepares only then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores import SnapshotStore
from blazz.auth_stores.base import Lease
from blazz.auth_stores.keeping import StoreKeeper
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.restoring import Phase, Restored, read_state
from blazz.auth_stores.standby import Standby, is_overdue, next_pause
from blazz.errors import LeaseTaken, StaleSnapshot
from tests.sessions import CHROMIUM, RING, SESSION, SMALL, web

TTL = 3.0


class Waiting:
    """Somebody who waits for a session, by a clock that stands still unless it is told."""

    def __init__(self) -> None:
        self.now = 100.0
        backend = MemoryBackend()
        self.owners, self.ours = (
            SnapshotStore(backend, keyring=RING, settings=SMALL, clock=lambda: self.now)
            for _ in range(2)
        )
        self.standby = Standby(self.ours, SESSION, ttl=TTL)
        self.lease: Lease

    async def save(self, number: int) -> None:
        await self.owners.save(web({"Default/log": str(number).encode()}), self.lease)

    async def until(self, *, overdue: bool) -> None:
        with anyio.fail_after(30):
            await self.standby.until(overdue=overdue)


@pytest_asyncio.fixture
async def waiting() -> AsyncIterator[Waiting]:
    made = Waiting()
    made.lease = await made.owners.acquire(SESSION, "owner", ttl=TTL)
    yield made


@given(left=st.floats(0, 1), ttl=st.floats(0.05, 86_400))
def test_an_owner_that_renews_in_time_is_never_overdue(left: float, ttl: float) -> None:
    """It renews when two thirds are left."""
    assert is_overdue(left * ttl, ttl) == (left * ttl <= ttl / 2)
    assert not is_overdue(ttl * 2 / 3, ttl)


@given(left=st.floats(0, 2), ttl=st.floats(0.05, 86_400))
def test_it_looks_again_when_the_owner_would_be_overdue(left: float, ttl: float) -> None:
    pause = next_pause(left * ttl, ttl)
    assert pause > 0
    if left * ttl - pause > 0 and not is_overdue(left * ttl, ttl):
        assert is_overdue(left * ttl - pause, ttl * 1.0001)
    if is_overdue(left * ttl, ttl):
        assert pause <= max(0.05, ttl / 10)


async def test_an_owner_is_overdue_until_it_renews_and_its_lease_is_taken_when_it_ends(
    waiting: Waiting,
) -> None:
    taken: list[Lease] = []

    async def take() -> None:
        taken.append(await waiting.standby.acquire("we", wait=1000))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await _seen(waiting)
        waiting.now += TTL / 2
        await waiting.until(overdue=True)
        waiting.lease = await waiting.owners.renew(waiting.lease)
        waiting.now += TTL / 10
        await waiting.until(overdue=False)
        waiting.now += TTL / 2
        await waiting.until(overdue=True)
        assert taken == []
        waiting.now += TTL
    assert [lease.epoch for lease in taken] == [waiting.lease.epoch + 1]


async def test_who_does_not_wait_is_refused_at_once(waiting: Waiting) -> None:
    with pytest.raises(LeaseTaken):
        await waiting.standby.acquire("we", wait=0)


async def test_a_free_session_is_taken_without_being_prepared() -> None:
    waiting = Waiting()
    lease = await waiting.standby.acquire("we", wait=60)
    assert lease.epoch == 1
    with anyio.move_on_after(0) as looking:
        await waiting.standby.until(overdue=True)
    assert looking.cancelled_caught


async def test_what_was_prepared_is_used_if_it_is_the_newest(
    waiting: Waiting, tmp_path: Path
) -> None:
    folder = tmp_path / "profile"
    restored = await _prepared(waiting, folder)
    keeper = await _take_over(waiting)
    assert await keeper.adopt(folder, restored)
    state = read_state(folder)
    assert state is not None
    assert (state.revision, state.phase) == (restored.revision.number, Phase.RESTORED)


async def test_a_revision_that_was_stored_after_preparing_is_never_missed(
    waiting: Waiting, tmp_path: Path
) -> None:
    folder = tmp_path / "profile"
    restored = await _prepared(waiting, folder)
    await waiting.save(2)
    keeper = await _take_over(waiting)
    assert not await keeper.adopt(folder, restored)
    # Also where the folder was not removed in between.
    await keeper.restore(folder, browser=CHROMIUM)
    assert (folder / "Default" / "log").read_bytes() == b"2"


async def test_a_session_that_was_deleted_after_preparing_does_not_come_back(
    waiting: Waiting, tmp_path: Path
) -> None:
    folder = tmp_path / "profile"
    restored = await _prepared(waiting, folder)
    await waiting.owners.delete(waiting.lease)
    keeper = await _take_over(waiting)
    assert not await keeper.adopt(folder, restored)


async def test_a_folder_that_may_be_newer_is_left_alone(waiting: Waiting, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    assert await waiting.standby.restore(folder, browser=CHROMIUM) is None
    await waiting.save(1)
    assert await waiting.standby.restore(folder, browser=CHROMIUM) is not None
    assert await waiting.standby.restore(folder, browser=CHROMIUM) is None

    other = tmp_path / "other"
    other.mkdir()
    (other / "unknown").touch()
    with pytest.raises(StaleSnapshot):
        await waiting.standby.restore(other, browser=CHROMIUM)
    assert (other / "unknown").exists()


async def _seen(waiting: Waiting) -> None:
    """Wait until the lease has been seen as it is."""
    with anyio.fail_after(30):
        while not waiting.ours._leasing._seen:  # noqa: ASYNC110  # it sets no event
            await anyio.sleep(0.01)


async def _prepared(waiting: Waiting, folder: Path) -> Restored:
    """Restore what the owner has stored, while the session is not ours."""
    await waiting.save(1)
    restored = await waiting.standby.restore(folder, browser=CHROMIUM)
    assert restored is not None
    return restored


async def _take_over(waiting: Waiting) -> StoreKeeper:
    """Become the owner, by a clock that goes: keepers have no other."""
    await waiting.owners.release(waiting.lease)
    store = SnapshotStore(waiting.ours.backend, keyring=RING, settings=SMALL)
    return await StoreKeeper.acquire(store, SESSION)
