"""Routes of sessions: their life."""

from __future__ import annotations

from typing import Annotated, Final

import anyio
from fastapi import APIRouter
from pydantic import BaseModel, Field

from blazz.cluster.placement import rank
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.errors import ApiError
from blazz_server.hosting.api.views import RecordOut, SessionOut, record_out, session_out, shown
from blazz_server.hosting.kinds import CloudNumber, NewKind, config_of, credentials_of
from blazz_server.hosting.routing import HostedSession, OwnedRoute
from blazz_server.hosting.tables import SessionRow
from blazz_server.paging import After, Limit, Page, page_of
from blazz_server.platform import Platform

_LEFTOVERS: Final = 10.0
NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions", tags=["sessions"], route_class=OwnedRoute
)


class NewSession(BaseModel):
    """A session to be made."""

    name: str = Field(pattern=NAME, examples=["support"])
    provider: NewKind = Field(examples=[{"kind": "sandbox"}, {"kind": "web"}])
    running: bool = Field(default=True, description="Whether to start it at once.")


class Target(BaseModel):
    """Where a session is to run."""

    instance: str | None = Field(
        default=None,
        max_length=100,
        description="The name of an instance; none: the best of those that do not run it now.",
        examples=["east-2"],
    )


@router.post("", status_code=201)
async def create(
    workspace: str,
    body: NewSession,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> SessionOut:
    """Make a session; it starts on the instance that the cluster chooses."""
    hosting = platform.hosting
    config = config_of(body.provider, sandbox=hosting.sandbox.url is not None)
    row = await hosting.records.create(
        workspace, body.name, kind=body.provider.kind, config=config, running=False
    )
    try:
        # Of one of the same name that was deleted, nothing may go on here.
        hosting.hurry()
        await hosting.clean(workspace, body.name, wait=_LEFTOVERS)
        if isinstance(body.provider, CloudNumber):
            client = await hosting.client(workspace)
            await client.save_credentials(body.name, credentials_of(body.provider))
    except BaseException:
        with anyio.CancelScope(shield=True):
            await hosting.records.delete(workspace, body.name)
        raise
    if body.running:  # only now: it must not start before its credentials are there
        await hosting.records.run(workspace, body.name, running=True)
        row.running = True
        hosting.hurry()
    return await shown(platform.hosting.registry, row)


@router.get("")
async def index(
    workspace: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_READ)],
    platform: ThePlatform,
    limit: Limit = 50,
    after: After = "",
) -> Page[SessionOut]:
    """List the sessions of a workspace."""
    rows = await platform.hosting.records.page(workspace, after=after, limit=limit + 1)
    assigned = await platform.hosting.registry.find_all([row.key for row in rows])
    alive = {it.name for it in await platform.hosting.registry.instances()}

    def item(row: SessionRow) -> SessionOut:
        found = assigned.get(row.key)
        return session_out(row, found, alive=found is not None and found.instance in alive)

    return page_of(rows, limit, item=item, cursor=lambda row: row.name)


@router.get("/{session}")
async def show(
    workspace: str,
    session: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_READ)],
    platform: ThePlatform,
) -> SessionOut:
    """Show a session, and where it stands."""
    return await shown(
        platform.hosting.registry, await platform.hosting.records.get(workspace, session)
    )


@router.delete("/{session}", status_code=204)
async def remove(
    workspace: str,
    session: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> None:
    """Delete a session; it stops, and an account that is linked to it stays linked."""
    await platform.hosting.remove(workspace, session)


@router.post("/{session}/start", status_code=202)
async def start(
    workspace: str,
    session: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> SessionOut:
    """Have a session run; one that does already goes on."""
    return await _run(platform, workspace, session, running=True)


@router.post("/{session}/stop", status_code=202)
async def stop(
    workspace: str,
    session: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> SessionOut:
    """Have a session stop; its account stays linked, and what comes in waits for it."""
    return await _run(platform, workspace, session, running=False)


@router.post("/{session}/restart", status_code=202)
async def restart(
    workspace: str,
    session: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
    hosted: HostedSession,
) -> SessionOut:
    """Close a session in good order and open it again."""
    await platform.hosting.restart(hosted.key)
    return await shown(
        platform.hosting.registry, await platform.hosting.records.get(workspace, session)
    )


@router.post("/{session}/logout", status_code=202)
async def logout(
    workspace: str,
    session: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
    hosted: HostedSession,
) -> SessionOut:
    """Unlink the account of a session of WhatsApp Web; it can be linked again."""
    row = await platform.hosting.records.get(workspace, session)
    if row.kind != "web":
        detail = f"session {session!r} is of the kind {row.kind}, which has no login to end"
        raise ApiError(409, "no_login", detail)
    await hosted.logout(keep=True)
    return await shown(
        platform.hosting.registry, await platform.hosting.records.get(workspace, session)
    )


@router.post("/{session}/move", status_code=202)
async def move(
    workspace: str,
    session: str,
    body: Target,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> SessionOut:
    """Move a session to another instance, where it stays; no QR code is needed."""
    hosting = platform.hosting
    row = await hosting.records.get(workspace, session)
    assigned = await hosting.registry.find(row.key)
    current = None if assigned is None else assigned.instance
    fit = [it for it in await hosting.registry.instances() if not it.draining]
    if body.instance is None:
        others = rank(workspace, [it for it in fit if it.name != current])
        if not others:
            raise ApiError(409, "no_other_instance", "no other instance could run it")
        target = others[0].name
    elif body.instance not in {it.name for it in fit}:
        names = ", ".join(it.name for it in fit)
        raise ApiError(
            409, "no_such_instance", f"{body.instance!r} takes no sessions; these do: {names}"
        )
    else:
        target = body.instance
    await hosting.records.wish(workspace, session, target)
    hosting.hurry()
    return await shown(platform.hosting.registry, row)


@router.get("/{session}/history")
async def history(
    workspace: str,
    session: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_READ)],
    platform: ThePlatform,
) -> list[RecordOut]:
    """Show what became of a session: where it ran, why it moved, why it was disconnected."""
    row = await platform.hosting.records.get(workspace, session)
    return [record_out(it) for it in await platform.hosting.registry.history(row.key)]


async def _run(platform: Platform, workspace: str, session: str, *, running: bool) -> SessionOut:
    await platform.hosting.records.get(workspace, session)
    await platform.hosting.records.run(workspace, session, running=running)
    platform.hosting.hurry()
    return await shown(
        platform.hosting.registry, await platform.hosting.records.get(workspace, session)
    )
