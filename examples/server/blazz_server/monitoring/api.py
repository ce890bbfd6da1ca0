"""What Prometheus reads."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Depends, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request

from blazz_server.accounts.access import Needs, Scope, ThePlatform, authenticated

router = APIRouter(tags=["monitoring"])

_BEARER = HTTPBearer(scheme_name="API key", auto_error=False)


async def _may_read(
    request: Request,
    platform: ThePlatform,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)] = None,
) -> None:
    """Let in whoever is in an allowed network, or has a key for it.

    Raises:
        ApiError: Neither.
    """
    if bearer is None and _is_near(request, platform):
        return
    principal = await authenticated(request, platform, bearer)
    await Needs(Scope.METRICS_READ)(request, platform, principal)


def _is_near(request: Request, platform: ThePlatform) -> bool:
    """Whether the caller is in an allowed network; headers are believed of named proxies only."""
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return any(address in network for network in platform.settings.metrics_networks)


@router.get(
    "/metrics",
    dependencies=[Depends(_may_read)],
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus' text format."}},
)
async def metrics(platform: ThePlatform) -> Response:
    """Give all measures of this instance.

    Needs a key with `metrics:read`, or an address in `BLAZZ_SERVER_METRICS_NETWORKS`.
    """
    body = await run_in_threadpool(generate_latest, platform.monitoring.registry)
    return Response(body, media_type=CONTENT_TYPE_LATEST)
