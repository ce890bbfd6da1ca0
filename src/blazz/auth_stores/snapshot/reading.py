"""Reads a revision: fetches its packs, opens its chunks and proves each of them."""

from __future__ import annotations

import itertools
import json
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import anyio.to_thread

from blazz.auth_stores.base import Sink
from blazz.auth_stores.revisions import Damage, Revision, SessionKey
from blazz.auth_stores.snapshot.contents import (
    CREDENTIALS_DOCUMENT,
    Browser,
    Content,
    Kind,
    Snapshot,
    SnapshotFile,
)
from blazz.auth_stores.snapshot.manifest import Chunk, Manifest
from blazz.auth_stores.snapshot.sealing import NotAuthentic, Sealer
from blazz.auth_stores.tasks import BoundedTasks
from blazz.errors import SnapshotDamaged, SnapshotNotFound
from blazz.security.secret import Secret

_PACKS_AT_ONCE: Final = 6
_PACKS_REMEMBERED: Final = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A chunk and where it belongs: in which content, where in it, and its plain size."""

    content: Content
    offset: int
    size: int
    chunk: Chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where an opened revision finds its packs.

    Attributes:
        fetch: Reads a pack, None if it is not there.
        is_listed: Whether the revision is still among those that are kept.
        report: Is told of a damaged pack, so that nothing new is built on it.
    """

    fetch: Callable[[str], Awaitable[bytes | None]]
    is_listed: Callable[[], Awaitable[bool]]
    report: Callable[[str], None]


class OpenedSnapshot:
    """A revision whose manifest is proved, see `blazz.auth_stores.StoredSnapshot`.

    Several packs are read at once, and no more than those are in memory, however large it is.
    """

    def __init__(
        self,
        *,
        session: SessionKey,
        revision: Revision,
        manifest: Manifest,
        sealer: Sealer,
        shelf: Shelf,
        skipped: tuple[Damage, ...] = (),
    ) -> None:
        self.session = session
        self.revision = revision
        self.skipped = skipped
        self.manifest = manifest
        self._sealer = sealer
        self._shelf = shelf
        self._packs: OrderedDict[str, bytes] = OrderedDict()
        self._places: list[list[Place]] = [[] for _ in manifest.contents]
        for index, offset, size, chunk in manifest.places():
            content = manifest.contents[index]
            self._places[index].append(Place(content, offset, size, chunk))

    @property
    def browser(self) -> Browser | None:
        """The browser that wrote it."""
        return self.manifest.browser

    @property
    def captured_at(self) -> datetime:
        """When it was taken."""
        return self.manifest.captured_at

    @property
    def files(self) -> tuple[Content, ...]:
        """Its files."""
        return self.manifest.files

    @property
    def documents(self) -> tuple[Content, ...]:
        """Its documents."""
        return self.manifest.documents

    async def document(self, name: str) -> bytes:
        """Read a document; see `StoredSnapshot.document`."""
        for index, content in enumerate(self.documents, start=len(self.files)):
            if content.name == name:
                return await self.read(index, 0, content.size)
        raise SnapshotNotFound(f"{self.session}: revision {self.revision.number} has no {name!r}")

    async def credentials(self) -> Mapping[str, Secret]:
        """Read what `Snapshot.of_credentials` stored; see `StoredSnapshot.credentials`."""
        if self.revision.kind is not Kind.CREDENTIALS:
            raise SnapshotNotFound(f"{self.session}: revision {self.revision.number} has none")
        content = json.loads(await self.document(CREDENTIALS_DOCUMENT))
        return {name: Secret(value) for name, value in content.items()}

    async def copy_to(self, sink: Sink) -> None:
        """Give every piece of every file to `sink`; see `StoredSnapshot.copy_to`."""
        by_pack: defaultdict[str, list[Place]] = defaultdict(list)
        for place in itertools.chain.from_iterable(self._places[: len(self.files)]):
            by_pack[place.chunk.pack].append(place)
        async with BoundedTasks(_PACKS_AT_ONCE) as tasks:
            for pack, places in by_pack.items():
                await tasks.start(self._copy_pack, pack, places, sink)

    async def as_snapshot(self) -> Snapshot:
        """The same as something to save elsewhere; see `StoredSnapshot.as_snapshot`."""
        return Snapshot(
            kind=self.revision.kind,
            files=tuple(
                SnapshotFile(content.name, StoredSource(self, index, content.size))
                for index, content in enumerate(self.files)
            ),
            documents={each.name: await self.document(each.name) for each in self.documents},
            browser=self.browser,
            captured_at=self.captured_at,
        )

    async def read(self, index: int, offset: int, length: int) -> bytes:
        """Read a part of a content, given by its index among files and documents."""
        end = offset + length
        pieces = []
        for place in self._places[index]:
            if place.offset < end and offset < place.offset + place.size:
                blob = await self._remembered(place.chunk.pack, place)
                data = await anyio.to_thread.run_sync(self.open, place, blob)
                pieces.append(data[max(0, offset - place.offset) : end - place.offset])
        return b"".join(pieces)

    def open(self, place: Place, blob: bytes) -> bytes:
        """Open one chunk of a pack.

        Raises:
            SnapshotDamaged: It is not what was written.
        """
        chunk = place.chunk
        sealed = blob[chunk.offset : chunk.offset + chunk.length]
        try:
            return self._sealer.open_chunk(chunk.id, chunk.key, sealed, size=place.size)
        except NotAuthentic as error:
            raise self._damage(place, str(error)) from error

    async def _copy_pack(self, pack: str, places: list[Place], sink: Sink) -> None:
        blob = await self._fetched(pack, places[0])
        await anyio.to_thread.run_sync(self._give, blob, places, sink)

    def _give(self, blob: bytes, places: Iterable[Place], sink: Sink) -> None:
        opened: dict[bytes, bytes] = {}
        for place in places:
            if place.chunk.id not in opened:
                opened[place.chunk.id] = self.open(place, blob)
            sink(place.content.name, place.offset, opened[place.chunk.id])

    async def _remembered(self, pack: str, place: Place) -> bytes:
        """Read a pack; those that were read last are kept, for neighbours are asked for next."""
        if pack not in self._packs:
            self._packs[pack] = await self._fetched(pack, place)
            if len(self._packs) > _PACKS_REMEMBERED:
                self._packs.popitem(last=False)
        self._packs.move_to_end(pack)
        return self._packs[pack]

    async def _fetched(self, pack: str, place: Place) -> bytes:
        blob = await self._shelf.fetch(pack)
        if blob is not None:
            return blob
        # A reader holds no lease: its revision may be retired under its hands.
        if not await self._shelf.is_listed():
            raise SnapshotNotFound(
                f"{self.session}: revision {self.revision.number} was retired while it was read"
            )
        raise self._damage(place, "missing")

    def _damage(self, place: Place, reason: str) -> SnapshotDamaged:
        self._shelf.report(place.chunk.pack)
        damage = Damage(
            session=self.session,
            kind=self.revision.kind,
            revision=self.revision.number,
            part=f"{place.content.name} at {place.offset}",
            reason=reason,
        )
        return SnapshotDamaged(str(damage), damage=[damage])


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A file of a stored revision, as the source of another snapshot."""

    snapshot: OpenedSnapshot
    index: int
    size: int

    async def read(self, offset: int, length: int) -> bytes:
        """Read some of its bytes."""
        return await self.snapshot.read(self.index, offset, length)
