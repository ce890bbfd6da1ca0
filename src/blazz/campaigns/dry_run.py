"""Tries a campaign out: every row, the templates, how long it takes and what it costs.

The audience is imported into a ledger of its own that is thrown away afterwards, so the same code
judges the rows, and a million of them need no more memory than ten.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from blazz.campaigns.audience import Audience, Recipient
from blazz.campaigns.content import Content
from blazz.campaigns.delivery import State
from blazz.campaigns.forecast import forecast
from blazz.campaigns.geography import zones_of
from blazz.campaigns.hours import ALWAYS
from blazz.campaigns.importing import import_audience, needs_of
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import Reject, Tally, unpack
from blazz.campaigns.rate_card import RateCard
from blazz.campaigns.screening import Clocks
from blazz.campaigns.spec import CampaignSpec
from blazz.campaigns.template_check import FindTemplate, problems_of
from blazz.errors import AudienceError, BlazzError
from blazz.messages.base import Message
from blazz.messages.template import Template

_SHOWN = 20
_MOST_TEMPLATES = 200
_SAMPLED_ALL = 5000
_STRIDE = 50


@dataclass(frozen=True, slots=True)
class CostLine:
    """What the messages to one country cost.

    Attributes:
        country: The ISO 3166 code, or nothing.
        category: `marketing`, `utility`, `authentication` or `service`.
        messages: How many.
        price: Of one message; None if the rate card does not say.
    """

    country: str
    category: str
    messages: int
    price: Decimal | None

    @property
    def cost(self) -> Decimal | None:
        """Of all of them."""
        return None if self.price is None else self.price * self.messages


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a campaign would do.

    Attributes:
        campaign: Its id.
        rows_read: Rows of the audience.
        recipients: How many people would get a message.
        rejected: Rows that cannot be sent to.
        duplicates: Rows whose address came before.
        rejects: The first of these, with the reasons.
        countries: Recipients by country, the most first.
        variants: Recipients by variant, if there are any.
        problems: What stands in the way; with any, the campaign should not be run.
        warnings: What could not be checked, or may surprise.
        starts_at: When the first message would leave.
        ends_at: When the last would; None if that cannot be told.
        costs: What it costs, by country and category; empty without a rate card.
        currency: What that is in.
    """

    campaign: str
    rows_read: int
    recipients: int
    rejected: int
    duplicates: int
    rejects: tuple[Reject, ...]
    countries: Mapping[str, int]
    variants: Mapping[str, int]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime | None
    costs: tuple[CostLine, ...] = ()
    currency: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.problems

    @property
    def duration(self) -> float | None:
        """Seconds from the first message to the last."""
        return None if self.ends_at is None else (self.ends_at - self.starts_at).total_seconds()

    @property
    def cost(self) -> Decimal | None:
        """What all messages cost whose price is known; None without a rate card."""
        if self.currency is None:
            return None
        return sum((line.cost for line in self.costs if line.cost is not None), Decimal(0))

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON; money is text."""
        return {
            "campaign": self.campaign,
            "ok": self.ok,
            "rows_read": self.rows_read,
            "recipients": self.recipients,
            "rejected": self.rejected,
            "duplicates": self.duplicates,
            "rejects": [
                {"line": it.line, "kind": it.kind.value, "reason": it.reason} for it in self.rejects
            ],
            "countries": dict(self.countries),
            "variants": dict(self.variants),
            "problems": list(self.problems),
            "warnings": list(self.warnings),
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
            "duration_seconds": self.duration,
            "costs": [
                {
                    "country": line.country,
                    "category": line.category,
                    "messages": line.messages,
                    "price": None if line.price is None else str(line.price),
                    "cost": None if line.cost is None else str(line.cost),
                }
                for line in self.costs
            ],
            "cost": None if self.cost is None else str(self.cost),
            "currency": self.currency,
        }

    def rows(self) -> list[tuple[str, str]]:
        """A table of two columns, for people; lines that say nothing are left out."""
        duration = "" if self.duration is None else str(timedelta(seconds=math.ceil(self.duration)))
        lines = [
            ("campaign", self.campaign),
            ("rows read", f"{self.rows_read:,}"),
            ("  rejected", f"{self.rejected:,}"),
            ("  duplicates", f"{self.duplicates:,}"),
            ("recipients", f"{self.recipients:,}"),
            *((f"  {name or 'no country'}", f"{n:,}") for name, n in self.countries.items()),
            *((f"  variant {name}", f"{n:,}") for name, n in self.variants.items()),
            ("starts", f"{self.starts_at:%Y-%m-%d %H:%M} UTC"),
            ("ends", f"{self.ends_at:%Y-%m-%d %H:%M} UTC" if self.ends_at else ""),
            ("duration", duration),
            *(
                (f"cost {line.country or 'no country'} {line.category}", _money(line.cost))
                for line in self.costs
            ),
            ("cost", "" if self.cost is None else f"{_money(self.cost)} {self.currency}"),
            *(("problem", problem) for problem in self.problems),
            *(("warning", warning) for warning in self.warnings),
        ]
        return [(label, value) for label, value in lines if value not in {"0", ""}]


async def dry_run(
    spec: CampaignSpec,
    audience: Audience,
    *,
    rate_card: RateCard | None,
    find_template: FindTemplate | None,
    now: float,
) -> DryRun:
    """Try a campaign out; see `Campaign.dry_run`."""
    from blazz.campaigns.ledger.sqlite import SqliteLedger

    seen = _Seen(spec)
    with tempfile.TemporaryDirectory(prefix="blazz-dry-run-") as folder:
        async with SqliteLedger(Path(folder) / "ledger.db") as ledger:
            row = await ledger.create(spec.to_row(), now=now)
            owner = await ledger.join()
            row = await import_audience(
                ledger, row, audience, owner=owner, clock=lambda: now, seen=seen
            )
            tallies = await ledger.tallies(row.number)
            rejects = tuple(await ledger.rejects(row.number, limit=_SHOWN))
    content = Content(spec.message)
    recipients = sum(tally.count for tally in tallies)
    problems, warnings, categories = await _check_templates(content, seen, find_template)
    start = max(now, spec.start_at.timestamp() if spec.start_at else now)
    end = _end(spec, seen, recipients, start)
    warnings += _limits(spec, recipients, start, end)
    costs = _costs(tallies, categories, rate_card) if rate_card is not None else ()
    unpriced = sorted({line.country or "?" for line in costs if line.price is None})
    if unpriced:
        warnings.append(f"the rate card has no price for: {', '.join(unpriced)}")
    if not recipients:
        problems.append("nobody can be sent to")
    names = content.names
    return DryRun(
        campaign=spec.id,
        rows_read=row.rows_read,
        recipients=recipients,
        rejected=row.rejected,
        duplicates=row.duplicates,
        rejects=rejects,
        countries=_sums(tallies, lambda it: it.country),
        variants=_sums(tallies, lambda it: names[it.variant]) if names else {},
        problems=tuple(problems),
        warnings=tuple(warnings),
        starts_at=datetime.fromtimestamp(start, UTC),
        ends_at=datetime.fromtimestamp(end, UTC) if end < math.inf else None,
        costs=costs,
        currency=rate_card.currency if rate_card is not None else None,
    )


async def first_row(
    ledger: Ledger, spec: CampaignSpec, audience: Audience | None
) -> Mapping[str, str]:
    """Give the values of the first good row: of the audience, or of what was imported from it.

    Raises:
        AudienceError: There is none.
    """
    content = Content(spec.message, seed=spec.id)
    if audience is not None:
        async with audience.open(needs_of(content)) as reader:
            async for batch in reader.batches():
                for row in batch:
                    if isinstance(row, Recipient):
                        return row.vars
    elif (stored := await ledger.find(spec.workspace, spec.id)) is not None:
        for it in await ledger.recipients(stored.number, tuple(State), limit=1):
            return unpack(it.values, stored.columns)
    raise AudienceError(f"the campaign {spec.id!r} has no good row to make a message from")


class _Seen:
    """Notes, while rows are read, which templates they use and by which clocks people live."""

    def __init__(self, spec: CampaignSpec) -> None:
        self.templates: dict[tuple[int, str, str], Template] = {}
        self.people: Counter[tuple[str, ...]] = Counter()
        self.examples: dict[tuple[str, ...], str] = {}
        self._wants_clocks = spec.hours is not None
        self._rows = 0

    def __call__(self, address: str, variant: int, message: Message) -> None:
        self._rows += 1
        if isinstance(message, Template) and len(self.templates) < _MOST_TEMPLATES:
            self.templates.setdefault((variant, message.name, message.language), message)
        if not self._wants_clocks:
            return
        # Looking zones up takes longer than all else: of many rows, some must do.
        weight = 1 if self._rows <= _SAMPLED_ALL else _STRIDE
        if weight == 1 or self._rows % _STRIDE == 0:
            zones = zones_of(address)
            self.people[zones] += weight
            self.examples.setdefault(zones, address)


async def _check_templates(
    content: Content, seen: _Seen, find_template: FindTemplate | None
) -> tuple[list[str], list[str], dict[int, str]]:
    """Look every template up; give problems, warnings, and each variant's category."""
    problems: list[str] = []
    warnings: list[str] = []
    categories = {
        variant: "marketing" if isinstance(message, Template) else "service"
        for variant, message in enumerate(content.messages)
    }
    if not seen.templates:
        return problems, warnings, categories
    if find_template is None:
        names = ", ".join(sorted({name for _, name, _ in seen.templates}))
        warnings.append(f"the provider cannot look templates up; taken for marketing: {names}")
        return problems, warnings, categories
    if len(seen.templates) == _MOST_TEMPLATES:
        warnings.append(f"only {_MOST_TEMPLATES} templates and languages were looked up")
    for (variant, name, language), message in seen.templates.items():
        try:
            approved = await find_template(name, language)
        except BlazzError as error:
            warnings.append(f"template {name!r} ({language}) could not be looked up: {error}")
            continue
        problems += [each for each in problems_of(message, approved) if each not in problems]
        if approved is not None:
            categories[variant] = approved.category.lower()
    return problems, warnings, categories


