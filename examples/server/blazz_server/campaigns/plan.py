"""What a campaign is to be, as the API takes it; checked when it is given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from blazz.campaigns import (
    Audience,
    CampaignSpec,
    Canary,
    FrequencyCap,
    Numbers,
    OptOuts,
    OverCap,
    Priority,
    RateCard,
    SendHours,
    Share,
    Tier,
    UnknownPolicy,
    Variants,
)
from blazz.campaigns.content import Said
from blazz_server.chats.kinds import AnyMessage, Kind, Sources
from blazz_server.errors import ApiError

NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
Name = Annotated[str, Field(pattern=NAME)]
Hours = Annotated[str, Field(min_length=1, max_length=60, examples=["21:00-08:00"])]
_FAR: timedelta = timedelta(days=366)


class Part(BaseModel):
    """A part of a plan; fields that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AudienceIn(Part):
    """Who it goes to: a file that was uploaded, and how its numbers are read."""

    id: str = Field(min_length=1, max_length=40, examples=["aud_019a…"])
    phone: str | None = Field(
        default=None, max_length=1000, description="The column with the numbers, if not obvious."
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{2}$",
        description="The country of numbers without a country code.",
        examples=["ID"],
    )

    def read(self, path: Path, *, encoding: str, delimiter: str, phone: str | None) -> Audience:
        """Read the file as it was seen when it was uploaded."""
        return Audience.csv(
            path,
            phone=self.phone or phone,
            region=self.region,
            encoding=encoding,
            delimiter=delimiter,
        )


class HoursIn(Part):
    """When messages may leave, by the clock on the recipient's wall."""

    quiet: list[Hours] = Field(default=[], max_length=20)
    open: list[Hours] = Field(default=[], max_length=20)
    zone: str | None = Field(default=None, max_length=60, examples=["Asia/Jakarta"])
    fallback: str = Field(default="UTC", max_length=60)

    def value(self) -> SendHours:
        """Make the hours."""
        return SendHours(quiet=self.quiet, open=self.open, zone=self.zone, fallback=self.fallback)


class CanaryIn(Part):
    """The first few messages, which must do well before the others follow."""

    share: float = Field(default=0.01, gt=0, lt=1)
    most_failures: float = Field(default=0.05, ge=0, lt=1)
    wait: float = Field(default=10.0, ge=0, le=86_400, description="Seconds.")
    go_on: bool = Field(default=True, description="Go on by itself; else somebody resumes it.")


class CapIn(Part):
    """At most so many messages to one person in so many days, over all campaigns."""

    messages: int = Field(default=1, ge=1, le=1000)
    days: float = Field(default=7.0, gt=0, le=366)
    scope: str = Field(default="marketing", min_length=1, max_length=63)
    then: OverCap = OverCap.SKIP


class TierIn(Part):
    """How many people Meta lets the business write to in 24 hours."""

    people: int = Field(ge=1, le=10_000_000, examples=[2000])
    portfolio: str = Field(default="default", min_length=1, max_length=63)


class VariantIn(Part):
    """One of several messages, of which each person gets one."""

    message: AnyMessage
    weight: float = Field(default=1.0, gt=0, lt=1e9)


