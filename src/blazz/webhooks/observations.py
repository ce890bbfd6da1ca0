"""What receiving tells about itself, for metrics; any callable can observe."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """A webhook request was answered.

    Attributes:
        method: GET (the handshake) or POST, or whatever else came.
        status: The HTTP status: 200 accepted, 403 wrong signature or token, 413 too large,
            503 not now (the inbox is full or its database fails).
        size: Bytes of the body.
        seconds: How long the answer took; the body has come by then.
    """

    method: str
    status: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class BodiesSplit:
    """Bodies were split into updates.

    Attributes:
        bodies: How many.
        new: Updates that were stored.
        duplicates: Updates that were known and left out.
        unrouted: Updates whose account belongs to no session yet.
        foreign: Updates signed with a secret that their account's session does not have.
        unreadable: Bodies that the parser could not split.
    """

    bodies: int
    new: int
    duplicates: int
    unrouted: int
    foreign: int
    unreadable: int


class HandlerOutcome(enum.StrEnum):
    """How one call of a handler ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class HandlerCalled:
    """A handler was called for one update, or a sink for several.

    Attributes:
        handler: Its name.
        outcome: How it ended.
        updates: How many updates it was given.
        seconds: How long it took.
    """

    handler: str
    outcome: HandlerOutcome
    updates: int
    seconds: float


@dataclass(frozen=True, slots=True)
class UpdateDied:
    """An update failed for the last time; `blazz inbox` shows and replays it.

    Attributes:
        session: The session that it is for.
        seq: Its number in the inbox.
        error: What went wrong last.
    """

    session: str
    seq: int
    error: str


@dataclass(frozen=True, slots=True)
class UpdatesForgotten:
    """Updates that no session may have were forgotten: there were too many of one secret.

    Attributes:
        signer: The fingerprint of the secret.
        updates: How many.
    """

    signer: str
    updates: int


@dataclass(frozen=True, slots=True)
class UpdatesSettled:
    """What became of updates is recorded in the inbox.

    Attributes:
        done: Those that all handlers have dealt with.
        failed: Those that are tried again later.
    """

    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class BacklogMeasured:
    """How much waits in the inbox.

    Attributes:
        updates: What handlers still have to see.
        limit: Above this, requests are answered 503; None where a dispatcher counted.
    """

    updates: int
    limit: int | None = None


Observation: TypeAlias = (
    RequestAnswered
    | BodiesSplit
    | HandlerCalled
    | UpdatesSettled
    | UpdateDied
    | UpdatesForgotten
    | BacklogMeasured
)
Observer: TypeAlias = Callable[[Observation], None]
"""Called with everything that happens, in the event loop: it must be quick and not raise."""


def ignore(observation: Observation) -> None:
    """Observe nothing."""
