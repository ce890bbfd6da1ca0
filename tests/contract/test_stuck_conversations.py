"""Conversations that are blocked although nothing holds them up go on, in every database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blazz.databases.operations import Operation, Statement
from blazz.testing.inbox_scene import ANN, BOB, Clock, Scene
from blazz.webhooks.inbox.base import Retention
from blazz.webhooks.inbox.postgres import PostgresInbox
from blazz.webhooks.inbox.sql import SqlInbox
from blazz.webhooks.inbox.sqlite import SqliteInbox

ALL = "a1 a2 b1"
STUCK = {
    "blocked": ("state = 3", ALL, ""),
    "later-is-ready": ("state = CASE position WHEN 0 THEN 3 ELSE 0 END", ALL, None),
    "later-was-ready": ("state = CASE position WHEN 0 THEN 3 ELSE 0 END", ALL, "b1"),
    "nobodys": ("state = 1, owner = CASE position WHEN 0 THEN 'nobody' END", ALL, ""),
    "without-a-time": ("state = 2 - position % 2, owner = 'nobody'", ALL, ""),
    "without-a-lane": ("state = 3, lane = ''", ALL, ""),
}


@pytest.fixture
async def inboxes(tmp_path: Path, postgres_url: str) -> AsyncIterator[tuple[SqlInbox, ...]]:
    """An inbox of each kind, open."""
    async with SqliteInbox(tmp_path / "inbox.db") as one, PostgresInbox(postgres_url) as other:
        yield one, other


async def test_what_nothing_holds_up_goes_on(
    inboxes: tuple[SqlInbox, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Another version may leave such rows, or who changes them by hand."""
    for inbox in inboxes:
        for name, (change, freed, taken) in STUCK.items():
            scene = Scene(inbox, inbox, Clock(), name=name)
            await scene.deliver("a1", "a2", "b1")
            await by_hand(inbox, f"UPDATE updates SET {change} WHERE session = '{scene.session}'")
            if taken is not None:
                found = await scene.take(ANN)
                assert [item.key for item in found] == scene.named(taken), name
                await inbox.retire(ANN)

            await inbox.prune(Retention())

            found = await scene.take(BOB)
            assert [item.key for item in found] == scene.named(freed), f"{name}: still stuck"
            await inbox.settle(BOB, done=found)
    assert len(caplog.messages) == len(inboxes) * len(STUCK)


async def test_what_has_to_wait_waits(
    inboxes: tuple[SqlInbox, ...], caplog: pytest.LogCaptureFixture
) -> None:
    for inbox in inboxes:
        scene = Scene(inbox, inbox, Clock(), name="long")
        await scene.deliver(*(f"a{number}" for number in range(20)))
        held = await scene.take(ANN)
        await inbox.prune(Retention())
        assert await scene.take(BOB) == [], "two owners have a conversation"
        await inbox.retire(ANN)  # its first updates are ready, the others blocked
        await inbox.prune(Retention())
        assert await scene.take(BOB) == held
    assert not caplog.messages


async def by_hand(inbox: SqlInbox, sql: str) -> None:
    """Change rows as nothing in blazz does."""

    def changing() -> Operation[None]:
        yield Statement("by_hand")

    inbox._queries = {**inbox._queries, "by_hand": sql}  # type: ignore[attr-defined]
    await inbox.change(lambda _: changing())
