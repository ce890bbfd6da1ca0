"""Writes manifests to a backend, and reads and proves them."""

from __future__ import annotations

import functools

import anyio.to_thread

from blazz.auth_stores.backend import Backend
from blazz.auth_stores.record import Entry
from blazz.auth_stores.revisions import Revision, SessionKey
from blazz.auth_stores.snapshot.contents import Kind
from blazz.auth_stores.snapshot.manifest import Manifest, NotAManifest
from blazz.auth_stores.snapshot.names import BlobName
from blazz.auth_stores.snapshot.sealing import NotAuthentic, Sealer, key_of
from blazz.security.keyring import KeyRing


class BadManifest(ValueError):
    """The manifest of a revision is missing, or is not what was written."""


class Manifests:
    """The manifests in a backend, and the sealers of sessions."""

    def __init__(self, backend: Backend, ring: KeyRing) -> None:
        self._backend = backend
        self.ring = ring
        self.sealer = functools.lru_cache(maxsize=2048)(self._make_sealer)

    def _make_sealer(self, session: SessionKey, kind: Kind) -> Sealer:
        return Sealer(self.ring, session.workspace, session.name, kind)

    async def write(self, session: SessionKey, name: str, manifest: Manifest) -> int:
        """Store a manifest; return its bytes."""
        sealer = self.sealer(session, manifest.kind)

        def seal() -> bytes:
            return sealer.seal_manifest(name, manifest.encode())

        blob = await anyio.to_thread.run_sync(seal)
        await self._backend.put(session, name, blob)
        return len(blob)

    async def read(self, session: SessionKey, entry: Entry) -> Manifest:
        """Read the manifest of a revision.

        Raises:
            BadManifest: It is missing or damaged, or belongs to another revision.
            WrongKey: It is sealed with a key that is not in the ring.
        """
        revision = entry.revision
        blob = await self._backend.get(session, entry.manifest)
        manifest = await self._opened(session, revision.kind, entry.manifest, blob, entry.key)
        if (manifest.revision, manifest.epoch) != (revision.number, revision.epoch):
            raise BadManifest(
                f"it is that of revision {manifest.revision} (epoch {manifest.epoch})"
            )
        return manifest

    async def describe(self, session: SessionKey, name: BlobName) -> Entry:
        """Make the entry of a revision from its manifest alone.

        Raises:
            BadManifest: It is missing or damaged.
            WrongKey: It is sealed with a key that is not in the ring.
        """
        blob = await self._backend.get(session, str(name))
        manifest = await self._opened(session, name.kind, str(name), blob, None)
        return Entry(
            revision=Revision(
                number=manifest.revision,
                kind=manifest.kind,
                epoch=manifest.epoch,
                at=manifest.captured_at,
                size=manifest.size,
                uploaded=len(blob or b""),
            ),
            manifest=str(name),
            key=key_of(blob or b""),
        )

    async def _opened(
        self, session: SessionKey, kind: Kind, name: str, blob: bytes | None, key: bytes | None
    ) -> Manifest:
        if blob is None:
            raise BadManifest("missing")
        sealer = self.sealer(session, kind)

        def decode(sealed: bytes = blob) -> Manifest:
            return Manifest.decode(sealer.open_manifest(name, sealed, key=key))

        try:
            manifest = await anyio.to_thread.run_sync(decode)
        except (NotAuthentic, NotAManifest) as error:
            raise BadManifest(str(error)) from error
        if manifest.kind is not kind:
            raise BadManifest(f"it is of kind {manifest.kind}")
        return manifest