class CampaignPlan(Part):
    """A campaign: who gets what, from which session, and when."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "sessions": ["sales"],
                    "message": {"type": "text", "body": "Halo {name}"},
                    "audience": {"id": "aud_019a…"},
                    "rate": 20,
                }
            ]
        },
    )
    sessions: list[Name] = Field(
        min_length=1, max_length=20, description="What sends it; several share it."
    )
    message: AnyMessage | None = Field(
        default=None, description="What to send; `{column}` is filled in from each row."
    )
    variants: dict[Name, VariantIn] | None = Field(
        default=None, max_length=26, description="Instead of `message`: several, compared."
    )
    audience: AudienceIn
    rate: float | None = Field(
        default=78.0, gt=0, le=10_000, description="Messages a second of each session."
    )
    priority: Literal["urgent", "high", "normal", "campaign"] = "campaign"
    start_at: AwareDatetime | None = Field(default=None, examples=[None])
    end_at: AwareDatetime | None = Field(default=None, examples=[None])
    hours: HoursIn | None = Field(default=None, examples=[None])
    canary: CanaryIn | None = Field(default=None, examples=[None])
    cap: CapIn | None = Field(default=None, examples=[None])
    tier: TierIn | None = Field(default=None, examples=[None])
    share: Share = Field(default=Share.CHUNKS, description="How several sessions share it.")
    failover: bool = Field(
        default=True, description="Whether others take over from one that fails."
    )
    opt_outs: OptOuts = OptOuts.SESSION
    unknown: UnknownPolicy = UnknownPolicy.HOLD
    settle_after: float = Field(default=86_400.0, gt=0, le=30 * 86_400.0, description="Seconds.")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Its messages, as they were given."""
        if self.message is not None:
            return (self.message,)
        return tuple(each.message for each in (self.variants or {}).values())

    def said(self, sources: Sources) -> Said:
        """What it says.

        Args:
            sources: What stands for a file.

        Raises:
            InvalidValue: A limit of WhatsApp is broken.
            ApiError: There is not exactly one of `message` and `variants`.
        """
        if (self.message is None) == (self.variants is None):
            raise ApiError(422, "invalid_request", "give either message or variants")
        if self.message is not None:
            return self.message.value(sources)
        variants = self.variants or {}
        return Variants(
            {name: each.message.value(sources) for name, each in variants.items()},
            weights={name: each.weight for name, each in variants.items()},
        )

    def settings(self) -> dict[str, Any]:
        """What `Client.campaign` takes beside sessions, message and audience."""
        return {
            "rate": self.rate,
            "priority": Priority[self.priority.upper()],
            "start_at": self.start_at,
            "end_at": self.end_at,
            "hours": None if self.hours is None else self.hours.value(),
            "canary": None if self.canary is None else Canary(**self.canary.model_dump()),
            "cap": None if self.cap is None else FrequencyCap(**self.cap.model_dump()),
            "tier": None if self.tier is None else Tier(**self.tier.model_dump()),
            "numbers": Numbers(share=self.share, failover=self.failover)
            if len(self.sessions) > 1
            else None,
            "opt_outs": self.opt_outs,
            "unknown": self.unknown,
            "settle_after": self.settle_after,
        }

    def spec(self, workspace: str, id: str) -> CampaignSpec:  # noqa: A002
        """Make the library's settings: whatever they refuse, is refused before it is kept.

        Raises:
            InvalidValue: A setting breaks its limit.
            ConfigurationError: Two settings contradict each other.
            ApiError: It names a session twice, or a time that is too far away.
        """
        if len(set(self.sessions)) < len(self.sessions):
            raise ApiError(422, "invalid_request", "sessions: each session once")
        latest = datetime.now(UTC) + _FAR
        for moment in (self.start_at, self.end_at):
            if moment is not None and moment > latest:
                raise ApiError(422, "invalid_request", "start_at and end_at: within a year")
        several = len(self.sessions) > 1
        return CampaignSpec(
            id=id,
            workspace=workspace,
            session=self.sessions[0],
            sessions=tuple(self.sessions) if several else (),
            message=self.said({}),
            **self.settings(),
        )


class Price(Part):
    """What messages to a country cost."""

    country: str = Field(pattern=r"^([A-Z]{2}|\*)$", examples=["ID"])
    category: Literal["marketing", "utility", "authentication", "service"]
    price: Decimal = Field(ge=0, max_digits=12, decimal_places=6, examples=["0.0411"])


class RateCardIn(Part):
    """What messages cost; `*` is all countries that are not named."""

    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["USD"])
    prices: list[Price] = Field(min_length=1, max_length=1000)

    def value(self) -> RateCard:
        """Make the rate card."""
        return RateCard({(it.country, it.category): it.price for it in self.prices}, self.currency)
