"""Route with which the credentials of a number are replaced."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from blazz.cluster.registry.base import Change
from blazz.providers.meta_cloud.credentials import CloudCredentials
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.errors import ApiError
from blazz_server.hosting.api.views import SessionOut, shown
from blazz_server.hosting.kinds import NewCredentials
from blazz_server.hosting.routing import IfRunning, OwnedRoute

router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}",
    tags=["sessions"],
    route_class=OwnedRoute,
)


@router.patch("/credentials")
async def renew(
    workspace: str,
    session: str,
    *,
    body: NewCredentials,
    caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
    running: IfRunning,
) -> SessionOut:
    """Replace the token, app secret or verify token of a Cloud API number.

    A session that runs uses them from its next call on; it is not closed, and loses nothing. Its
    history says what was replaced, and by which key; its `config` when and by which key.
    """
    hosting = platform.hosting
    row = await hosting.records.get(workspace, session)
    if row.kind != "cloud":
        detail = f"session {session!r} is of the kind {row.kind}, which has no credentials"
        raise ApiError(409, "no_credentials", detail)
    client = await hosting.client(workspace)
    former = CloudCredentials.from_secrets(await client.credentials(session))
    await client.renew_credentials(session, body.within(former))
    row = await hosting.records.renewed(workspace, session, by=caller.key_id)
    if running is not None:
        who = await platform.accounts.keys.title(caller.key_id)
        await hosting.registry.note(
            row.key,
            epoch=running.session.epoch or 0,
            change=Change.RENEWED,
            reason=f"{', '.join(body.names)} by {who}",
        )
    return await shown(hosting.registry, row)
