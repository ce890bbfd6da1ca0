"""Files: upload one to send it, download one that came."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path as FilePath
from tempfile import NamedTemporaryFile
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, File, Path, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from blazz.errors import InvalidValue
from blazz.messages.media import check_filename
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.hosting.routing import HostedSession, OwnedRoute

router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}/media",
    tags=["media"],
    route_class=OwnedRoute,
)
MediaId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:@-]{1,256}$")]
_PIECE = 256 * 1024


class Uploaded(BaseModel):
    """A file that can be sent for 30 days."""

    media_id: str = Field(description="What messages name it by.")
    mime_type: str
    filename: str
    size: int


@router.post("", status_code=HTTPStatus.CREATED)
async def upload(
    caller: Annotated[Principal, needs(Scope.MESSAGES_SEND)],
    hosted: HostedSession,
    platform: ThePlatform,
    file: Annotated[UploadFile, File(description="Its part names its type and its file name.")],
) -> Uploaded:
    """Upload a file, to name it in messages of this session."""
    mime_type = (file.content_type or "").strip().lower()
    if not mime_type.isascii() or "/" not in mime_type or len(mime_type) > 255:
        raise InvalidValue("file", "its part must name a type such as image/png", mime_type)
    filename = file.filename or "file"
    check_filename("file", filename)
    with NamedTemporaryFile(prefix="blazz-upload-") as kept:
        while piece := await file.read(_PIECE):
            await anyio.to_thread.run_sync(kept.write, piece)
        await anyio.to_thread.run_sync(kept.flush)
        row = await platform.chats.media.keep(
            hosted, FilePath(kept.name), mime_type=mime_type, filename=filename
        )
    return Uploaded(media_id=row.id, mime_type=row.mime_type, filename=row.filename, size=row.size)


@router.get(
    "/{media_id}",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def download(
    caller: Annotated[Principal, needs(Scope.MESSAGES_READ)],
    hosted: HostedSession,
    platform: ThePlatform,
    media_id: MediaId,
) -> StreamingResponse:
    """Download a file that this session received or uploaded."""
    found = await platform.chats.media.download(hosted, media_id)
    return StreamingResponse(found.pieces, headers=found.headers, media_type=found.mime_type)
