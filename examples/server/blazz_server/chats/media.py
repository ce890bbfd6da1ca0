"""Files: which of them a session may use, and the content of those that no provider keeps."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

import anyio.to_thread
from sqlalchemy import delete, select
from sqlalchemy.orm import undefer

from blazz.errors import InvalidValue
from blazz.messages import Audio, Document, Image, MediaId, Sticker, Upload, Video
from blazz.messages import Media as MediaMessage
from blazz.providers.base import Capability
from blazz.session import Session
from blazz_server.chats.kinds import Kind, Sources
from blazz_server.chats.links import Links
from blazz_server.chats.pieces import Pieces
from blazz_server.chats.tables import MediaFile, Message
from blazz_server.database import Database, utc_now
from blazz_server.database.ids import new_id
from blazz_server.errors import not_found

KEPT: Final = timedelta(days=30)
"""How long an upload can be used; Meta's, too, are kept for 30 days."""
_START: Final = 64
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9._ -]")
_SHOWN: Final = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/webp",
        "video/mp4",
        "video/3gpp",
        "audio/aac",
        "audio/amr",
        "audio/mpeg",
        "audio/mp4",
        "audio/ogg",
        "application/pdf",
        "text/plain",
    }
)
"""Types that are told to a browser; all others are just bytes, which it does not run."""
# How files begin whose type a browser or a phone would act upon.
_STARTS: Final = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
    "audio/ogg": (b"OggS",),
    "audio/amr": (b"#!AMR",),
    "application/pdf": (b"%PDF-",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file on its way to a caller.

    Attributes:
        mime_type: What a browser may take it for.
        filename: What to save it as.
        pieces: Its content.
    """

    mime_type: str
    filename: str
    pieces: AsyncIterator[bytes]

    @property
    def headers(self) -> dict[str, str]:
        """What keeps a browser from taking it for a page of ours."""
        return {
            "Content-Disposition": disposition(self.filename),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=3600",
        }


class MediaShelf:
    """The files of all sessions, each seen by its own session alone.

    Several sessions may use the same access token, with which Meta gives out the files of all of
    them. So a file is only given to the session that uploaded or received it.

    Args:
        database: Where it is written whose a file is.
        links: Fetches what links lead to.
    """

    def __init__(self, database: Database, links: Links) -> None:
        self._database = database
        self._links = links
        self._pieces = Pieces(database)

    async def sources(
        self, session: Session, *kinds: Kind | None, files: ExitStack | None = None
    ) -> Sources:
        """What the files are that messages name.

        Args:
            session: The session that sends them.
            kinds: The messages.
            files: Closed when they are sent: until then, content that no provider keeps is in files
                on this machine; without it such content is in memory, and can go elsewhere.

        Raises:
            ApiError: There is no such file, or a link cannot be fetched.
        """
        found: dict[str, MediaId | Upload] = {}
        for kind in kinds:
            if kind is None:
                continue
            for media_id in kind.media_ids():
                found[media_id] = await self._source(session, media_id, files)
            # WhatsApp fetches links by itself; but for WhatsApp Web this server has to.
            if Capability.UPLOAD_MEDIA not in session.provider.capabilities:
                for link in kind.links():
                    found[link] = await self._links.fetch(link)
        return found

    async def keep(
        self, session: Session, content: Path, *, mime_type: str, filename: str
    ) -> MediaFile:
        """Take an upload.

        Raises:
            InvalidValue: It is empty, too large, or not of its type.
            Refused: The provider did not take it.
        """
        size, start = await anyio.to_thread.run_sync(_look_at, content)
        check(mime_type, size, start)
        row = MediaFile(
            workspace=session.workspace,
            session=session.name,
            id=new_id("media"),
            mime_type=mime_type,
            filename=filename,
            size=size,
            created_at=utc_now(),
            content=None,
        )
        if session.can(Capability.UPLOAD_MEDIA):
            uploaded = await session.upload(content, mime_type=mime_type, filename=filename)
            row.id = uploaded.value
        else:
            row.pieces = await self._pieces.store(row, content)
        async with self._database.begin() as transaction:
            await transaction.merge(row)
        return row

    async def download(self, session: Session, media_id: str) -> Download:
        """Give a file of a session, one that it uploaded or received.

        Raises:
            ApiError: There is no such file.
            BlazzError: The provider does not give it.
        """
        uploaded = await self._uploaded(session, media_id)
        pieces = session.download(media_id)
        if uploaded is not None:
            mime_type, filename = uploaded.mime_type, uploaded.filename
            if _is_kept(uploaded):
                pieces = self._pieces.read(uploaded)
        else:
            content = await self._received(session, media_id)
            if content is None:
                raise not_found("media", media_id)
            mime_type = str(content.get("mime_type") or "application/octet-stream")
            filename = str(content.get("filename") or content.get("type") or "file")
        begun = await _begun(pieces)
        return Download(mime_type=shown_as(mime_type), filename=filename, pieces=begun)

    async def forget_old(self) -> None:
        """Forget uploads that can no longer be used."""
        old = utc_now() - KEPT
        async with self._database.begin() as transaction:
            await transaction.execute(delete(MediaFile).where(MediaFile.created_at < old))
        await self._pieces.forget_old(old)

    async def _source(
        self, session: Session, media_id: str, files: ExitStack | None
    ) -> MediaId | Upload:
        row = await self._uploaded(session, media_id)
        if row is not None and _is_kept(row):
            content: bytes | Path
            if files is None:
                content = b"".join([piece async for piece in self._pieces.read(row)])
            else:
                content = await self._pieces.as_file(row, files)
            return Upload(content, row.mime_type, row.filename)
        if row is None and await self._received(session, media_id) is None:
            raise not_found("media", media_id)
        return MediaId(media_id)

    async def _uploaded(self, session: Session, media_id: str) -> MediaFile | None:
        query = select(MediaFile).where(
            MediaFile.workspace == session.workspace,
            MediaFile.session == session.name,
            MediaFile.id == media_id,
            MediaFile.created_at > utc_now() - KEPT,
        )
        query = query.options(undefer(MediaFile.content))
        async with self._database.read() as transaction:
            return (await transaction.scalars(query)).first()

    async def _received(self, session: Session, media_id: str) -> dict[str, object] | None:
        query = select(Message.content).where(
            Message.workspace == session.workspace,
            Message.session == session.name,
            Message.media_id == media_id,
        )
        async with self._database.read() as transaction:
            return (await transaction.scalars(query.limit(1))).first()


def _is_kept(row: MediaFile) -> bool:
    """Whether this server keeps the content, because the provider does not."""
    return row.content is not None or row.pieces is not None


def _look_at(content: Path) -> tuple[int, bytes]:
    with content.open("rb") as file:
        return content.stat().st_size, file.read(_START)


def check(mime_type: str, size: int, start: bytes) -> None:
    r"""Check an upload against what WhatsApp takes, and against what it claims to be.

    Raises:
        InvalidValue: It is empty, too large, or another type of file than it says.

    Example:
        >>> check("image/png", 8, b"\x89PNG\r\n\x1a\n")
    """
    kind = mime_type.partition(";")[0].strip().lower()
    message: type[MediaMessage] = Document
    for each in (Image, Video, Audio, Sticker):
        if kind in each.mime_types:
            message = each
    message.check_content(kind, size, start)
    starts = _STARTS.get(kind)
    if starts is not None and not start.startswith(starts):
        raise InvalidValue("file", f"must be what its type {kind} says", start[:16])


def shown_as(mime_type: str) -> str:
    """The type that a browser is told.

    Example:
        >>> shown_as("image/png"), shown_as("text/html"), shown_as("audio/ogg; codecs=opus")
        ('image/png', 'application/octet-stream', 'audio/ogg')
    """
    kind = mime_type.partition(";")[0].strip().lower()
    return kind if kind in _SHOWN else "application/octet-stream"


def disposition(filename: str) -> str:
    r"""The header that names a file, whatever its name holds (RFC 6266).

    Example:
        >>> disposition('faktur "mei".pdf')
        'attachment; filename="faktur _mei_.pdf"; filename*=UTF-8\'\'faktur%20%22mei%22.pdf'
    """
    name = filename.encode("utf-8", "replace").decode().rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    name = "".join(it for it in name if it.isprintable())[:200] or "file"
    plain = _FOREIGN.sub("_", name).strip() or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Wait for the first piece: what is wrong shows now, while a status can still tell it."""
    try:
        first = await anext(pieces)
    except StopAsyncIteration:
        first = b""

    async def again() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return again()
