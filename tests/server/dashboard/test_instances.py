"""The page of instances tells which ones died, from what became of their sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from blazz.cluster.placement import Cause
from blazz.cluster.registry.base import Change, Record
from blazz_server.dashboard.pages.instances import lost

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def assigned(instance: str, cause: Cause, *, minute: int) -> Record:
    at = NOON + timedelta(minutes=minute)
    return Record(at, Change.ASSIGNED, instance, epoch=minute, reason=str(cause))


def test_whoever_lost_its_sessions_because_it_died_is_told() -> None:
    died = [assigned("b", Cause.OWNER_GONE, minute=2), assigned("a", Cause.NEW, minute=1)]
    stopped = [assigned("c", Cause.DRAIN, minute=2), assigned("b", Cause.NEW, minute=1)]
    again = [assigned("d", Cause.OWNER_GONE, minute=2), assigned("d", Cause.NEW, minute=1)]
    found = {"w/1": died, "w/2": stopped, "w/3": again, "w/4": died[:1], "w/5": []}
    assert lost(found, since=NOON) == {"a"}
    assert lost(found, since=NOON + timedelta(minutes=3)) == set()
