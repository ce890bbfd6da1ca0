"""What a ledger takes and gives in work: campaigns, rows, leases, findings, counts."""

from __future__ import annotations

import enum
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, TypedDict

from blazz.campaigns.delivery import Evidence, State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.priority import Priority

SOON = 0.0
"""A time that has passed: due at once."""


class CampaignState(enum.StrEnum):
    """Where a campaign is. That all is sent is told by its counts, not by its state."""

    IMPORTING = "importing"
    """Its audience is being read; nothing is sent before that is complete."""
    READY = "ready"
    """Its audience is complete; nobody has started it."""
    RUNNING = "running"
    """It is sent as fast as limits allow, once its time has come."""
    PAUSED = "paused"
    """Somebody paused it."""
    HALTED = "halted"
    """blazz stopped it, because it cannot go on until a person has acted."""
    CANCELLED = "cancelled"
    """It is over; what was not sent stays unsent."""


class UnknownPolicy(enum.StrEnum):
    """What becomes of messages whose fate stays unknown after the settle window."""

    HOLD = "hold"
    """They stay unknown: nobody gets a message twice."""
    RETRY = "retry"
    """They are sent again: nobody is left out, but somebody may get it twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRow:
    """One campaign as the ledger holds it.

    Attributes:
        workspace: The tenant.
        id: Its name within the workspace.
        session: The session that sends it; also what its rate limit is counted under.
        message: The message as JSON, with placeholders.
        columns: The names of the columns that the message needs, in the order that rows keep
            their values in.
        priority: How urgent it is.
        rate: Messages per second, or None for no limit.
        not_before: Nothing is sent before this time, in seconds since the epoch.
        unknown: What becomes of messages whose fate stays unknown.
        settle_after: Seconds until an unknown message is given up on.
        most_refusals: How many refusals make a message fail.
        chunk_size: Recipients per chunk.
        number: The ledger's own number for it; 0 before it is stored.
        state: Where it is.
        reason: Why it is paused, halted or resting, in words.
        options: Settings that the ledger does not look at, as JSON.
        upto: Only recipients with numbers up to this are sent to; None for all.
        audience: The fingerprint of the audience; None until the import is complete.
        audience_columns: The names of all the audience's columns.
        rows_read: How many rows the audience had.
        rejected: How many of them cannot be sent to.
        duplicates: How many have an address that an earlier row has, too.
        created_at: When it was stored, in seconds since the epoch.
    """

    workspace: str
    id: str
    session: str
    message: str
    columns: tuple[str, ...]
    priority: Priority = Priority.CAMPAIGN
    rate: float | None = None
    not_before: float = SOON
    unknown: UnknownPolicy = UnknownPolicy.HOLD
    settle_after: float = 86_400.0
    most_refusals: int = 5
    chunk_size: int = 500
    options: str = "{}"
    upto: int | None = None
    number: int = 0
    state: CampaignState = CampaignState.IMPORTING
    reason: str | None = None
    audience: str | None = None
    audience_columns: tuple[str, ...] = ()
    rows_read: int = 0
    rejected: int = 0
    duplicates: int = 0
    created_at: float = 0.0


class Changes(TypedDict, total=False):
    """Settings of a campaign that may change while it runs; see `CampaignRow`."""

    priority: Priority
    rate: float | None
    not_before: float
    unknown: UnknownPolicy
    settle_after: float
    most_refusals: int
    options: str


class NewRow(NamedTuple):
    """A recipient to import: where it stood, its address, and its values as a JSON array.

    Attributes:
        line: Where it stood in the audience.
        address: Whom to send to.
        values: What to fill in, from `pack`.
        country: The ISO 3166 code of its country, or nothing.
        variant: Which of the campaign's messages it gets.
    """

    line: int
    address: str
    values: str
    country: str = ""
    variant: int = 0


def pack(values: Sequence[str]) -> str:
    """Write a row's values, in the order of the campaign's columns.

    Example:
        >>> unpack(pack(["Budi", "A1"]), ("name", "code"))
        {'name': 'Budi', 'code': 'A1'}
    """
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else "[]"


def unpack(values: str, columns: Sequence[str]) -> dict[str, str]:
    """Read a row's values.

    Raises:
        ValueError: They are not JSON, or not one for each column.
    """
    return dict(zip(columns, json.loads(values), strict=True))


class RejectKind(enum.StrEnum):
    """Why a row has no recipient."""

    INVALID = "invalid"
    DUPLICATE = "duplicate"


class Reject(NamedTuple):
    """A row that cannot be sent to, with its reason and its fields as they came."""

    line: int
    kind: RejectKind
    reason: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A chunk that may be worked on, and how urgent it is."""

    chunk: ChunkId
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to send a chunk's rows, until it expires or is taken over.

    Attributes:
        chunk: Which chunk.
        owner: Who holds it.
        epoch: Grows with every lease of the chunk; a holder with an older one is fenced off.
        due: How many of its rows can be sent now.
        lane: Which of the campaign's numbers its rows belong to.
    """

    chunk: ChunkId
    owner: str
    epoch: int
    due: int
    lane: int = 0


class DueRow(NamedTuple):
    """A row that can be sent now; `attempt` is that of its last attempt, 0 before the first."""

    seq: int
    attempt: int
    address: str


class WindowRow(NamedTuple):
    """A row that is written down as `sending`: its recipient and the attempt's number."""

    seq: int
    attempt: int
    address: str
    values: str
    variant: int = 0


