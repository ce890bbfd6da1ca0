"""Makes a session's record anew from the manifests that are still there.

The record is small and changes all the time, so it is what a store that lost its newest writes has
lost. Everything else was written once, and says itself what it is.
"""

from __future__ import annotations

from typing import Final

from blazz.auth_stores.backend import Backend, StoredRecord
from blazz.auth_stores.manifests import BadManifest, Manifests
from blazz.auth_stores.record import Entry, NotARecord, Record
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.snapshot.names import BlobName, BlobType
from blazz.errors import AuthStoreError, SnapshotNotFound, WrongKey

# An owner that has stored nothing leaves no trace of its epoch, and must not pass for a later one.
_SKIPPED_EPOCHS: Final = 1000


async def repair(session: SessionKey, backend: Backend, manifests: Manifests) -> None:
    """Write a new record; whatever manifest cannot be opened is left out.

    Two manifests of one revision exist if a save was cut off between its two last steps; the one of
    the later epoch counts.

    Raises:
        AuthStoreError: The record is whole; nothing was changed.
        SnapshotNotFound: Nothing of the session is there.
        WrongKey: None of the manifests is sealed with a key that is in the key ring.
    """
    stored = await backend.read_record(session)
    if _is_whole(stored):
        raise AuthStoreError(f"{session}: its record in {backend.name} is whole")
    names = [name for text in await backend.names(session) if (name := BlobName.parse(text))]
    if not names:
        raise SnapshotNotFound(f"{session}: nothing of it is in {backend.name}")
    found: dict[int, Entry] = {}
    locked: WrongKey | None = None
    for name in sorted(names, key=lambda each: (each.epoch, each.number)):
        if name.type is not BlobType.MANIFEST:
            continue
        try:
            entry = await manifests.describe(session, name)
        except WrongKey as error:
            locked = error
        except BadManifest:
            continue
        else:
            found[entry.revision.number] = entry
    if locked is not None and not found:
        raise locked
    record = Record(
        epoch=max(name.epoch for name in names) + _SKIPPED_EPOCHS,
        revision=max(found, default=0),
        entries=tuple(found[number] for number in sorted(found)),
    )
    await backend.swap_record(session, record.encode(), expected=stored)


def _is_whole(stored: StoredRecord) -> bool:
    if stored.content is None:
        return False
    try:
        Record.decode(stored.content)
    except NotARecord:
        return False
    return True