def _end(spec: CampaignSpec, seen: _Seen, recipients: int, start: float) -> float:
    numbers = max(1, len(spec.sessions))
    rate = spec.rate * numbers if spec.rate is not None else None
    if spec.hours is None or not seen.people:
        return forecast({(): recipients}, lambda _zones, _at: ALWAYS, rate=rate, start=start)
    clocks = Clocks(spec.hours)
    counted = seen.people.total()
    people = {zones: count * recipients / counted for zones, count in seen.people.items()}
    return forecast(
        people,
        lambda zones, at: clocks.opening(seen.examples[zones], at),
        rate=rate,
        start=start,
    )


def _limits(spec: CampaignSpec, recipients: int, start: float, end: float) -> list[str]:
    """What the campaign's own limits make of it."""
    found = []
    if end == math.inf:
        found.append("at these hours it never ends")
    elif spec.end_at is not None and end > spec.end_at.timestamp():
        found.append(f"it is not done by end_at ({spec.end_at.isoformat()})")
    if spec.end_at is not None and spec.end_at.timestamp() <= start:
        found.append(f"end_at ({spec.end_at.isoformat()}) has passed")
    if spec.tier is not None and recipients > spec.tier.people:
        found.append(
            f"{recipients:,} people are more than the {spec.tier.people:,} that the messaging"
            " limit allows in 24 hours"
        )
    return found


def _costs(
    tallies: Sequence[Tally], categories: Mapping[int, str], card: RateCard
) -> tuple[CostLine, ...]:
    messages: Counter[tuple[str, str]] = Counter()
    for tally in tallies:
        messages[tally.country, categories.get(tally.variant, "service")] += tally.count
    return tuple(
        CostLine(country, category, count, card.price(country, category))
        for (country, category), count in messages.most_common()
    )


def _sums(tallies: Sequence[Tally], key: Callable[[Tally], str]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for tally in tallies:
        sums[key(tally)] += tally.count
    return dict(sums.most_common())


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"
