"""Keeping a lease: it is renewed, and its owner stops before it ends."""

from __future__ import annotations

import anyio
import pytest

from blazz.auth_stores import Lease, LeaseKeeper, MemoryAuth, hold, owner_name
from blazz.auth_stores.clock import unstopped
from blazz.auth_stores.memory import MemoryBackend
from blazz.errors import InvalidValue, LeaseTaken, OwnershipLost, StoreUnavailable
from tests.sessions import RING, SESSION, web


class Flaky(MemoryAuth):
    """A store whose renewals can be made to fail or to hang; it tells of each."""

    def __init__(self, backend: MemoryBackend | None = None) -> None:
        super().__init__(backend, keyring=RING)
        self.mode = "works"
        self.renewals = 0
        self.tried = anyio.Event()

    async def renew(self, lease: Lease) -> Lease:
        self.renewals += 1
        try:
            if self.mode == "hangs":
                with anyio.CancelScope(shield=True):
                    await anyio.sleep(2.0)
            if self.mode != "works":
                raise StoreUnavailable
            return await super().renew(lease)
        finally:
            self.tried.set()
            self.tried = anyio.Event()

    async def after(self, renewals: int) -> None:
        while self.renewals < renewals:
            await self.tried.wait()


async def test_a_lease_is_kept_far_beyond_its_time() -> None:
    store = Flaky()
    async with hold(store, SESSION, owner="one", ttl=1.5) as keeper:
        first = keeper.lease
        await store.after(renewals=4)
        with pytest.raises(LeaseTaken):
            await MemoryAuth(store.backend, keyring=RING).acquire(SESSION, "two")
        keeper.check()
        await store.save(web({"a": b"1"}), keeper.lease)

    assert keeper.lease.epoch == first.epoch
    assert keeper.lease.ends_at > first.ends_at
    assert await store.holder(SESSION) is None, "it was not released"


@pytest.mark.parametrize("mode", ["fails", "hangs"])
async def test_an_owner_that_cannot_renew_stops_before_its_lease_ends(mode: str) -> None:
    store = Flaky()
    remaining: list[float] = []

    async def stop() -> None:
        remaining.append(keeper.lease.remaining())

    lease = await store.acquire(SESSION, "one", ttl=1.6)
    keeper = LeaseKeeper(store, lease, on_lost=stop)
    store.mode = mode
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keeper.run)
        await keeper.lost.wait()
        assert not keeper.held

    assert remaining[0] > 0, "somebody else may be the owner by now"
    with pytest.raises(OwnershipLost, match="is over"):
        keeper.check()


async def test_a_store_that_comes_back_in_time_is_forgiven() -> None:
    store = Flaky()
    async with hold(store, SESSION, ttl=2.0) as keeper:
        store.mode = "fails"
        await store.after(renewals=2)
        store.mode = "works"
        await store.after(renewals=4)
        assert keeper.held


async def test_an_owner_hears_that_another_one_took_over() -> None:
    store = Flaky()
    lost = anyio.Event()

    async def stop() -> None:
        lost.set()

    async with hold(store, SESSION, owner="one", ttl=1.5, on_lost=stop) as keeper:
        # The same name may take over at any time.
        await MemoryAuth(store.backend, keyring=RING).acquire(SESSION, "one")
        await lost.wait()
        assert not keeper.held

    holder = await store.holder(SESSION)
    assert holder is not None, "releasing a lost lease released another one's"


async def test_a_process_that_was_stopped_knows_it_before_the_loop_does() -> None:
    now = [100.0]
    store = Flaky()
    lease = await store.acquire(SESSION, "one", ttl=30)
    keeper = LeaseKeeper(
        store,
        Lease(session=SESSION, owner="one", epoch=1, token=lease.token, ttl=30, ends_at=130),
        clock=lambda: now[0],
    )
    keeper.check()
    assert keeper.remaining == 22.5

    now[0] = 122.5

    assert keeper.remaining == 0
    with pytest.raises(OwnershipLost):
        keeper.check()


async def test_an_error_in_the_block_is_raised_as_it_is_and_releases_the_lease() -> None:
    store = MemoryAuth()

    with pytest.raises(ZeroDivisionError):
        async with hold(store, SESSION):
            raise ZeroDivisionError
    assert await store.holder(SESSION) is None


async def test_leaving_does_not_need_the_store_to_answer() -> None:
    class Gone(MemoryAuth):
        async def release(self, lease: Lease) -> None:
            raise StoreUnavailable

    async with hold(Gone(), SESSION) as keeper:
        keeper.check()


@pytest.mark.parametrize("margin", [-1, 20, 31])
def test_a_margin_leaves_time_to_renew(margin: float) -> None:
    lease = Lease(session=SESSION, owner="one", epoch=1, token="t", ttl=30, ends_at=0)

    with pytest.raises(InvalidValue, match=r"LeaseKeeper\.margin"):
        LeaseKeeper(MemoryAuth(), lease, margin=margin)


@pytest.mark.parametrize(("owner", "ttl"), [("", 30), ("two words", 30), ("x" * 129, 30), ("x", 0)])
async def test_a_lease_that_cannot_be_is_refused(owner: str, ttl: float) -> None:
    with pytest.raises(InvalidValue, match=r"Lease\."):
        await MemoryAuth().acquire(SESSION, owner, ttl=ttl)


def test_an_owner_is_named_after_its_process() -> None:
    names = {owner_name() for _ in range(20)}

    assert len(names) > 1
    for name in names:
        Lease(session=SESSION, owner=name, epoch=1, token="t", ttl=30, ends_at=0)


def test_the_clock_goes_forward() -> None:
    assert unstopped() <= unstopped()
