"""Adds the dashboard to an application."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from blazz_server.dashboard.pages import (
    accounts,
    campaigns,
    chats,
    instances,
    sessions,
    webhooks,
)
from blazz_server.dashboard.rendering import HERE

router = APIRouter(include_in_schema=False)
for module in (accounts, sessions, chats, campaigns, webhooks, instances):
    router.include_router(module.router)


def install(app: FastAPI) -> None:
    """Serve the pages, and the styles and scripts that they need."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
