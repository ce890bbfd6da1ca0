"""Health: whether this process lives, and whether it should be sent calls."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import anyio
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import text

from blazz.cluster.placement import Instance
from blazz_server.accounts.access import ThePlatform

router = APIRouter(prefix="/health", tags=["health"])

_SECONDS: Final = 2.0
_log = logging.getLogger(__name__)


class Live(BaseModel):
    """It lives."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """Whether to send calls here, and what answers."""

    status: Literal["ready", "draining", "not ready"]
    checks: dict[str, Literal["ok", "failing"]] = Field(
        description="Without its database a server is not ready. Without the other instances it "
        "is: it goes on with the sessions that it has."
    )


@router.get("/live")
async def live() -> Live:
    """Answer as long as the process can; if it does not, start it again."""
    return Live()


@router.get("/ready", responses={503: {"model": Ready, "description": "Not now."}})
async def ready(platform: ThePlatform, response: Response) -> Ready:
    """Tell whether to send calls here."""
    found: dict[str, Literal["ok", "failing"]] = {}
    instances: list[Instance] = []

    async def database() -> None:
        async with platform.database.read() as transaction:
            await transaction.execute(text("SELECT 1"))

    async def cluster() -> None:
        instances.extend(await platform.hosting.registry.instances())

    async def look(name: str, check: Callable[[], Awaitable[None]]) -> None:
        found[name] = "failing"
        try:
            with anyio.fail_after(_SECONDS):
                await check()
        except Exception as error:  # noqa: BLE001  # whatever is wrong, it does not answer
            _log.warning("%s: %s", name, error)
        else:
            found[name] = "ok"

    async with anyio.create_task_group() as group:
        group.start_soon(look, "database", database)
        group.start_soon(look, "cluster", cluster)
    status: Literal["ready", "draining", "not ready"] = "ready"
    if found["database"] == "failing":
        status = "not ready"
    elif any(it.draining for it in instances if it.name == platform.settings.instance):
        status = "draining"
    if status != "ready":
        response.status_code = 503
    return Ready(status=status, checks=found)
