"""Files on their way into the page and out of it, in pieces that one call can carry."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit
from weakref import WeakValueDictionary

import anyio
import anyio.to_thread

from blazz.errors import InvalidValue, Rejected, Timeout
from blazz.errors.web import WebError
from blazz.messages.files import MediaFile, media_file
from blazz.messages.media import Media
from blazz.providers.web.bridge import Bridge

if TYPE_CHECKING:
    import httpx

PIECE: Final = 3 * 256 * 1024
"""Bytes of a piece; a multiple of three, so that base64 needs no padding in between."""

_FETCH_SECONDS: Final = 120.0
"""Seconds that a file behind a link may take as a whole; a server that drips ends, too."""

_SILENCE_SECONDS: Final = 30.0
_DROP_SECONDS: Final = 1.0


async def look_at(media: Media) -> MediaFile:
    """Look at the file of a message before it is sent; one behind a link is fetched.

    Raises:
        InvalidValue: There is no such file, it is too large, or of a type that WhatsApp does not
            take.
        Rejected: The link cannot be fetched.
    """
    if isinstance(media.source, str):
        return await _fetch(media, media.source)
    return await anyio.to_thread.run_sync(media_file, media)


class FilesInPage:
    """Brings the files of messages into the page, each once: a campaign sends one to many people.

    The page keeps what was sent lately, up to 32 MB. Several sends of one file at the same time
    wait until the first has brought it in.
    """

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def bring_in(self, bridge: Bridge, file: MediaFile, *, timeout: float) -> str:
        """Bring a file into the page, unless it is there; gives the name under which it is there.

        Raises:
            InvalidValue: The file cannot be read any more.
            WebError: The page did not take it.
        """
        name = await anyio.to_thread.run_sync(_name_of, file)
        turn = self._turns.setdefault(name, asyncio.Lock())
        async with turn:
            if not await bridge.call("hasFile", {"file": name}, timeout=timeout):
                await _hand_over(bridge, file, name, timeout)
        return name


def _name_of(file: MediaFile) -> str:
    """What makes it the same file: its content; or a path, until its file is changed."""
    name = blake2b(digest_size=16)
    if isinstance(file.content, Path):
        try:
            state = file.content.stat()
        except OSError as error:
            raise InvalidValue("file", f"cannot be read: {error.strerror}", file.content) from error
        at = f"{file.content.absolute()} {state.st_mtime_ns} {state.st_size}"
        name.update(at.encode("utf-8", "surrogateescape"))
    else:
        name.update(file.content)
    return name.hexdigest()


async def _hand_over(bridge: Bridge, file: MediaFile, name: str, timeout: float) -> None:
    upload = secrets.token_hex(8)
    try:
        if isinstance(file.content, Path):
            async with await anyio.open_file(file.content, "rb") as source:
                while piece := await source.read(PIECE):
                    await _add(bridge, upload, piece, timeout)
        else:
            for start in range(0, len(file.content), PIECE):
                await _add(bridge, upload, file.content[start : start + PIECE], timeout)
        await bridge.call("keepFile", {"upload": upload, "file": name}, timeout=timeout)
    except BaseException:
        with anyio.CancelScope(shield=True), suppress(WebError, Timeout):
            await bridge.call("dropUpload", {"upload": upload}, timeout=_DROP_SECONDS)
        raise


async def _add(bridge: Bridge, upload: str, piece: bytes, timeout: float) -> None:
    argument = {"upload": upload, "piece": base64.b64encode(piece).decode()}
    await bridge.call("addPiece", argument, timeout=timeout)


async def bring_out(bridge: Bridge, message_id: str, *, timeout: float) -> AsyncIterator[bytes]:
    """Stream the file of a message out of the page.

    Raises:
        BridgeError: There is no such message, or its file is no longer there.
    """
    opened = await bridge.call("openFile", {"message": message_id}, timeout=timeout)
    file, size = opened["file"], opened["size"]
    try:
        for start in range(0, size, PIECE):
            argument = {"file": file, "from": start, "to": min(start + PIECE, size)}
            piece = await bridge.call("readFile", argument, timeout=timeout)
            yield base64.b64decode(piece)
    finally:
        with anyio.CancelScope(shield=True), suppress(WebError, Timeout):
            await bridge.call("closeFile", {"file": file}, timeout=_DROP_SECONDS)


async def _fetch(media: Media, url: str) -> MediaFile:
    """Fetch what a link leads to: WhatsApp Web sends files only."""
    import httpx

    try:
        with anyio.fail_after(_FETCH_SECONDS):
            async with (
                httpx.AsyncClient(timeout=_SILENCE_SECONDS, follow_redirects=True) as client,
                client.stream("GET", url) as response,
            ):
                if response.status_code != 200:
                    raise Rejected(f"{url} answered with status {response.status_code}")
                content = await _read(media, response)
                kind = response.headers.get("content-type", "").partition(";")[0].strip()
    except TimeoutError as error:
        raise Rejected(f"{url} was not there within {_FETCH_SECONDS:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Rejected(f"{url} cannot be fetched: {type(error).__name__}") from error
    media.check_content(kind, len(content), content[:32])
    name = unquote(Path(urlsplit(url).path).name) or "file"
    return MediaFile(content=content, mime_type=kind, filename=name, size=len(content))


async def _read(media: Media, response: httpx.Response) -> bytes:
    pieces, size = [], 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > media.largest:
            field = f"{type(media).__name__}.source"
            raise InvalidValue(field, f"at most {media.largest} bytes", f"{size} bytes and more")
        pieces.append(piece)
    return b"".join(pieces)
