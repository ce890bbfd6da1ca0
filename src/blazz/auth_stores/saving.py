"""Stores a snapshot: uploads what is missing, then commits it by changing the record."""

from __future__ import annotations

import functools
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import anyio.to_thread

from blazz.auth_stores.backend import Backend
from blazz.auth_stores.cleaning import Cleaner
from blazz.auth_stores.clock import unstopped
from blazz.auth_stores.manifests import BadManifest, Manifests
from blazz.auth_stores.ownership import Ownership
from blazz.auth_stores.record import Entry, Record
from blazz.auth_stores.record_access import Records
from blazz.auth_stores.revisions import Revision, SessionKey
from blazz.auth_stores.snapshot import chunks, unread
from blazz.auth_stores.snapshot.contents import Content, Snapshot, Source, StorageEngine
from blazz.auth_stores.snapshot.manifest import Manifest
from blazz.auth_stores.snapshot.names import BlobType
from blazz.auth_stores.snapshot.packing import Pack, Packer, sparse_packs
from blazz.auth_stores.snapshot.retention import Retention
from blazz.auth_stores.tasks import BoundedTasks
from blazz.errors import SourceChanged, StaleSnapshot

_UPLOADS_AT_ONCE: Final = 4
_BATCH_CHUNKS: Final = 8
_LIST_EVERY: Final = 6 * 3600.0
_log = logging.getLogger("blazz.auth_stores")


