"""A browser is prepared while there is room for it, and never in the way of who needs one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from blazz.auth_stores.restoring import Phase, write_state
from blazz.errors import StoreUnavailable
from blazz.providers.base import StandbyContext
from blazz.providers.web import preparing
from blazz.providers.web.preparing import Preparing
from blazz.providers.web.settings import BrowserSettings
from tests.sessions import SESSION


class Owner:
    """An owner that is overdue or not, and what it has stored."""

    def __init__(self, *, overdue: bool = True) -> None:
        self.overdue = overdue
        self.changed = anyio.Event()
        self.stored: object = SimpleNamespace(revision=SimpleNamespace(number=1), documents={})

    async def until(self, *, overdue: bool) -> None:
        while self.overdue is not overdue:
            await self.changed.wait()

    async def restore(self, folder: Path, *, browser: object) -> Any:
        if isinstance(self.stored, Exception):
            raise self.stored
        if self.stored is not None:
            await anyio.Path(folder).mkdir(parents=True)
            write_state(folder, SESSION, 1, Phase.RESTORED)
        return self.stored

    def become(self, *, overdue: bool) -> None:
        self.overdue = overdue
        self.changed.set()
        self.changed = anyio.Event()


class Browsers:
    """Starts browsers that are none; each start goes on when it is let."""

    def __init__(self) -> None:
        self.under_way = self.most = self.started = 0
        self.go_on = anyio.Event()
        self.killed: list[Path] = []

    async def make_ready(
        self, _: BrowserSettings, folder: Path, restore: Callable[[], Awaitable[object]]
    ) -> Any:
        self.started += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await restore()
            await self.go_on.wait()
        finally:
            self.under_way -= 1

        async def kill() -> None:
            self.killed.append(folder)

        return SimpleNamespace(browser=SimpleNamespace(user_data=folder, kill=kill))


@pytest.fixture
def browsers(monkeypatch: pytest.MonkeyPatch) -> Browsers:
    made = Browsers()

    async def unknown(_: object) -> None:
        return None

    monkeypatch.setattr(preparing, "make_ready", made.make_ready)
    monkeypatch.setattr(preparing, "expected_browser", unknown)
    monkeypatch.setattr(preparing, "free_memory", lambda: 10**12)
    return made


@asynccontextmanager
async def running(
    owner: Owner, folder: Path, *, room: anyio.Semaphore | None = None
) -> AsyncIterator[Preparing]:
    context = StandbyContext(session=str(SESSION), folder=folder, standby=owner)
    made = Preparing(BrowserSettings(), context, room=room or anyio.Semaphore(1))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(made.run)
        await anyio.wait_all_tasks_blocked()
        yield made
        tasks.cancel_scope.cancel()


async def test_nothing_is_started_while_the_owner_is_there(
    browsers: Browsers, tmp_path: Path
) -> None:
    async with running(Owner(overdue=False), tmp_path) as waiting:
        assert await waiting.take() is None
    assert browsers.started == 0


async def test_what_has_begun_is_waited_for(browsers: Browsers, tmp_path: Path) -> None:
    async with running(Owner(), tmp_path) as waiting:
        await _until(lambda: browsers.under_way == 1)
        taken: list[object] = []

        async def take() -> None:
            taken.append(await waiting.take())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take)
            await anyio.wait_all_tasks_blocked()
            assert taken == []
            browsers.go_on.set()
        assert taken[0] is not None
    assert browsers.killed == [], "what was taken is not thrown away"


@pytest.mark.parametrize("stored", [None, StoreUnavailable("away"), ValueError("unforeseen")])
async def test_what_cannot_be_prepared_prevents_nothing(
    browsers: Browsers, tmp_path: Path, stored: object
) -> None:
    owner = Owner()
    owner.stored = stored
    browsers.go_on.set()
    async with running(owner, tmp_path) as waiting:
        await _until(lambda: browsers.started == 1)
        assert await waiting.take() is None


async def test_none_is_started_where_memory_is_short(
    browsers: Browsers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = anyio.Event()

    def little() -> int:
        anyio.from_thread.run_sync(asked.set)
        return 1000

    monkeypatch.setattr(preparing, "free_memory", little)
    async with running(Owner(), tmp_path) as waiting:
        with anyio.fail_after(30):
            await asked.wait()
        assert await waiting.take() is None
    assert browsers.started == 0


async def test_only_so_many_are_started_at_once_and_who_is_served_waits_no_more(
    browsers: Browsers, tmp_path: Path
) -> None:
    room = anyio.Semaphore(1)
    async with (
        running(Owner(), tmp_path / "one", room=room) as first,
        running(Owner(), tmp_path / "two", room=room) as second,
    ):
        await _until(lambda: browsers.under_way == 1)
        assert await second.take() is None, "it has not begun, and is not waited for"
        browsers.go_on.set()
        assert await first.take() is not None
    assert (browsers.started, browsers.most) == (1, 1)


async def test_it_is_thrown_away_when_the_owner_is_back_and_prepared_again(
    browsers: Browsers, tmp_path: Path
) -> None:
    owner, folder = Owner(), tmp_path / "profile"
    browsers.go_on.set()
    async with running(owner, tmp_path):
        await _until(lambda: browsers.started == 1)
        owner.become(overdue=False)
        await _until(lambda: browsers.killed == [folder] and not folder.exists())
        owner.become(overdue=True)
        await _until(lambda: browsers.started == 2 and folder.exists())
    assert browsers.killed == [folder, folder], "nobody took it"
    assert not folder.exists(), "a login must not lie where its session does not run"


async def _until(holds: Callable[[], bool]) -> None:
    """Wait for what a thread has a part in."""
    with anyio.fail_after(30):
        while not holds():  # noqa: ASYNC110
            await anyio.sleep(0.01)
