"""A session's record: who owns it and which revisions it has. Pure; the one thing that changes.

Everything else in a store is written once. The record is changed by compare-and-set only, and every
change states the lease it is made under, so that one comparison in the store decides both whether
the record moved on and whether its writer still owns the session.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from blazz.auth_stores.base import Lease
from blazz.auth_stores.revisions import Revision
from blazz.auth_stores.snapshot.contents import Kind
from blazz.auth_stores.snapshot.retention import Retention
from blazz.errors import OwnershipLost

FORMAT: Final = 1


class NotARecord(ValueError):
    """It is not a session's record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The lease that is in force, as the store knows it.

    Attributes:
        owner: Who holds it.
        token: Tells it from all others.
        ttl: Seconds that a renewal is good for.
        beat: Counts the renewals; whoever sees it stand still for `ttl` knows that it has ended.
        ends_at: When it ends by the store's clock in seconds, if the store has one.
    """

    owner: str
    token: str
    ttl: float
    beat: int = 0
    ends_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One revision.

    Attributes:
        revision: What it is.
        manifest: The name of its manifest.
        key: The fingerprint of the key that seals the manifest.
    """

    revision: Revision
    manifest: str
    key: bytes

    @property
    def at(self) -> datetime:
        """When the state was captured, for `Retention`."""
        return self.revision.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Who owns a session and which revisions it has.

    Attributes:
        epoch: The number of the last ownership; it never goes back.
        revision: The number of the last revision; it never goes back.
        holding: The lease in force.
        entries: The revisions that are kept, oldest first.
        write: A random name of this state, by which a writer whose answer was lost knows its own.
    """

    epoch: int = 0
    revision: int = 0
    holding: Holding | None = None
    entries: tuple[Entry, ...] = ()
    write: str = field(default_factory=lambda: secrets.token_hex(8))

    def of_kind(self, kind: Kind | None) -> tuple[Entry, ...]:
        """The revisions of one kind, oldest first; all with None."""
        return tuple(e for e in self.entries if kind is None or e.revision.kind is kind)

    def newest(self, kind: Kind) -> Entry | None:
        """The newest revision of a kind."""
        entries = self.of_kind(kind)
        return entries[-1] if entries else None

    def taken(self, owner: str, ttl: float, *, now: float | None) -> Self:
        """The record once a new owner has it."""
        holding = Holding(
            owner=owner,
            token=secrets.token_hex(4),
            ttl=ttl,
            ends_at=None if now is None else now + ttl,
        )
        return self._next(epoch=self.epoch + 1, holding=holding)

    def renewed(self, lease: Lease, *, now: float | None) -> Self:
        """The record once the owner has renewed its lease.

        Raises:
            OwnershipLost: It is not the owner.
        """
        holding = self._held_by(lease)
        ends_at = None if now is None else now + holding.ttl
        return self._next(holding=replace(holding, beat=holding.beat + 1, ends_at=ends_at))

    def released(self, lease: Lease) -> Self:
        """The record once the owner has given it up.

        Raises:
            OwnershipLost: It is not the owner.
        """
        self._held_by(lease)
        return self._next(holding=None)

    def committed(self, lease: Lease, entry: Entry, retention: Retention) -> Self:
        """The record with one revision more, and without those that need not be kept any longer.

        Raises:
            OwnershipLost: It is not the owner.
        """
        self._held_by(lease)
        kind = entry.revision.kind
        kept = retention.keep((*self.of_kind(kind), entry))
        others = (e for e in self.entries if e.revision.kind is not kind)
        entries = tuple(sorted((*others, *kept), key=lambda each: each.revision.number))
        return self._next(revision=entry.revision.number, entries=entries)

    def pruned(self, lease: Lease, retention: Retention) -> Self:
        """The record without the revisions that another retention would not keep.

        Raises:
            OwnershipLost: It is not the owner.
        """
        self._held_by(lease)
        kept = [entry for kind in Kind for entry in retention.keep(self.of_kind(kind))]
        return self._next(entries=tuple(sorted(kept, key=lambda each: each.revision.number)))

    def emptied(self, lease: Lease) -> Self:
        """The record without revisions; epoch and number stay, so that neither is used twice.

        Raises:
            OwnershipLost: It is not the owner.
        """
        self._held_by(lease)
        return self._next(entries=())

    def check(self, lease: Lease) -> None:
        """Check that a lease is the one in force.

        Raises:
            OwnershipLost: It is not.
        """
        self._held_by(lease)

    def _held_by(self, lease: Lease) -> Holding:
        holding = self.holding
        if holding is not None and (self.epoch, holding.token) == (lease.epoch, lease.token):
            return holding
        if self.epoch > lease.epoch:
            reason = f"epoch {self.epoch} has begun"
        elif self.epoch < lease.epoch:
            reason = f"the store has lost it and knows only epoch {self.epoch}"
        else:
            reason = "it was released" if holding is None else "the epoch is another owner's"
        raise OwnershipLost(
            f"{lease.session}: the lease of {lease.owner} (epoch {lease.epoch}) is over: {reason};"
            " nothing was changed"
        )

    def _next(self, **changes: Any) -> Self:  # noqa: ANN401  # fields of this class
        return replace(self, write=secrets.token_hex(8), **changes)

    def encode(self) -> bytes:
        """Write it as JSON."""
        holding = self.holding
        value = {
            "format": FORMAT,
            "epoch": self.epoch,
            "revision": self.revision,
            "write": self.write,
            "holding": None
            if holding is None
            else {
                "owner": holding.owner,
                "token": holding.token,
                "ttl": holding.ttl,
                "beat": holding.beat,
                "ends_at": holding.ends_at,
            },
            "entries": [_entry_to_json(entry) for entry in self.entries],
        }
        return json.dumps(value, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read it from JSON.

        Raises:
            NotARecord: It is none, or a newer blazz wrote it.
        """
        try:
            value = json.loads(data)
            known = value["format"] == FORMAT
            holding = value["holding"]
            record = cls(
                epoch=int(value["epoch"]),
                revision=int(value["revision"]),
                write=str(value["write"]),
                holding=None if holding is None else Holding(**holding),
                entries=tuple(_entry_from_json(entry) for entry in value["entries"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NotARecord(f"unreadable: {type(error).__name__}: {error}") from error
        if not known:
            raise NotARecord(f"format {value['format']!r}: a newer blazz wrote it")
        return record


def _entry_to_json(entry: Entry) -> dict[str, object]:
    return {
        "number": entry.revision.number,
        "kind": entry.revision.kind,
        "epoch": entry.revision.epoch,
        "at": entry.revision.at.astimezone(UTC).isoformat(),
        "size": entry.revision.size,
        "uploaded": entry.revision.uploaded,
        "manifest": entry.manifest,
        "key": entry.key.hex(),
    }


def _entry_from_json(value: Mapping[str, Any]) -> Entry:
    return Entry(
        revision=Revision(
            number=int(value["number"]),
            kind=Kind(value["kind"]),
            epoch=int(value["epoch"]),
            at=datetime.fromisoformat(value["at"]),
            size=int(value["size"]),
            uploaded=int(value["uploaded"]),
        ),
        manifest=str(value["manifest"]),
        key=bytes.fromhex(value["key"]),
    )
