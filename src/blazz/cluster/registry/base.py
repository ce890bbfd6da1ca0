"""The seam of the registry: who is alive, who runs what, and its history."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from blazz.cluster.placement import Cause, Instance
from blazz.errors import InvalidValue

DEFAULT_TTL: Final = 15.0
MAX_HISTORY: Final = 100
"""How many records are kept of each session; the oldest go first."""


class Change(enum.StrEnum):
    """What became of a session on an instance."""

    ASSIGNED = "assigned"
    RELEASED = "released"
    DISCONNECTED = "disconnected"
    RENEWED = "renewed"
    """Its credentials were replaced; the reason says which."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """An instance that runs a session.

    Attributes:
        session: Its key, `<workspace>/<name>`.
        instance: The instance's name.
        epoch: The epoch of its lease: a later owner has a higher one.
        since: Since when.
        migrations: How often the session has moved from one instance to another.
    """

    session: str
    instance: str
    epoch: int
    since: datetime
    migrations: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a session's history.

    Attributes:
        at: When it happened, by the registry's clock.
        change: What happened.
        instance: On which instance.
        epoch: Under which epoch.
        reason: Why it was assigned, see `Cause`, or why it disconnected.
    """

    at: datetime
    change: Change
    instance: str
    epoch: int
    reason: str


class Registry(Protocol):
    """Knows instances and assignments; shared by a cluster.

    It tells where a session *is*, so that calls find it. Who *may* run it is decided by the lease
    in its auth store alone, so a registry that lost its data costs detours, and no session is run
    twice.

    Semantics that `blazz.testing.check_registry` tests:

    * An instance that was not announced for `ttl` seconds is not alive.
    * An assignment of an older epoch never replaces one of a newer epoch, nor ends it.
    """

    async def open(self) -> None:
        """Connect.

        Raises:
            RegistryUnavailable: The server does not answer.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. May be repeated."""
        ...

    async def announce(self, instance: Instance) -> None:
        """Say that an instance is alive, and what it is like; several times within `ttl`."""
        ...

    async def withdraw(self, name: str) -> None:
        """Say that an instance has stopped in good order."""
        ...

    async def instances(self) -> Sequence[Instance]:
        """List the instances that are alive, by name."""
        ...

    async def assign(self, session: str, instance: str, *, epoch: int, cause: Cause) -> bool:
        """Note that an instance runs a session; False: a later owner is known."""
        ...

    async def release(
        self, session: str, *, epoch: int, change: Change = Change.RELEASED, reason: str = ""
    ) -> bool:
        """Note that a session runs there no longer; False: a later owner is known, or nobody."""
        ...

    async def note(self, session: str, *, epoch: int, change: Change, reason: str) -> None:
        """Add to the history of a session that goes on where it is."""
        ...

    async def find(self, session: str) -> Assignment | None:
        """Tell where a session runs."""
        ...

    async def find_all(self, sessions: Collection[str]) -> Mapping[str, Assignment]:
        """Tell where some sessions run; those that run nowhere are left out."""
        ...

    async def assignments(self, *, instance: str | None = None) -> Mapping[str, Assignment]:
        """Tell where all sessions run, or which ones one instance runs."""
        ...

    async def history(self, session: str) -> Sequence[Record]:
        """What became of a session, newest first."""
        ...


def check_ttl(ttl: float) -> float:
    """Check after how long a silent instance is not alive.

    Raises:
        InvalidValue: Not 0.1 s to an hour.
    """
    if not 0.1 <= ttl <= 3600:
        raise InvalidValue("Registry.ttl", "0.1 to 3,600 seconds", ttl)
    return ttl
