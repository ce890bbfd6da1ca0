"""Backups of a running session: when it has changed, not too often, again after a failure."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from blazz.auth_stores import Backups, LeaseKeeper, MemoryAuth, Saved, Snapshot
from blazz.errors import InvalidValue, OwnershipLost, StaleSnapshot, StoreUnavailable
from tests.faulty import FaultyBackend
from tests.sessions import RING, SESSION, web


class Scene:
    """A session that changes, and a clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.backend = FaultyBackend()
        self.store = MemoryAuth(self.backend, keyring=RING)
        self.now = 1000.0
        self.pauses: list[float] = []
        self.saved: list[Saved] = []
        self.failed: list[tuple[str, float]] = []
        self.state = 0
        self.news = anyio.Event()

    async def start(self, **options) -> Backups:
        self.keeper = LeaseKeeper(self.store, await self.store.acquire(SESSION, "one", ttl=600))
        return Backups(
            self.store,
            self.keeper,
            self.capture,
            on_saved=lambda saved: self.note(self.saved.append(saved)),
            on_failed=lambda error, wait: self.note(self.failed.append((str(error), wait))),
            clock=lambda: self.now,
            pause=self.pause,
            **options,
        )

    async def capture(self) -> Snapshot:
        return web({"log": str(self.state).encode()})

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def note(self, _: None) -> None:
        self.news.set()
        self.news = anyio.Event()

    async def until(self, *, saved: int = 0, failed: int = 0) -> None:
        with anyio.fail_after(30):
            while len(self.saved) < saved or len(self.failed) < failed:
                await self.news.wait()


@pytest.fixture
async def scene() -> Scene:
    return Scene()


async def test_a_change_is_backed_up_at_once_and_the_next_one_after_the_interval(
    scene: Scene,
) -> None:
    backups = await scene.start()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(backups.run)
        for state in (1, 2, 3):
            scene.state = state
            scene.now += 10
            backups.changed()
            backups.changed()
            await scene.until(saved=state)
        tasks.cancel_scope.cancel()

    assert scene.pauses == [0, 50, 50]
    assert [saved.unchanged for saved in scene.saved] == [False] * 3


async def test_a_change_during_a_backup_is_backed_up_by_the_next(scene: Scene) -> None:
    backups = await scene.start(interval=0)
    capture = scene.capture

    async def capture_and_change() -> Snapshot:
        taken = await capture()
        if scene.state == 0:
            scene.state = 1
            backups.changed()
        return taken

    backups._capture = capture_and_change
    backups.changed()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(backups.run)
        await scene.until(saved=2)
        tasks.cancel_scope.cancel()

    assert [saved.revision.number for saved in scene.saved] == [1, 2]


async def test_a_failure_is_tried_again_with_growing_pauses_and_told(scene: Scene) -> None:
    backups = await scene.start(interval=5)
    scene.backend.fail("put packs", times=4)
    backups.changed()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(backups.run)
        await scene.until(saved=1)
        tasks.cancel_scope.cancel()

    assert scene.failed == [("put packs failed", wait) for wait in (1, 2, 4, 5)]
    assert scene.pauses == [0, 1, 2, 4, 5]


async def test_a_capture_that_breaks_does_not_stop_the_backups(scene: Scene) -> None:
    backups = await scene.start(interval=5)
    capture, broken = scene.capture, [True]

    async def capture_badly() -> Snapshot:
        if broken.pop() if broken else False:
            raise ZeroDivisionError("the browser has crashed")
        return await capture()

    backups._capture = capture_badly
    backups.changed()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(backups.run)
        await scene.until(saved=1)
        tasks.cancel_scope.cancel()

    assert scene.failed == [("the browser has crashed", 1)]


async def test_backups_end_when_somebody_else_owns_the_session(scene: Scene) -> None:
    backups = await scene.start()
    await scene.store.acquire(SESSION, "one")  # the same name takes over at once
    backups.changed()

    await backups.run()

    assert (scene.saved, scene.failed) == ([], [])
    with pytest.raises(OwnershipLost):
        await backups.save()


async def test_a_lease_that_is_about_to_end_captures_nothing(scene: Scene) -> None:
    backups = await scene.start()
    scene.keeper.lost.set()

    with pytest.raises(OwnershipLost):
        await backups.save()
    assert scene.backend.calls.count("put packs") == 0


async def test_a_session_does_not_replace_what_it_did_not_grow_from(scene: Scene) -> None:
    backups = await scene.start(base=0)
    await backups.save()
    scene.state = 1
    await backups.save()
    await scene.store.save(web({"log": b"from elsewhere"}), scene.keeper.lease)

    scene.state = 2
    with pytest.raises(StaleSnapshot):
        await backups.save()


async def test_a_backup_that_is_asked_for_says_why_it_failed_and_is_made_up_for(
    scene: Scene,
) -> None:
    backups = await scene.start()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(backups.run)
        await anyio.lowlevel.checkpoint()
        scene.backend.fail("swap_record")
        with pytest.raises(StoreUnavailable):
            await backups.save()
        await scene.until(saved=1)
        scene.state = 1
        await backups.save()
        scene.state = 2
        backups.changed()
        await scene.until(saved=3)
        tasks.cancel_scope.cancel()

    assert [saved.revision.number for saved in scene.saved] == [1, 2, 3]
    assert scene.failed == []


async def test_an_interval_that_cannot_be_is_refused(scene: Scene) -> None:
    with pytest.raises(InvalidValue, match=r"Backups\.interval"):
        await scene.start(interval=-1)
