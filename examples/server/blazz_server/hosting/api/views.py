"""What callers see of sessions and instances."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from blazz.cluster.placement import Instance
from blazz.cluster.registry.base import Assignment, Record, Registry
from blazz_server.hosting.tables import SessionRow


class SessionOut(BaseModel):
    """A session."""

    name: str
    kind: str = Field(description="`sandbox`, `cloud` or `web`.")
    config: dict[str, Any] = Field(description="What it was made with, without secrets.")
    running: bool = Field(description="Whether it is to run.")
    state: str = Field(description="Where it stands, such as `ready` or `pairing`.")
    reason: str = Field(description="Why it stands there.")
    detail: str
    account: str | None = Field(description="The number that is linked to it.")
    instance: str | None = Field(description="The instance that runs it.")
    migrations: int = Field(description="How often it has moved from one instance to another.")
    changed_at: datetime
    created_at: datetime


class RecordOut(BaseModel):
    """A line of a session's history."""

    at: datetime
    change: str = Field(description="`assigned`, `released`, `disconnected` or `renewed`.")
    instance: str
    epoch: int
    reason: str


class InstanceOut(BaseModel):
    """An instance that is alive."""

    name: str
    address: str
    version: str
    capacity: int
    sessions: int = Field(description="How many sessions it runs.")
    draining: bool = Field(description="Whether it gets nothing new, and hands over what it has.")


class PlacementOut(BaseModel):
    """Where a session runs."""

    workspace: str
    session: str
    instance: str
    alive: bool = Field(description="Whether that instance is alive.")
    since: datetime
    epoch: int
    migrations: int


def session_out(row: SessionRow, assigned: Assignment | None, *, alive: bool) -> SessionOut:
    """Show a session; what its owner told last holds while that is alive."""
    state, reason = row.state, row.reason
    if row.running and not alive and reason != "failed":
        state = "starting"
        reason = "" if assigned is None else "owner_gone"
    return SessionOut(
        name=row.name,
        kind=row.kind,
        config=row.config,
        running=row.running,
        state=state,
        reason=reason,
        detail=row.detail,
        account=row.account,
        instance=assigned.instance if assigned is not None else None,
        migrations=assigned.migrations if assigned is not None else 0,
        changed_at=row.changed_at,
        created_at=row.created_at,
    )


async def shown(registry: Registry, row: SessionRow) -> SessionOut:
    """Show a session, and where it runs."""
    assigned = await registry.find(row.key)
    alive = {it.name for it in await registry.instances()}
    return session_out(row, assigned, alive=assigned is not None and assigned.instance in alive)


def record_out(record: Record) -> RecordOut:
    """Show a line of a session's history."""
    return RecordOut(
        at=record.at,
        change=str(record.change),
        instance=record.instance,
        epoch=record.epoch,
        reason=record.reason,
    )


def instance_out(instance: Instance, *, sessions: int) -> InstanceOut:
    """Show an instance."""
    return InstanceOut(
        name=instance.name,
        address=instance.address,
        version=instance.version,
        capacity=instance.capacity,
        sessions=sessions,
        draining=instance.draining,
    )


def placement_out(assigned: Assignment, *, alive: bool) -> PlacementOut:
    """Show where a session runs."""
    workspace, _, name = assigned.session.partition("/")
    return PlacementOut(
        workspace=workspace,
        session=name,
        instance=assigned.instance,
        alive=alive,
        since=assigned.since,
        epoch=assigned.epoch,
        migrations=assigned.migrations,
    )
