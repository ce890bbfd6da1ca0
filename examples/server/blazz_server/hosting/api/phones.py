"""Routes of the sandbox: simulated phones, and users of simulated numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from blazz import addresses
from blazz.sandbox.web.received import ReceivedMessage
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.errors import ApiError
from blazz_server.hosting.kinds import sandbox_ids

Number = Annotated[str, Path(min_length=5, max_length=30, examples=["+6281234567890"])]
router = APIRouter(prefix="/v1/workspaces/{workspace}/sandbox", tags=["sandbox"])


class Naming(BaseModel):
    """Whose phone it is."""

    title: str = Field(default="", max_length=100, examples=["Budi"])


class PhoneOut(BaseModel):
    """A simulated phone."""

    number: str
    title: str


class Scan(BaseModel):
    """A QR code that is scanned."""

    qr: str = Field(min_length=1, max_length=2953, description="The text in the code.")


class Typed(BaseModel):
    """A pairing code that is typed in."""

    code: str = Field(min_length=1, max_length=20)


class Device(BaseModel):
    """What was linked."""

    device: int


class Writing(BaseModel):
    """A text that the owner of the phone writes."""

    to: str = Field(min_length=5, max_length=60, examples=["+6281100000001"])
    text: str = Field(min_length=1, max_length=4096, examples=["Halo"])


class Written(BaseModel):
    """A message that was written."""

    message_id: str


class PhoneMessage(BaseModel):
    """A message as the phone shows it."""

    id: str
    sender: str
    text: str | None
    quoted: str | None


class UserWriting(BaseModel):
    """A text that a user writes to the number of a sandbox session."""

    session: str = Field(min_length=1, max_length=63, examples=["shop"])
    text: str = Field(min_length=1, max_length=4096, examples=["Halo"])


@router.get("/phones")
async def index(
    workspace: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_READ)],
    platform: ThePlatform,
) -> list[PhoneOut]:
    """List the simulated phones of a workspace."""
    rows = await platform.hosting.phones.list(workspace)
    return [PhoneOut(number=row.number, title=row.title) for row in rows]


@router.put("/phones/{number}")
async def take(
    workspace: str,
    number: Number,
    body: Naming,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> PhoneOut:
    """Make a simulated phone, or name it anew."""
    row = await platform.hosting.phones.take(workspace, number, title=body.title)
    return PhoneOut(number=row.number, title=row.title)


@router.post("/phones/{number}/scan")
async def scan(
    workspace: str,
    number: Number,
    body: Scan,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> Device:
    """Scan a QR code with a simulated phone."""
    phone = await platform.hosting.phones.find(workspace, number)
    with platform.hosting.phones.answers():
        return Device(device=await phone.scan(body.qr))


@router.post("/phones/{number}/code")
async def enter_code(
    workspace: str,
    number: Number,
    body: Typed,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> Device:
    """Type a pairing code in on a simulated phone."""
    phone = await platform.hosting.phones.find(workspace, number)
    with platform.hosting.phones.answers():
        return Device(device=await phone.enter_code(body.code))


@router.post("/phones/{number}/messages", status_code=201)
async def write(
    workspace: str,
    number: Number,
    body: Writing,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> Written:
    """Write a text with a simulated phone."""
    phone = await platform.hosting.phones.find(workspace, number)
    with platform.hosting.phones.answers():
        return Written(message_id=await phone.send_text(body.to, body.text))


@router.get("/phones/{number}/messages")
async def read(
    workspace: str,
    number: Number,
    chat: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_READ)],
    platform: ThePlatform,
) -> list[PhoneMessage]:
    """Read a chat on a simulated phone, the oldest message first."""
    phone = await platform.hosting.phones.find(workspace, number)
    with platform.hosting.phones.answers():
        return [_message(it) for it in await phone.messages(chat)]


@router.post("/users/{number}/messages", status_code=201)
async def write_to_number(
    workspace: str,
    number: Number,
    body: UserWriting,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_WRITE)],
    platform: ThePlatform,
) -> Written:
    """Write a text, as a user with this number, to the number of a sandbox session."""
    row = await platform.hosting.records.get(workspace, body.session)
    if row.kind != "sandbox":
        detail = f"session {body.session!r} is of the kind {row.kind}; write with a phone to it"
        raise ApiError(409, "not_a_sandbox_session", detail)
    phone_number_id, _ = sandbox_ids(workspace, row.name)
    phone = str(addresses.parse_phone(number))
    user = platform.hosting.sandbox.user(phone, phone_number_id=phone_number_id)
    return Written(message_id=await user.types(body.text))


def _message(message: ReceivedMessage) -> PhoneMessage:
    return PhoneMessage(
        id=message.id, sender=message.sender, text=message.text, quoted=message.quoted
    )
