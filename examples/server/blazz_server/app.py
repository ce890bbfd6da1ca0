"""The application: its parts, its routes, and what holds for every answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from blazz.security.request_signing import RequestVerifier
from blazz_server import documentation, health
from blazz_server.accounts.api import keys, logins, workspaces
from blazz_server.accounts.signed_calls import SignedCalls
from blazz_server.campaigns.api import router as campaigns
from blazz_server.chats.api import router as chats
from blazz_server.dashboard import api as dashboard
from blazz_server.edge import problems
from blazz_server.edge.bodies import LimitedBodies
from blazz_server.edge.headers import CarefulHeaders
from blazz_server.hosting.api import router as hosting
from blazz_server.incoming import api as incoming
from blazz_server.live import api as live
from blazz_server.monitoring import api as monitoring
from blazz_server.monitoring.requests import MeasuredRequests
from blazz_server.platform import open_platform
from blazz_server.settings import Settings
from blazz_server.webhooks import api as webhooks


def create_app(
    settings: Settings | None = None, *, failed: Callable[[], object] | None = None
) -> FastAPI:
    """Make the application; its parts open when it starts, and `failed` is told of their end."""
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.platform = await open_platform(chosen, stack, failed=failed)
            yield

    app = FastAPI(
        title="blazz server",
        version="1",
        description=documentation.DESCRIPTION,
        responses=documentation.ERRORS,
        lifespan=lifespan,
        openapi_url=None,  # `documentation` serves these: FastAPI's pages load scripts from
        docs_url=None,  # elsewhere
        redoc_url=None,
    )
    problems.install(app)
    documentation.install(app)
    _add_routes(app)
    _add_middleware(app, chosen)
    app.add_middleware(MeasuredRequests)
    return app


def _add_routes(app: FastAPI) -> None:
    # Routes are tried one after another: those that are called most stand first.
    app.include_router(incoming.router)
    app.include_router(chats)
    for module in (workspaces, keys, logins, health, live, monitoring):
        app.include_router(module.router)
    live.install(app)
    app.include_router(hosting)
    app.include_router(campaigns)
    app.include_router(webhooks.router)
    dashboard.install(app)


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """Add what every call passes; what is added last is passed first."""
    secrets = settings.cluster_secrets
    verifier = RequestVerifier(secrets, receiver=settings.instance) if secrets else None
    app.add_middleware(SignedCalls, verifier=verifier)
    app.add_middleware(LimitedBodies, limit=settings.body_limit)
    app.add_middleware(CarefulHeaders, https=settings.secure_cookies)
