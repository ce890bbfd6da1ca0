"""Tests of telling the living from the dead by locks."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import anyio
import pytest

from blazz.databases.presence import Presence


async def test_the_living_are_told_from_the_dead(tmp_path: Path) -> None:
    ours, theirs = Presence(tmp_path / "owners"), Presence(tmp_path / "owners")
    ann, bob = await ours.join(), await theirs.join()
    assert ann != bob
    assert not ours.is_gone(ann)
    assert not ours.is_gone(bob)
    theirs.leave(bob)
    theirs.leave(bob)
    assert ours.is_gone(bob)
    assert ours.is_gone("never-was-here")
    assert ours.is_gone("../../etc/passwd")
    carl = await theirs.join()
    theirs._held.pop(carl).close()  # as when its process is killed
    assert (tmp_path / "owners" / f"{carl}.lock").exists()
    assert ours.is_gone(carl)
    assert not (tmp_path / "owners" / f"{carl}.lock").exists()
    ours.leave_all()
    assert theirs.is_gone(ann)


@pytest.mark.parametrize("broken", [False, True])
async def test_who_is_cancelled_while_joining_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    began, goes_on, over = asyncio.Event(), threading.Event(), threading.Event()
    loop, take = asyncio.get_running_loop(), Presence._take

    def slow(presence: Presence, name: str) -> bool:
        loop.call_soon_threadsafe(began.set)
        assert goes_on.wait(60)
        try:
            if broken:
                raise OSError("out of space")
            return take(presence, name)
        finally:
            over.set()

    presence = Presence(tmp_path / "owners")
    monkeypatch.setattr(Presence, "_take", slow)
    joining = asyncio.create_task(presence.join())
    await began.wait()
    joining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await joining
    goes_on.set()
    await asyncio.to_thread(over.wait, 60)
    with anyio.fail_after(60):
        while presence._held or [*tmp_path.rglob("*.lock")]:  # noqa: ASYNC110, ASYNC240
            await anyio.sleep(0.01)  # a callback of the loop lets go
    monkeypatch.undo()
    presence.leave(await presence.join())
    assert not [*tmp_path.rglob("*.lock")]  # noqa: ASYNC240  # a moment
