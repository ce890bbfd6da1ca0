"""Moves sessions between stores, and to new keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from blazz.auth_stores.base import DEFAULT_TTL, AuthStore, Lease
from blazz.auth_stores.leases import LeaseKeeper, hold, owner_name
from blazz.auth_stores.revisions import Revision, Saved, SessionKey
from blazz.auth_stores.snapshot.contents import Kind
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import SnapshotDamaged, SnapshotNotFound, StaleSnapshot

_EVERYTHING = 10**9


async def copy(
    source: AuthStore,
    target: AuthStore,
    session: SessionKey,
    lease: Lease,
    *,
    history: bool = False,
    on_saved: Callable[[Saved], None] = lambda _: None,
) -> list[Saved]:
    """Copy a session to another store.

    Contents go from the one to the other in pieces; nothing is written to the local disk. Each
    revision is proved while it is copied.

    Args:
        source: Where it is.
        target: Where it is to be.
        session: The session.
        lease: The lease of the session in `target`. Its session may have another name.
        history: Copy all revisions that are kept, in place of the newest whole one of each kind.
            Their numbers become new ones.
        on_saved: Called after each revision.

    Raises:
        SnapshotNotFound: The source has no such session.
        SnapshotDamaged: A revision is damaged; those before it have been copied.
    """
    numbers: list[tuple[Kind, int | None]]
    if history:
        kept = reversed(await source.history(session))
        numbers = [(revision.kind, revision.number) for revision in kept]
    else:
        numbers = [(kind, None) for kind in await kinds_of(source, session)]
    if not numbers:
        raise SnapshotNotFound(f"{session} has no revision in the source")
    saved = []
    for kind, number in numbers:
        stored = await source.load(session, kind=kind, revision=number)
        saved.append(await target.save(await stored.as_snapshot(), lease))
        on_saved(saved[-1])
    return saved


async def move(
    source: AuthStore,
    target: AuthStore,
    session: SessionKey,
    *,
    history: bool = True,
    force: bool = False,
    wait: float = 0.0,
    ttl: float = DEFAULT_TTL,
) -> list[Saved]:
    """Move a session to another store: copy it, prove the copy, then delete it from the source.

    It is owned in both stores meanwhile, so nobody can use it.

    Args:
        source: Where it is.
        target: Where it is to be.
        session: The session.
        history: Move all revisions that are kept.
        force: Move even if the target has revisions of that session.
        wait: Seconds to wait for whoever owns it.
        ttl: Seconds of each lease; they are renewed.

    Raises:
        LeaseTaken: Somebody owns it in one of the stores.
        StaleSnapshot: The target has revisions of that session.
        SnapshotDamaged: The copy could not be proved; the source is as it was.
        OwnershipLost: A store could not be reached for too long; the source is as it was.
    """
    owner = owner_name()
    async with (
        hold(source, session, owner=owner, ttl=ttl, wait=wait) as leaving,
        hold(target, session, owner=owner, ttl=ttl, wait=wait) as arriving,
    ):
        await refuse_to_replace(target, session, force=force)
        saved = await copy(
            source,
            target,
            session,
            arriving.lease,
            history=history,
            on_saved=lambda _: _check(leaving, arriving),
        )
        verification = await target.verify(session)
        if not verification.ok:
            raise SnapshotDamaged(f"{session}: the copy is damaged", damage=verification.damage)
        _check(leaving, arriving)
        await source.delete(leaving.lease)
    return saved


async def rekey(store: SnapshotStore, lease: Lease, *, prune: bool = False) -> list[Saved]:
    """Seal the newest revision of each kind with the newest key, at once.

    A session that runs does that bit by bit with its own saves; this is for sessions that do not
    run, and for keys that have become known to others.

    Args:
        store: Where the session is kept.
        lease: The lease of the session.
        prune: Delete all older revisions, which are sealed with older keys.

    Raises:
        OwnershipLost: Another owner has the session.
    """
    saved = []
    for kind in await kinds_of(store, lease.session):
        stored = await store.load(lease.session, kind=kind)
        saved.append(await store.save(await stored.as_snapshot(), lease, refresh=_EVERYTHING))
    if prune:
        await store.prune(lease)
    return saved


async def refuse_to_replace(store: AuthStore, session: SessionKey, *, force: bool) -> None:
    """Check that a store has no revision of a session.

    Raises:
        StaleSnapshot: It has.
    """
    if not force and (there := await store.history(session)):
        raise StaleSnapshot(
            f"{session} has {_count(there)} where it is to be put; `force` puts it on top of them"
        )


async def kinds_of(store: AuthStore, session: SessionKey) -> list[Kind]:
    """The kinds of content that a session has."""
    return sorted({revision.kind for revision in await store.history(session)})


def _count(revisions: Iterable[Revision]) -> str:
    number = len(list(revisions))
    return "a revision" if number == 1 else f"{number} revisions"


def _check(*keepers: LeaseKeeper) -> None:
    for keeper in keepers:
        keeper.check()
