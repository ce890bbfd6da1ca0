"""Checks that a registry keeps its promises."""

from __future__ import annotations

import secrets

from blazz.cluster.placement import Cause, Instance
from blazz.cluster.registry.base import MAX_HISTORY, Change, Registry


async def check_registry(registry: Registry) -> None:
    """Run every check; the first promise that is broken raises `AssertionError`.

    It uses names that nobody else has, so the registry may be in use.

    Example:
        >>> import anyio
        >>> from blazz.cluster.registry.memory import MemoryRegistry
        >>> anyio.run(check_registry, MemoryRegistry())
    """
    for check in (_knows_who_is_alive, _knows_who_runs_what, _heeds_epochs, _keeps_a_history):
        await check(registry, f"check-{secrets.token_hex(8)}")


async def _knows_who_is_alive(registry: Registry, name: str) -> None:
    east = Instance(name=f"{name}-east", address="http://east", capacity=7, labels={"zone": "1"})
    west = Instance(name=f"{name}-west", address="http://west", weight=2.5, draining=True)
    for instance in (west, east, east):
        await registry.announce(instance)
    known = [it for it in await registry.instances() if it.name.startswith(name)]
    assert known == [east, west], "instances are listed by name, with all that they told"

    await registry.withdraw(east.name)
    await registry.withdraw(east.name)
    known = [it for it in await registry.instances() if it.name.startswith(name)]
    assert known == [west], "an instance that has stopped is not listed"
    await registry.withdraw(west.name)


async def _knows_who_runs_what(registry: Registry, name: str) -> None:
    first, second = f"{name}/first", f"{name}/second"
    assert await registry.find(first) is None
    assert await registry.assign(first, f"{name}-a", epoch=1, cause=Cause.NEW)
    assert await registry.assign(second, f"{name}-b", epoch=1, cause=Cause.NEW)
    found = await registry.find(first)
    assert found is not None
    assert (found.session, found.instance, found.epoch) == (first, f"{name}-a", 1)
    assert list(await registry.assignments(instance=f"{name}-b")) == [second]
    both = await registry.find_all([first, second, f"{name}/third"])
    assert both[first] == found
    assert set(both) == {first, second}, "who is asked for and runs nowhere is left out"
    assert not await registry.find_all([])

    assert await registry.release(first, epoch=1)
    assert await registry.find(first) is None, "a session that was released runs nowhere"
    assert not await registry.release(first, epoch=1), "it is released once"
    assert await registry.release(second, epoch=1)


async def _heeds_epochs(registry: Registry, name: str) -> None:
    session = f"{name}/session"
    for epoch, instance in ((3, "old"), (5, "new")):
        assert await registry.assign(session, instance, epoch=epoch, cause=Cause.OWNER_GONE)
    assert not await registry.assign(session, "old", epoch=3, cause=Cause.NEW)
    assert not await registry.release(session, epoch=3), "who lost it cannot end it for the others"
    found = await registry.find(session)
    assert found is not None
    assert (found.instance, found.epoch, found.migrations) == ("new", 5, 1)

    assert await registry.release(session, epoch=5)
    assert not await registry.assign(session, "old", epoch=3, cause=Cause.NEW), "not afterwards"
    assert await registry.assign(session, "new", epoch=6, cause=Cause.NEW)
    assert await registry.assign(session, "third", epoch=7, cause=Cause.BALANCE)
    found = await registry.find(session)
    assert found is not None
    assert found.migrations == 2, "a restart on the same instance is no migration"
    await registry.release(session, epoch=7)


async def _keeps_a_history(registry: Registry, name: str) -> None:
    session = f"{name}/session"
    assert await registry.history(session) == []
    await registry.assign(session, "a", epoch=1, cause=Cause.NEW)
    await registry.note(session, epoch=1, change=Change.DISCONNECTED, reason="browser_crashed")
    await registry.note(session, epoch=9, change=Change.DISCONNECTED, reason="of nobody")
    await registry.release(session, epoch=1, reason="drain")
    records = await registry.history(session)
    assert [(it.change, it.instance, it.epoch, it.reason) for it in records] == [
        (Change.RELEASED, "a", 1, "drain"),
        (Change.DISCONNECTED, "a", 1, "browser_crashed"),
        (Change.ASSIGNED, "a", 1, "new"),
    ], "newest first"
    times = [record.at for record in records]
    assert times == sorted(times, reverse=True)

    for epoch in range(2, MAX_HISTORY + 3):
        await registry.assign(session, "a", epoch=epoch, cause=Cause.NEW)
    records = await registry.history(session)
    assert (len(records), records[0].epoch) == (MAX_HISTORY, MAX_HISTORY + 2), "the oldest go first"
    await registry.release(session, epoch=MAX_HISTORY + 2)
