"""Health: whether this process lives, and whether it should be sent calls."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import anyio
from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text

from blazz_server.accounts.access import ThePlatform
from blazz_server.platform import Platform

router = APIRouter(prefix="/health", tags=["health"])

_SECONDS: Final = 2.0
_log = logging.getLogger(__name__)


class Live(BaseModel):
    """It lives."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """Whether to send calls here, and what is missing."""

    status: Literal["ready", "not ready"]
    checks: dict[str, Literal["ok", "failing"]]


@router.get("/live")
async def live() -> Live:
    """Answer as long as the process can; if it does not, start it again."""
    return Live()


@router.get("/ready", responses={503: {"model": Ready, "description": "Not now."}})
async def ready(platform: ThePlatform, response: Response) -> Ready:
    """Tell whether to send calls here: what this instance needs answers, and it is not stopping."""
    checks = _checks(platform)
    found: dict[str, Literal["ok", "failing"]] = {}

    async def look(name: str, check: Callable[[], Awaitable[None]]) -> None:
        found[name] = "failing"
        try:
            with anyio.fail_after(_SECONDS):
                await check()
        except Exception as error:  # noqa: BLE001  # whatever is wrong, it is not ready
            _log.warning("not ready: %s: %s", name, error)
        else:
            found[name] = "ok"

    async with anyio.create_task_group() as group:
        for name, check in checks.items():
            group.start_soon(look, name, check)
    if "failing" in found.values():
        response.status_code = 503
        return Ready(status="not ready", checks=found)
    return Ready(status="ready", checks=found)


def _checks(platform: Platform) -> dict[str, Callable[[], Awaitable[None]]]:
    async def database() -> None:
        async with platform.database.read() as transaction:
            await transaction.execute(text("SELECT 1"))

    return {"database": database}
