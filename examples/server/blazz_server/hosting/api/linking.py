"""Routes with which an account is linked to a session: QR codes and pairing codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from blazz import addresses
from blazz.pairing import PairingCode, QrCode
from blazz_server.accounts.access import Principal, Scope, needs
from blazz_server.errors import ApiError
from blazz_server.hosting.routing import HostedRunning, OwnedRoute
from blazz_server.hosting.running import RunningSession

_WAIT: Final = 20.0
_UNCACHED: Final = {"Cache-Control": "no-store"}
router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}",
    tags=["sessions"],
    route_class=OwnedRoute,
)


class QrOut(BaseModel):
    """A QR code; whoever scans it links their account to the session."""

    data: str = Field(description="The text in it.")
    svg: str = Field(description="The code as an image.")
    expires_at: datetime
    attempt: int


class Phone(BaseModel):
    """The phone of the account that is to be linked."""

    phone: str = Field(min_length=5, max_length=30, examples=["+62 811-0000-0001"])


class CodeOut(BaseModel):
    """A code to be typed in on the phone."""

    code: str
    expires_at: datetime | None


@router.get("/qr")
async def qr(
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)], running: HostedRunning
) -> QrOut:
    """Give the QR code that is to be scanned now; waits until there is one.

    Looking changes nothing: while a code is to be typed in, that goes on
    (`409 pairing_code_pending`), and where no code is shown any more, none begins
    (`409 pairing_ended`). `POST` asks for one.
    """
    return _out(await _qr(running))


@router.post("/qr")
async def show_qr(
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)], running: HostedRunning
) -> QrOut:
    """Ask for a QR code: after a logout, or when nobody scanned one in time.

    A code that is to be typed in ends with it; a QR code that is shown already stays.
    """
    _check_unlinked(running)
    pairing = running.pairing
    if pairing.by_phone or not pairing.is_under_way:
        pairing.ask()
    return _out(await _qr(running))


@router.get("/qr.png", response_class=Response)
async def qr_png(
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    running: HostedRunning,
    scale: Annotated[int, Query(ge=1, le=20, description="Pixels of a module.")] = 8,
) -> Response:
    """Give the QR code that is to be scanned now, as a PNG image."""
    code = await _qr(running)
    return Response(code.as_png(scale=scale), media_type="image/png", headers=_UNCACHED)


@router.get("/qr.svg", response_class=Response)
async def qr_svg(
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)], running: HostedRunning
) -> Response:
    """Give the QR code that is to be scanned now, as an SVG image."""
    code = await _qr(running)
    return Response(code.as_svg(), media_type="image/svg+xml", headers=_UNCACHED)


@router.post("/pairing-code")
async def pairing_code(
    body: Phone,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    running: HostedRunning,
) -> CodeOut:
    """Give a code that is typed in on the phone, in place of a QR code."""
    _check_unlinked(running)
    phone = addresses.parse_phone(body.phone)
    running.pairing.ask(str(phone))
    code = await running.pairing.code(wait=_WAIT)
    if not isinstance(code, PairingCode):
        raise _no_code(running)
    return CodeOut(code=code.code, expires_at=code.expires_at)


async def _qr(running: RunningSession) -> QrCode:
    _check_unlinked(running)
    if running.pairing.by_phone:
        detail = "a code is to be typed in on the phone; POST …/qr asks for one to scan instead"
        raise ApiError(409, "pairing_code_pending", detail)
    code = await running.pairing.code(wait=_WAIT)
    if not isinstance(code, QrCode):
        raise _no_code(running)
    return code


def _out(code: QrCode) -> QrOut:
    return QrOut(
        data=code.data, svg=code.as_svg(), expires_at=code.expires_at, attempt=code.attempt
    )


def _check_unlinked(running: RunningSession) -> None:
    if not running.pairing.is_needed:
        session = running.session
        raise ApiError(
            409, "session_not_pairing", f"the session is {session.state}; it needs no code"
        )


def _no_code(running: RunningSession) -> ApiError:
    pairing = running.pairing
    if not pairing.is_needed:
        return ApiError(409, "session_not_pairing", "the session was linked meanwhile")
    if not pairing.is_under_way:
        problem = pairing.problem or "no code is shown"
        return ApiError(409, "pairing_ended", f"{problem}; POST …/qr asks for a code")
    detail = "WhatsApp has shown no code yet"
    return ApiError(409, "no_code", detail, headers={"Retry-After": "5"})
