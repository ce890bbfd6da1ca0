"""Uploads the files of messages, each once: a campaign sends one picture to many people."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import anyio
import anyio.to_thread

from blazz.messages import Media as MediaMessage
from blazz.messages import MediaId
from blazz.messages.files import MediaFile, media_file
from blazz.providers.meta_cloud.resources.media import Media

KEPT: Final = 29 * 24 * 3600.0
"""Seconds that an id is used again; WhatsApp keeps what was uploaded for 30 days."""

_MOST: Final = 1024
_Key: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class _Turn:
    """Who uploads a file next; kept while anybody waits for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Uploads:
    """Remembers which files were uploaded, by what they are.

    Several sends of one file at the same time wait for a single upload. The sends do not depend on
    each other: should the one that uploads fail or be cancelled, the next uploads.
    """

    def __init__(self, media: Media, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._media = media
        self._clock = clock
        self._known: OrderedDict[_Key, tuple[MediaId, float]] = OrderedDict()
        self._turns: dict[_Key, _Turn] = {}

    async def id_of(self, message: MediaMessage) -> MediaId:
        """Give the id of the message's file; upload it if that was not done yet.

        Raises:
            InvalidValue: The file cannot be read, is too large or of a type that is not taken.
        """
        file, key = await anyio.to_thread.run_sync(_look_at, message)
        turn = self._turns.setdefault(key, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                return self._remembered(key) or await self._upload(key, file)
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[key]

    def forget(self, media_id: MediaId) -> None:
        """Upload the file again next time: WhatsApp may no longer have it."""
        for key in [key for key, (known, _) in self._known.items() if known == media_id]:
            del self._known[key]

    def _remembered(self, key: _Key) -> MediaId | None:
        found = self._known.get(key)
        if found is None or self._clock() - found[1] > KEPT:
            return None
        self._known.move_to_end(key)
        return found[0]

    async def _upload(self, key: _Key, file: MediaFile) -> MediaId:
        media_id = MediaId(
            await self._media.upload(file.content, mime_type=file.mime_type, filename=file.filename)
        )
        self._known[key] = (media_id, self._clock())
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return media_id


def _look_at(message: MediaMessage) -> tuple[MediaFile, _Key]:
    """The message's file, and what makes it the same file; a path until its file is changed."""
    file = media_file(message)
    if isinstance(file.content, Path):
        state = file.content.stat()
        content: _Key = (str(file.content.absolute()), state.st_mtime_ns, state.st_size)
    else:
        content = (hashlib.sha256(file.content).digest(),)
    return file, (*content, file.mime_type, file.filename)
