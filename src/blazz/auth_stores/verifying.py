"""Reads everything that is stored of a session and proves it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import anyio.to_thread

from blazz.auth_stores.backend import Backend
from blazz.auth_stores.manifests import BadManifest, Manifests
from blazz.auth_stores.record import Entry
from blazz.auth_stores.record_access import Records
from blazz.auth_stores.revisions import Damage, SessionKey, Verification
from blazz.auth_stores.snapshot.contents import Kind
from blazz.auth_stores.snapshot.manifest import Chunk, Manifest
from blazz.auth_stores.snapshot.sealing import NotAuthentic
from blazz.auth_stores.tasks import BoundedTasks
from blazz.errors import WrongKey

_PACKS_AT_ONCE: Final = 4


@dataclass(slots=True)
class _Uses:
    """Where a chunk is used: its plain size, and the content of each revision that it is in."""

    size: int
    contents: dict[int, str] = field(default_factory=dict)


class Verifier:
    """Proves one session; used once.

    A chunk that many revisions share is read once.
    """

    def __init__(
        self, session: SessionKey, backend: Backend, records: Records, manifests: Manifests
    ) -> None:
        self._session = session
        self._backend = backend
        self._records = records
        self._manifests = manifests
        self._uses: defaultdict[str, dict[Chunk, _Uses]] = defaultdict(dict)
        self._kinds: dict[int, Kind] = {}
        self._damage: list[Damage] = []
        self._keys: set[bytes] = set()
        self._chunks = 0
        self.damaged_packs: set[str] = set()
        """The packs in which a chunk is damaged; after `verify`."""

    async def verify(self) -> Verification:
        """Read and prove; see `AuthStore.verify`."""
        record, _ = await self._records.read(self._session)
        for entry in record.entries:
            await self._read_manifest(entry)
        async with BoundedTasks(_PACKS_AT_ONCE) as tasks:
            for pack, uses in self._uses.items():
                await tasks.start(self._prove_pack, pack, uses)
        # Listed last: what was uploaded or retired meanwhile must not look lost or damaged.
        listing = await self._backend.names(self._session)
        record, _ = await self._records.read(self._session)
        kept = {entry.revision.number for entry in record.entries}
        manifests = {entry.manifest for entry in record.entries}
        used = manifests | self._uses.keys()
        damage = sorted(self._damage, key=lambda each: (each.revision, each.part))
        return Verification(
            session=self._session,
            revisions=tuple(entry.revision for entry in record.entries),
            chunks=self._chunks,
            stored=sum(size for name, size in listing.items() if name in used),
            keys=self._manifests.ring.describe(self._keys),
            unreferenced=sum(1 for name in listing if name not in used),
            damage=tuple(each for each in damage if each.revision in kept),
        )

    async def _read_manifest(self, entry: Entry) -> None:
        number, kind = entry.revision.number, entry.revision.kind
        self._kinds[number] = kind
        self._keys.add(entry.key)
        try:
            manifest = await self._manifests.read(self._session, entry)
        except (BadManifest, WrongKey) as error:
            self._note(number, "manifest", str(error))
            return
        self._note_uses(manifest)

    def _note_uses(self, manifest: Manifest) -> None:
        contents = manifest.contents
        for index, _, size, chunk in manifest.places():
            self._keys.add(chunk.key)
            uses = self._uses[chunk.pack].setdefault(chunk, _Uses(size))
            uses.contents.setdefault(manifest.revision, contents[index].name)

    async def _prove_pack(self, pack: str, uses: dict[Chunk, _Uses]) -> None:
        blob = await self._backend.get(self._session, pack)
        problems = await anyio.to_thread.run_sync(self._problems, pack, blob, uses)
        for chunk, reason in problems:
            self.damaged_packs.add(pack)
            for revision, content in uses[chunk].contents.items():
                self._note(revision, content, reason)
        self._chunks += len(uses)

    def _problems(
        self, pack: str, blob: bytes | None, uses: dict[Chunk, _Uses]
    ) -> list[tuple[Chunk, str]]:
        if blob is None:
            return [(chunk, f"{pack} is missing") for chunk in uses]
        sealer = self._manifests.sealer(self._session, Kind(pack.partition("/")[0]))
        problems = []
        for chunk, use in uses.items():
            sealed = blob[chunk.offset : chunk.offset + chunk.length]
            try:
                sealer.open_chunk(chunk.id, chunk.key, sealed, size=use.size)
            except (NotAuthentic, WrongKey) as error:
                problems.append((chunk, f"{pack}: {error}"))
        return problems

    def _note(self, revision: int, part: str, reason: str) -> None:
        self._damage.append(
            Damage(
                session=self._session,
                kind=self._kinds[revision],
                revision=revision,
                part=part,
                reason=reason,
            )
        )
