"""Media: uploading, downloading and deleting files, streamed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import mkstemp
from typing import Final

import anyio
import anyio.to_thread
from pydantic import PrivateAttr

from blazz.errors import ConfigurationError, InvalidValue, UnreadableAnswer
from blazz.providers.meta_cloud.faults import GraphError
from blazz.providers.meta_cloud.graph import Graph
from blazz.providers.meta_cloud.resources.base import AccountAccess, Answer, read_answer
from blazz.providers.meta_cloud.resources.multipart import FileForm

LARGEST_FILE: Final = 100 * 1024 * 1024
"""Bytes of the largest document that WhatsApp takes (Meta, "Media", December 2025)."""

ADDRESS_LIVES: Final = 5 * 60.0
"""Seconds that the address of a file is valid (Meta, "Retrieve media URL")."""

_TO_BE_SAFE: Final = 15.0


class MediaInfo(Answer):
    """A file that WhatsApp holds.

    Attributes:
        id: Its id.
        url: Where it can be read for 5 minutes, with the access token.
        mime_type: Such as `image/jpeg`.
        sha256: The digest of its content, in hexadecimal digits or base64.
        file_size: Bytes.
    """

    id: str
    url: str
    mime_type: str = ""
    sha256: str = ""
    file_size: int = 0
    _asked_at: float = PrivateAttr(default_factory=time.monotonic)

    def expired(self, now: float | None = None) -> bool:
        """Whether the address is about to expire or has; `now` is of `time.monotonic`."""
        age = (time.monotonic() if now is None else now) - self._asked_at
        return age > ADDRESS_LIVES - _TO_BE_SAFE


class Media:
    """The files of a phone number; `MetaCloud.media`."""

    def __init__(
        self, account: AccountAccess, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._account = account
        self._clock = clock

    async def upload(
        self, content: bytes | Path, *, mime_type: str, filename: str | None = None
    ) -> str:
        """Upload a file; it is kept for 30 days.

        Args:
            content: The bytes, or the path to read them from, piece by piece.
            mime_type: Such as `image/png`.
            filename: Its name; without one, that of the path.

        Returns:
            The id that messages name: `Image(MediaId(id))`.

        Raises:
            InvalidValue: It is empty, larger than 100 MB, or cannot be read.
        """
        form = await anyio.to_thread.run_sync(
            lambda: FileForm.of(
                content,
                mime_type=mime_type,
                filename=filename,
                fields={"messaging_product": "whatsapp", "type": mime_type},
                largest=LARGEST_FILE,
            )
        )
        graph = self._account.graph()
        answer = await graph.upload(
            graph.url(self._account.phone_number_id, "media"),
            form,
            content_type=form.content_type,
            size=form.size,
        )
        media_id = answer.get("id")
        if not isinstance(media_id, str) or not media_id:
            raise UnreadableAnswer("the answer has no media id", status=200, body=str(answer))
        return media_id

    async def info(self, media_id: str) -> MediaInfo:
        """Look a file up: its type, size and digest, and an address valid for 5 minutes."""
        graph = self._account.graph()
        return read_answer(MediaInfo, await graph.get(graph.url(media_id)))

    async def download(
        self, media: str | MediaInfo, *, largest: int = LARGEST_FILE
    ) -> AsyncIterator[bytes]:
        """Give the content of a file piece by piece.

        Args:
            media: Its id, or what `info` gave; an address that has expired is asked for again.
            largest: The most bytes to accept.

        Raises:
            InvalidValue: The file is larger.
            UnreadableAnswer: The content is not what its digest says; do not use it.
        """
        known = None if isinstance(media, str) or media.expired(self._clock()) else media
        media_id = media if isinstance(media, str) else media.id
        if known is not None:
            try:
                async for piece in self._content(known, largest=largest):
                    yield piece
            except GraphError:
                # Refused before the first piece: the address has expired after all.
                pass
            else:
                return
        async for piece in self._content(await self.info(media_id), largest=largest):
            yield piece

    async def save(
        self, media: str | MediaInfo, path: Path, *, largest: int = LARGEST_FILE
    ) -> Path:
        """Download a file to `path`, which appears only once its digest was checked."""
        descriptor, name = await anyio.to_thread.run_sync(
            lambda: mkstemp(prefix=f".{path.name}.", dir=path.parent)
        )
        unfinished = Path(name)
        try:
            async with await anyio.open_file(descriptor, "wb") as file:
                async for piece in self.download(media, largest=largest):
                    await file.write(piece)
            await anyio.to_thread.run_sync(os.replace, unfinished, path)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.Path(unfinished).unlink(missing_ok=True)
        return path

    async def delete(self, media_id: str) -> None:
        """Delete a file; messages that were sent with it keep it."""
        graph = self._account.graph()
        await graph.delete(graph.url(media_id))

    async def _content(self, media: MediaInfo, *, largest: int) -> AsyncIterator[bytes]:
        _check_size(media.file_size, largest)
        digest, size = hashlib.sha256(), 0
        graph = self._account.graph()
        async with graph.download(_checked_address(graph, media.url)) as pieces:
            async for piece in pieces:
                size += len(piece)
                _check_size(size, largest)
                digest.update(piece)
                yield piece
        wanted = _hexadecimal(media.sha256)
        if wanted is not None and digest.hexdigest() != wanted:
            reason = f"media {media.id} has {size} bytes with another sha256 than WhatsApp told"
            raise UnreadableAnswer(reason, status=200, body="")


def _check_size(size: int, largest: int) -> None:
    if size > largest:
        raise InvalidValue("media", f"at most {largest} bytes", size)


def _checked_address(graph: Graph, url: str) -> str:
    if graph.may_have_token(url):
        return url
    raise ConfigurationError("media is offered at an address that is not https")


def _hexadecimal(digest: str) -> str | None:
    """The look-up tells the digest in hexadecimal digits, webhooks in base64; None if neither."""
    if len(digest) == 64:
        return digest.lower()
    try:
        return base64.b64decode(digest, validate=True).hex() or None
    except binascii.Error:
        return None
