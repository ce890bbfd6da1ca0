"""What a campaign is: its name, its message, and how it is to be sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from blazz.campaigns.content import Content, Said, read_content, write_content
from blazz.campaigns.ledger.records import CampaignRow, UnknownPolicy
from blazz.campaigns.limiter.base import Limit
from blazz.campaigns.options import (
    CampaignOptions,
    Canary,
    FrequencyCap,
    Numbers,
    OptOuts,
    SendHours,
    Tier,
)
from blazz.campaigns.priority import Priority
from blazz.campaigns.retrying import RetryPolicy
from blazz.errors import ConfigurationError, InvalidValue

DEFAULT_RATE = 78.0
"""Messages per second: 2 % under the 80 that Meta allows a new number."""

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSpec:
    """A campaign's settings; checked when they are made.

    Attributes:
        id: Its name, `[a-z0-9][a-z0-9_-]{0,62}`. The same id again is the same campaign.
        message: What to send, or `Variants` of it; `{column}` is filled in from each row.
        session: The session that sends it. Sessions have a rate limit each.
        sessions: The sessions that share it, if there are several; `session` is the first.
        workspace: The tenant.
        rate: Messages per second, or None for no limit. Meta allows 80 a second, 1,000 after an
            upgrade, 20 for numbers that are also used in the Business app.
        priority: Campaigns leave room for whatever is more urgent.
        start_at: Nothing is sent before this time, which has a time zone.
        end_at: What is not sent by this time stays unsent.
        hours: When messages may leave, by the recipients' clocks.
        canary: The first few messages, which must do well before the others follow.
        cap: How often one person may be written to, over all campaigns.
        tier: How many people Meta lets the business write to in 24 hours.
        numbers: How several sessions share it.
        opt_outs: Whose suppression lists hold.
        unknown: What becomes of messages whose fate stays unknown.
        settle_after: Seconds until such a message is given up on; webhooks may come a day late.
        most_refusals: The refusal of this number makes a message fail.
        chunk_size: How many recipients a worker takes at a time.

    Raises:
        InvalidValue: A setting breaks its limit.
        ConfigurationError: Two settings contradict each other.

    Example:
        >>> from blazz.messages import Text
        >>> CampaignSpec(id="promo-11", message=Text("Halo {name}")).to_row().columns
        ('name',)
    """

    id: str
    message: Said
    session: str = "default"
    sessions: tuple[str, ...] = ()
    workspace: str = "default"
    rate: float | None = DEFAULT_RATE
    priority: Priority = Priority.CAMPAIGN
    start_at: datetime | None = None
    end_at: datetime | None = None
    hours: SendHours | None = None
    canary: Canary | None = None
    cap: FrequencyCap | None = None
    tier: Tier | None = None
    numbers: Numbers | None = None
    opt_outs: OptOuts = OptOuts.SESSION
    unknown: UnknownPolicy = UnknownPolicy.HOLD
    settle_after: float = 86_400.0
    most_refusals: int = 5
    chunk_size: int = 500

    def __post_init__(self) -> None:
        _check_name("id", self.id)
        _check_name("workspace", self.workspace)
        for session in (self.session, *self.sessions):
            _check_name("session", session)
        if self.rate is not None:
            Limit(self.rate)
        for name in ("start_at", "end_at"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise InvalidValue(f"CampaignSpec.{name}", "needs a time zone", moment)
        if self.settle_after <= 0:
            raise InvalidValue("CampaignSpec.settle_after", "seconds, above 0", self.settle_after)
        if not 1 <= self.chunk_size <= 10_000:
            raise InvalidValue("CampaignSpec.chunk_size", "1 to 10000", self.chunk_size)
        RetryPolicy(self.most_refusals)
        self._check_contradictions()

    def _check_contradictions(self) -> None:
        several = len(self.sessions) > 1
        if self.sessions and (not several or self.sessions[0] != self.session):
            raise ConfigurationError("sessions= needs several, of which session= is the first")
        if self.numbers is not None and not several:
            raise ConfigurationError("numbers= is for several sessions, but there is one")
        if self.end_at is None:
            return
        start = (self.start_at or datetime.fromtimestamp(0, UTC)).timestamp()
        end = self.end_at.timestamp()
        if end <= start:
            raise ConfigurationError(f"end_at ({self.end_at}) is not after start_at")
        if self.start_at is None:
            return
        if self.canary is not None and self.canary.wait >= end - start:
            raise ConfigurationError("the campaign ends before its canary is judged")
        if self.hours is not None and not self.hours.leave_time(start, end):
            raise ConfigurationError(
                "hours= leave no time between start_at and end_at, in no time zone"
            )

    @property
    def options(self) -> CampaignOptions:
        """What the ledger keeps as the campaign's options."""
        return CampaignOptions(
            hours=self.hours,
            canary=self.canary,
            cap=self.cap,
            tier=self.tier,
            numbers=self.numbers or Numbers(),
            sessions=self.sessions,
            opt_outs=self.opt_outs,
            end_at=self.end_at.timestamp() if self.end_at else None,
        )

    @classmethod
    def from_row(cls, row: CampaignRow) -> Self:
        """Read the settings of a campaign that the ledger has."""
        options = CampaignOptions.from_json(row.options)
        return cls(
            id=row.id,
            message=read_content(row.message),
            session=row.session,
            sessions=options.sessions,
            workspace=row.workspace,
            end_at=datetime.fromtimestamp(options.end_at, UTC) if options.end_at else None,
            hours=options.hours,
            canary=options.canary,
            cap=options.cap,
            tier=options.tier,
            numbers=options.numbers if options.sessions else None,
            opt_outs=options.opt_outs,
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
            message=write_content(self.message),
            columns=Content(self.message).columns,
            options=self.options.to_json(),
            priority=self.priority,
            rate=self.rate,
            not_before=self.start_at.timestamp() if self.start_at else 0.0,
            unknown=self.unknown,
            settle_after=self.settle_after,
            most_refusals=self.most_refusals,
            chunk_size=self.chunk_size,
        )


def _check_name(field: str, value: object) -> None:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        rule = "1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit"
        raise InvalidValue(f"CampaignSpec.{field}", rule, value)
