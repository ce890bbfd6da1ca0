"""Templates: list, look up, submit, delete, where the provider has them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from blazz.errors import NotSupported
from blazz.providers.base import Capability
from blazz.session import Session
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.errors import not_found
from blazz_server.hosting.routing import HostedSession, OwnedRoute

router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}/templates",
    tags=["templates"],
    route_class=OwnedRoute,
)
TemplateName = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,512}$", examples=["promo"])]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$", examples=["id"])]
Reader = Annotated[Principal, needs(Scope.TEMPLATES_READ)]
Writer = Annotated[Principal, needs(Scope.TEMPLATES_WRITE)]
_MOST = 1_000


class NewTemplate(BaseModel):
    """A template to submit for approval."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "promo",
                    "language": "id",
                    "category": "MARKETING",
                    "components": [
                        {
                            "type": "BODY",
                            "text": "Halo {{1}}, kode {{2}}",
                            "example": {"body_text": [["Budi", "HEMAT10"]]},
                        }
                    ],
                }
            ]
        },
    )

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Language
    category: Literal["MARKETING", "UTILITY", "AUTHENTICATION"]
    components: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=20)]
    parameter_format: Literal["NAMED", "POSITIONAL"] | None = None


class TemplateOut(BaseModel):
    """A template of the account."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    language: str
    status: str = Field(examples=["APPROVED", "PENDING", "REJECTED"])
    category: str
    components: list[dict[str, Any]]
    parameter_format: str | None = None
    quality_score: dict[str, Any] | None = None
    rejected_reason: str | None = None


class TemplateList(BaseModel):
    """The templates of the account."""

    items: list[TemplateOut]


@router.get("")
async def list_templates(
    caller: Reader,
    hosted: HostedSession,
    name: Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,512}$")] = None,
    status: Annotated[str | None, Query(pattern=r"^[A-Z_]{1,40}$")] = None,
) -> TemplateList:
    """The templates of the session's account."""
    items: list[TemplateOut] = []
    async for template in _templates(hosted).list(name=name, status=status):
        items.append(TemplateOut.model_validate(template))
        if len(items) >= _MOST:
            break
    return TemplateList(items=items)


@router.get("/{name}/{language}")
async def get(
    caller: Reader,
    hosted: HostedSession,
    name: TemplateName,
    language: Annotated[str, Path(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")],
) -> TemplateOut:
    """One template, by its name and language."""
    found = await _templates(hosted).get(name, language)
    if found is None:
        raise not_found("template", f"{name}/{language}")
    return TemplateOut.model_validate(found)


@router.post("", status_code=HTTPStatus.CREATED)
async def create(
    caller: Writer, hosted: HostedSession, platform: ThePlatform, new: NewTemplate
) -> TemplateOut:
    """Submit a template; Meta decides whether it is approved."""
    made = await _templates(hosted).create(
        new.name,
        language=new.language,
        category=new.category,
        components=new.components,
        parameter_format=new.parameter_format,
    )
    return TemplateOut.model_validate(made)


@router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT)
async def delete(
    caller: Writer,
    hosted: HostedSession,
    name: TemplateName,
    template_id: Annotated[str | None, Query(pattern=r"^[0-9A-Za-z_-]{1,64}$")] = None,
) -> None:
    """Delete a template in all its languages, or only the one of an id."""
    await _templates(hosted).delete(name, template_id=template_id)


def _templates(session: Session) -> Any:  # noqa: ANN401  # what the capability says it has
    if not session.can(Capability.TEMPLATES):
        raise NotSupported(f"{session.provider.name} has no templates")
    provider: Any = session.provider
    return provider.templates