class Finding(NamedTuple):
    """Evidence about one attempt for one recipient."""

    campaign: int
    seq: int
    attempt: int
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """One recipient as the ledger holds it.

    Attributes:
        seq: Its number within the campaign.
        line: Where it stood in the audience.
        address: Whom to send to.
        values: What is filled in, see `unpack`.
        state: Where its message is.
        attempt: The number of the last attempt; 0 before the first.
        message_id: The provider's id of the message, once known.
        code: The provider's number for the last error.
        reason: The last error in words.
        changed_at: When its state last changed, in seconds since the epoch.
        sent_at: When the last attempt began; 0 before the first.
        country: The ISO 3166 code of its country, or nothing.
        variant: Which of the campaign's messages it gets.
        sender: Which of the campaign's numbers took it.
    """

    seq: int
    line: int
    address: str
    values: str
    state: State
    attempt: int
    message_id: str | None
    code: int | None
    reason: str | None
    changed_at: float
    sent_at: float = 0.0
    country: str = ""
    variant: int = 0
    sender: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many recipients are in each state.

    Example:
        >>> Counts(accepted=2, read=1).taken_over
        3
    """

    pending: int = 0
    sending: int = 0
    unknown: int = 0
    accepted: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """All recipients."""
        return sum(getattr(self, field.name) for field in fields(self))

    @property
    def open(self) -> int:
        """Those that are still to be sent."""
        return self.pending + self.sending

    @property
    def taken_over(self) -> int:
        """Those that the provider took over and that did not fail since."""
        return self.accepted + self.confirmed

    @property
    def confirmed(self) -> int:
        """Those for which a status update proves that they were sent."""
        return self.sent + self.delivered + self.read


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A campaign at a glance, read from its chunks' counters.

    Attributes:
        row: The campaign.
        counts: Its recipients per state.
        busy: How many of its chunks somebody works on.
        next_at: When the next pending row is due, in seconds since the epoch; None without one.
        first_at: When the first message left; None before that.
        last_at: When the last answer to a request came.
    """

    row: CampaignRow
    counts: Counts
    busy: int
    next_at: float | None
    first_at: float | None
    last_at: float | None


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How many recipients a state and an error were last seen on."""

    state: State
    code: int | None
    reason: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many recipients have all of this in common."""

    country: str
    variant: int
    sender: int
    state: State
    count: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A campaign's counts at one moment, in seconds since the epoch."""

    at: float
    counts: Counts


class Note(NamedTuple):
    """Something that happened to a campaign, in words, and when, in seconds since the epoch."""

    at: float
    text: str
