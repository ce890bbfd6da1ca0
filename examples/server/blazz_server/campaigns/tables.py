"""The tables of campaigns: what was uploaded, what is to be sent, and which instance sends it.

What became of each recipient is in the library's ledger, not here.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from blazz_server.database import Table, utc_now


class State(enum.StrEnum):
    """Where a campaign is."""

    DRAFT = "draft"
    """It was made, and not started."""
    SCHEDULED = "scheduled"
    """It starts by itself."""
    RUNNING = "running"
    """It is being sent, or waits for its session, for hours, for a retry."""
    PAUSED = "paused"
    """Somebody paused it, or it paused itself; the reason says why."""
    HALTED = "halted"
    """It cannot go on until a person has acted; the reason says why."""
    DONE = "done"
    """Nothing is left to send; statuses may still come."""
    CANCELLED = "cancelled"
    """It is over; what was not sent stays unsent."""
    FAILED = "failed"
    """It could not begin; the reason says why."""


WORKED_ON = frozenset({State.SCHEDULED, State.RUNNING})
"""States in which some instance has, or will have, something to do."""


class AudienceRow(Table):
    """A CSV file that was uploaded. Its content is beside it, so that every instance has it."""

    __tablename__ = "audiences"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    workspace: Mapped[str] = mapped_column(String(63), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    columns: Mapped[list[str]]
    phone: Mapped[str | None] = mapped_column(String(1000))
    encoding: Mapped[str] = mapped_column(String(40))
    delimiter: Mapped[str] = mapped_column(String(1))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class AudiencePart(Table):
    """A piece of an uploaded file."""

    __tablename__ = "audience_parts"

    audience: Mapped[str] = mapped_column(
        ForeignKey("audiences.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class CampaignRow(Table):
    """A campaign as it is wanted.

    Attributes:
        plan: What was asked for, as `CampaignPlan` writes it.
        imported: Whether the ledger has its audience.
        turn: How often its state has changed.
        due_at: When an instance has to look at it next.
        owner: The instance that works on it.
        claim: The mark of that work; a later one keeps the former out.
        lease_until: When another instance may take it over.
    """

    __tablename__ = "campaigns"
    __table_args__ = (Index("ix_campaigns_due", "state", "due_at"),)

    workspace: Mapped[str] = mapped_column(String(63), primary_key=True)
    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    plan: Mapped[dict[str, Any]]
    audience: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default=State.DRAFT.value)
    reason: Mapped[str | None] = mapped_column(String(500))
    imported: Mapped[bool] = mapped_column(default=False)
    turn: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(default=utc_now)
    owner: Mapped[str | None] = mapped_column(String(63))
    claim: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
