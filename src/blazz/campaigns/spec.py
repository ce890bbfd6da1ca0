"""What a campaign is: its name, its message, and how it is to be sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from blazz.campaigns.ledger.records import CampaignRow, UnknownPolicy
from blazz.campaigns.limiter.base import Limit
from blazz.campaigns.priority import Priority
from blazz.campaigns.retrying import RetryPolicy
from blazz.errors import InvalidValue
from blazz.messages.base import Message
from blazz.messages.codec import from_json, to_json
from blazz.messages.rendering import columns

DEFAULT_RATE = 78.0
"""Messages per second: 2 % under the 80 that Meta allows a new number."""

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSpec:
    """A campaign's settings; checked when they are made.

    Attributes:
        id: Its name, `[a-z0-9][a-z0-9_-]{0,62}`. The same id again is the same campaign.
        message: What to send; `{column}` is filled in from each row.
        session: The session that sends it. Sessions have a rate limit each.
        workspace: The tenant.
        rate: Messages per second, or None for no limit. Meta allows 80 a second, 1,000 after an
            upgrade, 20 for numbers that are also used in the Business app.
        priority: Campaigns leave room for whatever is more urgent.
        start_at: Nothing is sent before this time, which has a time zone.
        unknown: What becomes of messages whose fate stays unknown.
        settle_after: Seconds until such a message is given up on; webhooks may come a day late.
        most_refusals: The refusal of this number makes a message fail.
        chunk_size: How many recipients a worker takes at a time.

    Raises:
        InvalidValue: A setting breaks its limit.

    Example:
        >>> from blazz.messages import Text
        >>> CampaignSpec(id="promo-11", message=Text("Halo {name}")).to_row().columns
        ('name',)
    """

    id: str
    message: Message
    session: str = "default"
    workspace: str = "default"
    rate: float | None = DEFAULT_RATE
    priority: Priority = Priority.CAMPAIGN
    start_at: datetime | None = None
    unknown: UnknownPolicy = UnknownPolicy.HOLD
    settle_after: float = 86_400.0
    most_refusals: int = 5
    chunk_size: int = 500

    def __post_init__(self) -> None:
        for name in ("id", "session", "workspace"):
            value = getattr(self, name)
            if not isinstance(value, str) or not _ID.fullmatch(value):
                rule = "1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit"
                raise InvalidValue(f"CampaignSpec.{name}", rule, value)
        if self.rate is not None:
            Limit(self.rate)
        if self.start_at is not None and self.start_at.tzinfo is None:
            raise InvalidValue("CampaignSpec.start_at", "needs a time zone", self.start_at)
        if self.settle_after <= 0:
            raise InvalidValue("CampaignSpec.settle_after", "seconds, above 0", self.settle_after)
        if not 1 <= self.chunk_size <= 10_000:
            raise InvalidValue("CampaignSpec.chunk_size", "1 to 10000", self.chunk_size)
        RetryPolicy(self.most_refusals)

    @classmethod
    def from_row(cls, row: CampaignRow) -> Self:
        """Read the settings of a campaign that the ledger has."""
        return cls(
            id=row.id,
            message=from_json(row.message),
            session=row.session,
            workspace=row.workspace,
            rate=row.rate,
            priority=row.priority,
            start_at=datetime.fromtimestamp(row.not_before, UTC) if row.not_before else None,
            unknown=row.unknown,
            settle_after=row.settle_after,
            most_refusals=row.most_refusals,
            chunk_size=row.chunk_size,
        )

    def to_row(self) -> CampaignRow:
        """Make what the ledger stores of it.

        Raises:
            InvalidValue: A placeholder of the message is malformed.
        """
        return CampaignRow(
            workspace=self.workspace,
            id=self.id,
            session=self.session,
            message=to_json(self.message),
            columns=tuple(sorted(columns(self.message))),
            priority=self.priority,
            rate=self.rate,
            not_before=self.start_at.timestamp() if self.start_at else 0.0,
            unknown=self.unknown,
            settle_after=self.settle_after,
            most_refusals=self.most_refusals,
            chunk_size=self.chunk_size,
        )
