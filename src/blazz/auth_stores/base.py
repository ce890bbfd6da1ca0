"""The seam between a session and where it is kept: leases, snapshots, revisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from blazz.auth_stores.clock import unstopped
from blazz.auth_stores.revisions import Damage, Revision, Saved, SessionKey, Verification
from blazz.auth_stores.snapshot.contents import Browser, Content, Kind, Snapshot
from blazz.errors import InvalidValue
from blazz.security.secret import Secret

DEFAULT_TTL: Final = 30.0
_OWNER = re.compile(r"[!-~]{1,128}")

Sink = Callable[[str, int, bytes], None]
"""Takes one piece: the name of a file or document, where in it the piece starts, the bytes. It is
called in worker threads, for several pieces at once and in any order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to be the one owner of a session, until it ends.

    Attributes:
        session: The session.
        owner: Who holds it.
        epoch: The number of this ownership; every later one has a higher number.
        token: Tells this ownership from all others.
        ttl: Seconds that each renewal is good for.
        ends_at: When it ends unless it is renewed, on the clock `blazz.auth_stores.clock`.
    """

    session: SessionKey
    owner: str
    epoch: int
    token: str = field(repr=False)
    ttl: float
    ends_at: float

    def __post_init__(self) -> None:
        check_owner(self.owner)
        check_ttl(self.ttl)

    def remaining(self, now: float | None = None) -> float:
        """Seconds until it ends; 0 or less: it has ended."""
        return self.ends_at - (unstopped() if now is None else now)


def check_owner(owner: str) -> None:
    """Check the name of an owner: 1 to 128 printable ASCII characters.

    Raises:
        InvalidValue: It has another form.
    """
    if not _OWNER.fullmatch(owner):
        raise InvalidValue("Lease.owner", "1 to 128 printable ASCII characters", owner)


def check_ttl(ttl: float) -> None:
    """Check the length of a lease: 0.05 s to a day.

    Raises:
        InvalidValue: It is shorter or longer.
    """
    if not 0.05 <= ttl <= 86_400:
        raise InvalidValue("Lease.ttl", "0.05 to 86,400 seconds", ttl)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a session at the moment.

    Attributes:
        owner: Its name.
        epoch: The number of its ownership.
        free_in: Seconds until somebody else may take over if it does not renew; 0 when it may be
            taken over now.
        by_clock: Whether the store's own clock says so; otherwise it is counted from when this
            process has seen the lease as it is first.
    """

    owner: str
    epoch: int
    free_in: float
    by_clock: bool = False


class StoredSnapshot(Protocol):
    """A revision that was opened: its manifest is proved, its contents are proved when read."""

    @property
    def session(self) -> SessionKey:
        """The session."""
        ...

    @property
    def revision(self) -> Revision:
        """Which revision it is."""
        ...

    @property
    def browser(self) -> Browser | None:
        """The browser that wrote it."""
        ...

    @property
    def captured_at(self) -> datetime:
        """When it was taken."""
        ...

    @property
    def files(self) -> tuple[Content, ...]:
        """Its files: name and size."""
        ...

    @property
    def documents(self) -> tuple[Content, ...]:
        """Its documents: name and size."""
        ...

    @property
    def skipped(self) -> tuple[Damage, ...]:
        """Damage of newer revisions, for which this one was opened in their place."""
        ...

    async def document(self, name: str) -> bytes:
        """Read a document.

        Raises:
            SnapshotNotFound: It has no such document, or the revision has just been retired.
            SnapshotDamaged: The content is not what was written.
        """
        ...

    async def credentials(self) -> Mapping[str, Secret]:
        """Read what `Snapshot.of_credentials` stored.

        Raises:
            SnapshotNotFound: It is of another kind.
            SnapshotDamaged: The content is not what was written.
        """
        ...

    async def copy_to(self, sink: Sink) -> None:
        """Give every piece of every file to `sink`, each proved before it is given.

        Raises:
            SnapshotDamaged: A piece is not what was written; others may have been given before.
            SnapshotNotFound: The revision was retired while it was read.
        """
        ...

    async def as_snapshot(self) -> Snapshot:
        """The same as something to save elsewhere; its files are read when they are stored.

        Raises:
            SnapshotDamaged: A document is not what was written.
        """
        ...