class BaseMoved(Exception):
    """Another revision became the newest while this one was uploaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How snapshots are cut and kept.

    Attributes:
        retention: Which revisions are kept.
        chunk_bytes: The size of a chunk; see `chunk_bytes_of`.
        pack_bytes: The plain bytes of a pack, roughly.
        refresh: How many chunks one save may store anew, to move them to the newest key or out
            of packs that are mostly dead.
    """

    retention: Retention = field(default_factory=Retention)
    chunk_bytes: int = chunks.CHUNK_BYTES
    pack_bytes: int = chunks.PACK_BYTES
    refresh: int = 32

    def chunk_bytes_of(self, snapshot: Snapshot) -> int:
        """The size of a snapshot's chunks: four times as large if the browser keeps SQLite.

        The log of such a database holds the same few pages again and again, nearly alike. They
        compress to half the size where more of them are together.
        """
        browser = snapshot.browser
        keeps_sqlite = browser is not None and browser.engine is StorageEngine.SQLITE
        return self.chunk_bytes * 4 if keeps_sqlite else self.chunk_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A revision whose packs are uploaded and which is not committed yet."""

    manifest: Manifest
    unchanged: bool
    uploaded: int
    new_chunks: int

    @property
    def reused_chunks(self) -> int:
        """Chunks that were stored already."""
        return len(self.manifest.chunks) - self.new_chunks


class Saver:
    """Stores the snapshots of owners."""

    def __init__(
        self, backend: Backend, records: Records, manifests: Manifests, settings: Settings
    ) -> None:
        self._backend = backend
        self._records = records
        self._manifests = manifests
        self.cleaner = Cleaner(backend, manifests)
        self.settings = settings

    async def save(
        self,
        snapshot: Snapshot,
        own: Ownership,
        *,
        base: int | None,
        damaged: set[str],
        refresh: int | None = None,
    ) -> tuple[Entry, Draft]:
        """Store a snapshot as the newest revision of its kind; see `AuthStore.save`.

        Args:
            snapshot: What to store.
            own: Whose it is; its lock is held.
            base: The revision that it grew from.
            damaged: Packs that are known to be damaged; nothing is built on them.
            refresh: Overrides `Settings.refresh`.

        Raises:
            BaseMoved: Another revision became the newest; try again.
        """
        record, _ = await self._records.read(own.lease.session)
        record.check(own.lease)
        newest = record.newest(snapshot.kind)
        _check_base(own.lease.session, newest, base)
        listing = await self._listing(own)
        previous = await self._previous(own, newest, listing, damaged)
        refresh = self.settings.refresh if refresh is None else refresh
        packer = self._packer(snapshot, own, previous, damaged, refresh)
        uploaded = await self._upload(snapshot, own, previous, packer)
        manifest = self._manifest(snapshot, record, own, packer)
        if newest and previous and manifest.same_content(previous):
            entry = newest
            draft = Draft(manifest=previous, unchanged=True, uploaded=0, new_chunks=0)
        else:
            draft = Draft(
                manifest=manifest, unchanged=False, uploaded=uploaded, new_chunks=packer.new_chunks
            )
            entry, record = await self._commit(own, draft, newest)
        own.identities[snapshot.kind] = entry.manifest, unread.identities(snapshot)
        await self.cleaner.clean(own, record)
        return entry, draft

    async def _listing(self, own: Ownership) -> Mapping[str, int] | None:
        """All blobs of the session: when an owner saves for the first time, and every six hours."""
        now = unstopped()
        if own.listed_at is not None and now - own.listed_at < _LIST_EVERY:
            return None
        listing = await self._backend.names(own.lease.session)
        own.listed_at = now
        own.finder.see(listing)
        return listing

    async def _previous(
        self,
        own: Ownership,
        newest: Entry | None,
        listing: Mapping[str, int] | None,
        damaged: set[str],
    ) -> Manifest | None:
        """The revision to build on; None: everything is stored anew."""
        if newest is None:
            return None
        kind = newest.revision.kind
        known = own.bases.get(kind)
        if known is not None and known[0] == newest.manifest:
            manifest = known[1]
        else:
            try:
                manifest = await self._manifests.read(own.lease.session, newest)
            except BadManifest as error:
                _log.warning(
                    "%s: revision %d is damaged (%s); everything is stored anew",
                    *(own.lease.session, newest.revision.number, error),
                )
                return None
            own.bases[kind] = newest.manifest, manifest
        if listing is not None:
            damaged |= {p for p, size in manifest.packs.items() if listing.get(p) != size}
        return manifest

    def _packer(
        self,
        snapshot: Snapshot,
        own: Ownership,
        previous: Manifest | None,
        damaged: set[str],
        refresh: int,
    ) -> Packer:
        waiting = own.uploaded[snapshot.kind]
        stored = () if previous is None else previous.chunks
        known = (*stored, *(chunk for pack in waiting for chunk in pack.chunks))
        packs = {} if previous is None else previous.packs
        return Packer(
            self._manifests.sealer(own.lease.session, snapshot.kind),
            known=[chunk for chunk in known if chunk.pack not in damaged],
            sizes={**packs, **{pack.name: pack.size for pack in waiting}},
            sparse=frozenset() if previous is None else sparse_packs(previous),
            refresh=refresh,
            pack_bytes=self.settings.pack_bytes,
            name_pack=functools.partial(own.new_name, snapshot.kind, BlobType.PACK),
        )

    async def _upload(
        self, snapshot: Snapshot, own: Ownership, previous: Manifest | None, packer: Packer
    ) -> int:
        """Read, seal and upload what is missing; return the bytes that were sent.

        Reading and sealing go on while packs are sent, and wait when too many are under way.
        """
        sent = 0
        size = self.settings.chunk_bytes_of(snapshot)
        async with BoundedTasks(_UPLOADS_AT_ONCE) as tasks:

            async def send(packs: list[Pack]) -> None:
                nonlocal sent
                for pack in packs:
                    own.finder.attempt(pack.name)
                    sent += len(pack.blob)
                    await tasks.start(self._put, pack, own, snapshot)

            async def read(sources: Sequence[Source]) -> None:
                async for pieces in self._pieces(sources, size):
                    await send(await anyio.to_thread.run_sync(packer.add, pieces))

            changed: list[Source] = []
            for piece in self._contents(snapshot, own, previous):
                if piece.stored is None or not packer.can_keep(piece.stored):
                    changed.append(piece.source)
                    continue
                await read(changed)
                changed = []
                packer.keep(piece.stored)
            await read(changed)
            await send(packer.finish())
        return sent

    def _contents(
        self, snapshot: Snapshot, own: Ownership, previous: Manifest | None
    ) -> Iterator[unread.Piece]:
        """All contents in order, with the chunks of those that need not be read again."""
        base = own.bases.get(snapshot.kind, ("", None))[0]
        manifest, known = own.identities.get(snapshot.kind, ("", {}))
        same = known if previous is not None and manifest == base else {}
        return unread.pieces(
            snapshot, previous, same, chunk_bytes=self.settings.chunk_bytes_of(snapshot)
        )

    async def _put(self, pack: Pack, own: Ownership, snapshot: Snapshot) -> None:
        await self._backend.put(own.lease.session, pack.name, pack.blob)
        own.uploaded[snapshot.kind].append(pack.stored())

    async def _pieces(self, sources: Sequence[Source], size: int) -> AsyncIterator[list[bytes]]:
        """The chunks of contents in order, some at a time."""
        sizes = [source.size for source in sources]
        for batch in chunks.batches(sizes, chunk=size, batch=size * _BATCH_CHUNKS):
            pieces: list[bytes] = []
            for run in batch:
                data = await sources[run.content].read(run.offset, run.length)
                if len(data) != run.length:
                    raise SourceChanged(f"{len(data)} bytes where {run.length} were expected")
                pieces += chunks.split(data, size)
            yield pieces

    def _manifest(
        self, snapshot: Snapshot, record: Record, own: Ownership, packer: Packer
    ) -> Manifest:
        documents = sorted(snapshot.documents.items())
        return Manifest(
            kind=snapshot.kind,
            revision=record.revision + 1,
            epoch=own.lease.epoch,
            captured_at=snapshot.captured_at,
            browser=snapshot.browser,
            chunk_bytes=self.settings.chunk_bytes_of(snapshot),
            files=tuple(Content(file.path, file.source.size) for file in snapshot.files),
            documents=tuple(Content(name, len(content)) for name, content in documents),
            chunks=tuple(packer.chunks),
            packs=packer.packs(),
        )

    async def _commit(
        self, own: Ownership, draft: Draft, newest: Entry | None
    ) -> tuple[Entry, Record]:
        """Store the manifest, then make it a revision; the record is the only thing that counts."""
        lease, manifest = own.lease, draft.manifest
        name = own.new_name(manifest.kind, BlobType.MANIFEST)
        own.finder.attempt(name)
        size = await self._manifests.write(lease.session, name, manifest)
        entry = Entry(
            revision=Revision(
                number=manifest.revision,
                kind=manifest.kind,
                epoch=manifest.epoch,
                at=manifest.captured_at,
                size=manifest.size,
                uploaded=draft.uploaded + size,
            ),
            manifest=name,
            key=self._manifests.ring.newest,
        )

        def commit(record: Record, _: float | None) -> Record:
            if any(each.manifest == name for each in record.entries):
                return record  # it is in: only the answer was lost
            record.check(lease)
            if record.newest(manifest.kind) != newest or record.revision >= manifest.revision:
                raise BaseMoved
            return record.committed(lease, entry, self.settings.retention)

        record = await self._records.change(lease.session, commit)
        own.bases[manifest.kind] = name, manifest
        own.finder.learn(name, manifest)
        return entry, record


def _check_base(session: SessionKey, newest: Entry | None, base: int | None) -> None:
    """Refuse a state that grew from an older revision than the newest."""
    if base is not None and newest is not None and newest.revision.number > base:
        raise StaleSnapshot(
            f"{session}: the state grew from revision {base}, but revision"
            f" {newest.revision.number} is stored; nothing was changed"
        )
