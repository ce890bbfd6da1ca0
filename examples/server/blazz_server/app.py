"""The application: its parts, its routes, and what holds for every answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from blazz.security.request_signing import RequestVerifier
from blazz.security.secret import Secret
from blazz_server import errors
from blazz_server.accounts.api import keys, logins, workspaces
from blazz_server.accounts.signed_calls import SignedCalls
from blazz_server.platform import open_platform
from blazz_server.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application; its parts open when it starts."""
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.platform = await open_platform(chosen, stack)
            yield

    app = FastAPI(title="blazz server", version="1", lifespan=lifespan)
    errors.install(app)
    for module in (workspaces, keys, logins):
        app.include_router(module.router)
    app.add_middleware(SignedCalls, verifier=_verifier(chosen), max_body=chosen.max_body)
    return app


def _verifier(settings: Settings) -> RequestVerifier | None:
    secret = settings.cluster_secret.get_secret_value()
    return RequestVerifier([Secret(secret)]) if secret else None
