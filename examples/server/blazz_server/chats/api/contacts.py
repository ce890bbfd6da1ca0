"""People: who a session knows, who is on WhatsApp, whom it has blocked."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from blazz import addresses
from blazz.errors import NotSupported
from blazz.providers.base import Capability
from blazz.session import Session
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.chats.requests import ContactOut, To
from blazz_server.errors import not_found
from blazz_server.hosting.routing import HostedSession, OwnedRoute
from blazz_server.paging import After, Limit, Page, page_of

router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}",
    tags=["contacts"],
    route_class=OwnedRoute,
)
Person = Annotated[str, Path(min_length=3, max_length=160, examples=["+6281234567890"])]
Reader = Annotated[Principal, needs(Scope.CONTACTS_READ)]
Sender = Annotated[Principal, needs(Scope.MESSAGES_SEND)]


class Numbers(BaseModel):
    """Numbers to look up."""

    model_config = ConfigDict(extra="forbid")

    numbers: Annotated[list[To], Field(min_length=1, max_length=50)]


class NumberFound(BaseModel):
    """Whether a number is on WhatsApp."""

    number: str
    exists: bool
    business: bool
    address: str | None


class Blocked(BaseModel):
    """Whom a session has blocked."""

    items: list[str]


@router.get("/contacts")
async def list_contacts(
    caller: Reader,
    workspace: str,
    session: str,
    platform: ThePlatform,
    *,
    limit: Limit = 50,
    after: After = "",
    search: Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = "",
) -> Page[ContactOut]:
    """The people that a session knows, by their addresses."""
    await platform.hosting.records.get(workspace, session)
    rows = await platform.chats.store.contacts(
        workspace, session, after=after.replace("\0", ""), limit=limit + 1, search=search
    )
    return page_of(rows, limit, item=ContactOut.of, cursor=lambda row: row["address"])


@router.post("/contacts/check")
async def check(caller: Reader, hosted: HostedSession, body: Numbers) -> list[NumberFound]:
    """Tell which numbers are on WhatsApp, where the provider can."""
    found = await hosted.check(body.numbers)
    return [
        NumberFound(
            number=str(it.phone),
            exists=it.exists,
            business=it.business,
            address=None if it.person.address is None else str(it.person.address),
        )
        for it in found
    ]


@router.get("/contacts/blocked")
async def blocked(caller: Reader, hosted: HostedSession) -> Blocked:
    """Whom the session has blocked, where the provider can tell."""
    people = await _contacts(hosted).blocked()
    return Blocked(items=[str(it.address) for it in people if it.address is not None])


@router.put("/contacts/{person}/blocked", status_code=HTTPStatus.NO_CONTENT)
async def block(caller: Sender, hosted: HostedSession, person: Person) -> None:
    """Get no more messages from somebody, where the provider can."""
    await _contacts(hosted).block(hosted.address(person))


@router.delete("/contacts/{person}/blocked", status_code=HTTPStatus.NO_CONTENT)
async def unblock(caller: Sender, hosted: HostedSession, person: Person) -> None:
    """Get messages from somebody again."""
    await _contacts(hosted).unblock(hosted.address(person))


@router.get("/contacts/{person}")
async def get(
    caller: Reader, workspace: str, session: str, platform: ThePlatform, person: Person
) -> ContactOut:
    """One person."""
    await platform.hosting.records.get(workspace, session)
    address = str(addresses.parse(person))
    row = await platform.chats.store.contact(workspace, session, address)
    if row is None:
        raise not_found("contact", person)
    return ContactOut.of(row)


def _contacts(session: Session) -> Any:  # noqa: ANN401  # what the capability says it has
    if not session.can(Capability.CHATS):
        raise NotSupported(f"{session.provider.name} has no block list that can be changed")
    provider: Any = session.provider
    return provider.contacts
