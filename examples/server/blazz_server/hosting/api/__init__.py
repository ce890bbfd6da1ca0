"""Routes of sessions, of instances, and of the sandbox."""

from __future__ import annotations

from fastapi import APIRouter

from blazz_server.hosting.api import instances, linking, phones, sessions

router = APIRouter()
for module in (sessions, linking, phones, instances):
    router.include_router(module.router)
