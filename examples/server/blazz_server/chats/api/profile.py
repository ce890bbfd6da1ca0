"""The profile: what others see of the account."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from blazz.errors import InvalidValue, NotSupported
from blazz.providers.base import Capability
from blazz.session import Session
from blazz_server.accounts.access import Principal, Scope, needs
from blazz_server.hosting.routing import HostedSession, OwnedRoute

router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}/profile",
    tags=["profile"],
    route_class=OwnedRoute,
)
Website = Annotated[str, Field(max_length=256, pattern=r"^https?://\S+$")]


class Profile(BaseModel):
    """What others see; which fields there are depends on the provider."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=25)] | None = Field(
        default=None, description="WhatsApp Web only; Meta sets the name of a business."
    )
    about: Annotated[str, Field(min_length=1, max_length=139)] | None = None
    address: Annotated[str, Field(max_length=256)] | None = None
    description: Annotated[str, Field(max_length=512)] | None = None
    email: Annotated[str, Field(max_length=128)] | None = None
    websites: Annotated[list[Website], Field(max_length=2)] | None = None
    vertical: Annotated[str, Field(pattern=r"^[A-Z_]{1,40}$")] | None = None


class ProfileOut(BaseModel):
    """What others see; null where the provider has no such thing, or nothing is set."""

    name: str | None = None
    about: str | None = None
    address: str | None = None
    description: str | None = None
    email: str | None = None
    websites: list[str] | None = None
    vertical: str | None = None
    profile_picture_url: str | None = None


@router.get("")
async def get(
    caller: Annotated[Principal, needs(Scope.SESSIONS_READ)], hosted: HostedSession
) -> ProfileOut:
    """What others see of the account."""
    found = await _profile(hosted).get()
    values = {name: getattr(found, name, None) for name in ProfileOut.model_fields}
    if values["websites"] is not None:
        values["websites"] = list(values["websites"])
    return ProfileOut(**values)


@router.patch("", status_code=HTTPStatus.NO_CONTENT)
async def update(
    caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    hosted: HostedSession,
    body: Profile,
) -> None:
    """Change what is given, and leave the rest."""
    changes = body.model_dump(exclude_none=True)
    if not changes:
        raise InvalidValue("profile", "at least one field must change", changes)
    profile = _profile(hosted)
    if hasattr(profile, "update"):
        if "name" in changes:
            raise NotSupported(f"{hosted.provider.name} cannot change the name")
        await profile.update(**changes)
        return
    foreign = set(changes) - {"name", "about"}
    if foreign:
        raise NotSupported(f"{hosted.provider.name} has no {', '.join(sorted(foreign))}")
    if "name" in changes:
        await profile.set_name(changes["name"])
    if "about" in changes:
        await profile.set_about(changes["about"])


def _profile(session: Session) -> Any:  # noqa: ANN401  # what the capability says it has
    if not session.can(Capability.PROFILE):
        raise NotSupported(f"{session.provider.name} has no profile that can be read")
    provider: Any = session.provider
    return provider.profile
