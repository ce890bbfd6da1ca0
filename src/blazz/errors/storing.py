"""Errors of keeping sessions in an auth store."""

from __future__ import annotations

from collections.abc import Sequence

from blazz.errors.base import BlazzError, ConfigurationError


class KeyRingError(ConfigurationError):
    """The key ring is missing, unreadable or open to others."""


class UnsuitableStore(ConfigurationError):
    """This store cannot keep sessions safely."""


class AuthStoreError(BlazzError):
    """A session cannot be stored or restored."""


class LeaseTaken(AuthStoreError):
    """Another owner holds the session.

    Attributes:
        owner: Who holds it.
        retry_after: Seconds after which it may be free, if its owner does not renew.
    """

    def __init__(self, message: str | None = None, *, owner: str, retry_after: float) -> None:
        super().__init__(message)
        self.owner = owner
        self.retry_after = retry_after


class OwnershipLost(AuthStoreError):
    """The lease has ended or went to another owner; nothing was changed.

    Whoever gets this must stop using the session at once.
    """


class SnapshotNotFound(AuthStoreError):
    """There is no such revision of the session."""


class StaleSnapshot(AuthStoreError):
    """A newer state exists; nothing was overwritten.

    Going back to an older state of a WhatsApp Web session breaks its chats: both sides of an
    encrypted chat only ever move forward.
    """


class SnapshotDamaged(AuthStoreError):
    """What is stored is not what was written: missing, cut short or altered.

    Attributes:
        damage: What is damaged, one `blazz.auth_stores.Damage` for each place.
    """

    def __init__(self, message: str | None = None, *, damage: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.damage = tuple(damage)


class IncompatibleBrowser(AuthStoreError):
    """This browser may not open that snapshot: it is older, or stores data in another engine."""


class WrongKey(AuthStoreError):
    """It is sealed with a key that is not in the key ring."""


class SourceChanged(AuthStoreError):
    """A file changed, shrank or vanished while it was being stored; nothing was stored."""


class DiskFailed(AuthStoreError):
    """The local disk did not take it; what was there is as it was."""


class StoreUnavailable(AuthStoreError):
    """The store cannot be reached, or does not answer in time."""


class StoreFull(StoreUnavailable):
    """The store has no room."""