class AuthStore(Protocol):
    """Keeps sessions outside the machine that runs them.

    Semantics that `blazz.testing.check_auth_store` tests:

    * At any time at most one lease of a session is in force. Each has a higher epoch than all
      before, also after `release` and `delete`.
    * Everything that changes a session takes its lease. Once another lease was given out, whatever
      is done with an older one raises `OwnershipLost` and changes nothing.
    * A save is whole or absent, whatever happens in the middle; the revision before stays intact.
    * What `load` gives is what was saved, or an error; never something else.
    * Saving what is stored already stores nothing.
    * Any number of readers may read at any time; they need no lease.
    """

    async def open(self) -> None:
        """Connect, and check that the store can keep sessions safely.

        Raises:
            UnsuitableStore: It cannot; the message says what to change.
            StoreUnavailable: It does not answer.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; leases run on until they end. May be repeated."""
        ...

    async def acquire(
        self, session: SessionKey, owner: str, *, ttl: float = DEFAULT_TTL, wait: float = 0.0
    ) -> Lease:
        """Become the owner of a session.

        An owner that acquires a session again gets a new lease at once; its older one is over. So
        the name of an owner must be its own, see `blazz.auth_stores.leases.owner_name`.

        Args:
            session: The session.
            owner: Who asks.
            ttl: Seconds that the lease is good for after each renewal.
            wait: Seconds to wait for another owner to release it or to let it end.

        Raises:
            LeaseTaken: Another owner holds it.
            StoreUnavailable: The store does not answer.
        """
        ...

    async def renew(self, lease: Lease) -> Lease:
        """Make a lease good for its full time again.

        Raises:
            OwnershipLost: Another owner has the session.
            StoreUnavailable: The store does not answer; the lease runs on until it ends.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """Give a session up, so that another owner need not wait. May be repeated."""
        ...

    async def holder(self, session: SessionKey) -> Holder | None:
        """Tell who holds a session; None: nobody."""
        ...

    async def save(self, snapshot: Snapshot, lease: Lease, *, base: int | None = None) -> Saved:
        """Store a snapshot as the newest revision of its kind.

        Args:
            snapshot: What to store.
            lease: The lease of the session.
            base: The number of the revision that this state grew from. Refused if a newer one of
                the kind exists; without it the lease alone decides.

        Raises:
            OwnershipLost: Another owner has the session; nothing was changed.
            StaleSnapshot: A newer revision than `base` exists; nothing was changed.
            SourceChanged: A file changed while it was read; nothing was changed.
            WrongKey: The newest revision is sealed with a key that is not in the key ring.
            StoreUnavailable: The store does not answer, or is full (`StoreFull`). The revision
                before is intact; saving again goes on where this save stopped.
        """
        ...

    async def load(
        self, session: SessionKey, *, kind: Kind = Kind.WEB, revision: int | None = None
    ) -> StoredSnapshot:
        """Open a revision.

        Args:
            session: The session.
            kind: The kind of content.
            revision: Its number; by default the newest whose manifest is whole. What was skipped
                is in `StoredSnapshot.skipped`.

        Raises:
            SnapshotNotFound: There is none.
            SnapshotDamaged: The manifest is not what was written.
            WrongKey: It is sealed with a key that is not in the key ring.
        """
        ...

    async def history(self, session: SessionKey, *, kind: Kind | None = None) -> list[Revision]:
        """List the revisions that are kept, newest first."""
        ...

    async def verify(self, session: SessionKey) -> Verification:
        """Read everything stored of a session and prove it."""
        ...

    async def delete(self, lease: Lease) -> None:
        """Delete all revisions of a session; only the number of its last epoch remains.

        Raises:
            OwnershipLost: Another owner has the session; nothing was changed.
        """
        ...

    async def sessions(self, workspace: str | None = None) -> list[SessionKey]:
        """List the sessions that have a revision, in order."""
        ...
