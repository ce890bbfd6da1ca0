"""Routes of instances: who is alive, and who runs what."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Request, Response

from blazz.cluster.router import FORWARDED_BY, MISDIRECTED
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.errors import ApiError, not_found
from blazz_server.hosting.api.views import InstanceOut, PlacementOut, instance_out, placement_out
from blazz_server.hosting.routing import passed_on
from blazz_server.paging import After, Limit, Page, page_of

router = APIRouter(prefix="/v1/instances", tags=["instances"])


@router.get("")
async def index(
    _caller: Annotated[Principal, needs(Scope.INSTANCES_READ)], platform: ThePlatform
) -> list[InstanceOut]:
    """List the instances that are alive."""
    registry = platform.hosting.registry
    loads = Counter(it.instance for it in (await registry.assignments()).values())
    return [instance_out(it, sessions=loads[it.name]) for it in await registry.instances()]


@router.get("/placements")
async def placements(
    caller: Annotated[Principal, needs(Scope.INSTANCES_READ)],
    platform: ThePlatform,
    limit: Limit = 100,
    after: After = "",
) -> Page[PlacementOut]:
    """List where sessions run: those of the caller's workspace, or all for the administrator."""
    registry = platform.hosting.registry
    alive = {it.name for it in await registry.instances()}
    found = [
        it
        for key, it in sorted((await registry.assignments()).items())
        if key > after and caller.may_enter(key.partition("/")[0])
    ]
    return page_of(
        found[: limit + 1],
        limit,
        item=lambda it: placement_out(it, alive=it.instance in alive),
        cursor=lambda it: it.session,
    )


@router.post("/{instance}/drain", status_code=202, response_model=InstanceOut)
async def drain(
    instance: str,
    request: Request,
    _caller: Annotated[Principal, needs(Scope.ADMIN)],
    platform: ThePlatform,
) -> InstanceOut | Response:
    """Have an instance hand its sessions over and take no more, until it is started again."""
    hosting = platform.hosting
    found = {it.name: it for it in await hosting.registry.instances()}.get(instance)
    if found is None:
        raise not_found("instance", instance)
    if instance != platform.settings.instance:
        if FORWARDED_BY.lower() in request.headers:
            raise ApiError(MISDIRECTED, "wrong_instance", f"this is not {instance!r}")
        target = request.scope["raw_path"].decode("latin-1")  # as it came: it is signed
        return passed_on(await hosting.router.call(found, "POST", target))
    await hosting.drain()
    loads = await hosting.registry.assignments(instance=instance)
    return instance_out(replace(found, draining=True), sessions=len(loads))
