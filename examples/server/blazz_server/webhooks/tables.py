"""The tables of the outbox: who is told, of what, and how each attempt went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from blazz_server.database import Table, utc_now


class Subscription(Table):
    """Somebody who wants to be told, and where.

    Its secrets are sealed; while a secret is replaced, both sign.
    """

    __tablename__ = "webhook_subscriptions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    workspace: Mapped[str] = mapped_column(String(63), index=True)
    url: Mapped[str] = mapped_column(String(2048))
    kinds: Mapped[list[str]]
    description: Mapped[str] = mapped_column(String(200), default="")
    active: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str | None] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(500))
    previous_secret: Mapped[str | None] = mapped_column(String(500))
    previous_until: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class OutboxEvent(Table):
    """Something that happened, once for all who are told of it."""

    __tablename__ = "webhook_events"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    workspace: Mapped[str] = mapped_column(String(63), index=True)
    session: Mapped[str | None] = mapped_column(String(63))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


class Delivery(Table):
    """One event on its way to one subscriber.

    A sender claims it: it moves `next_at` to the end of its lease and writes its mark into
    `claim`. If it dies, the delivery is simply due again, for whoever claims it then; the mark
    keeps what the first one has to say out of the record.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_due", "state", "subscription", "next_at"),
        Index("ix_webhook_deliveries_expiring", "state", "expires_at"),
        Index("ix_webhook_deliveries_log", "workspace", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    workspace: Mapped[str] = mapped_column(String(63))
    subscription: Mapped[str] = mapped_column(
        ForeignKey("webhook_subscriptions.id", ondelete="CASCADE")
    )
    event: Mapped[str] = mapped_column(
        ForeignKey("webhook_events.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(63))
    state: Mapped[str] = mapped_column(String(20), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    claim: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(String(500))


class Attempt(Table):
    """One request, and what came of it."""

    __tablename__ = "webhook_attempts"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    workspace: Mapped[str] = mapped_column(String(63))
    delivery: Mapped[str] = mapped_column(
        ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[int]
    at: Mapped[datetime]
    instance: Mapped[str] = mapped_column(String(63))
    milliseconds: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(500))
    answer: Mapped[str] = mapped_column(Text, default="")
