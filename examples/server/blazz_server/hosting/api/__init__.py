"""Routes of sessions, of instances, and of the sandbox."""

from __future__ import annotations

from fastapi import APIRouter

from blazz_server.hosting.api import credentials, instances, linking, phones, sessions

router = APIRouter()
for module in (sessions, credentials, linking, phones, instances):
    router.include_router(module.router)
