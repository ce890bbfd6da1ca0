"""What a keeper tells, and the limits of how it keeps."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from blazz.auth_stores import MemoryAuth
from blazz.auth_stores.keeping import Keeping
from blazz.auth_stores.keeping_news import News
from blazz.errors import InvalidValue, StoreUnavailable
from blazz.events.sessions import BackupFailed, OwnershipEnded, SessionEvent
from blazz.telemetry import Telemetry
from tests.sessions import SESSION


async def test_what_could_not_be_told_is_told_later_in_order() -> None:
    lease = await MemoryAuth().acquire(SESSION, "one")
    failures = [ZeroDivisionError(), ZeroDivisionError()]
    heard: list[SessionEvent] = []
    complete = anyio.Event()

    async def report(event: SessionEvent) -> None:
        if failures:
            raise failures.pop()
        heard.append(event)
        if len(heard) == 2:
            complete.set()

    news = News(lease, report=report, telemetry=Telemetry(enabled=False), again=0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(news.run)
        news.failed(StoreUnavailable("away"), 1.0)
        news.lost()
        await complete.wait()
        tasks.cancel_scope.cancel()

    assert [type(event) for event in heard] == [BackupFailed, OwnershipEnded]


@pytest.mark.parametrize("wrong", [{"ttl": 0}, {"interval": -1}, {"last_pauses": (61,)}])
def test_how_sessions_are_kept_has_limits(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Keeping(**wrong)
