"""The outcome of a campaign in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blazz.campaigns.content import Variants, read_content
from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.records import (
    CampaignState,
    Counts,
    ErrorCount,
    Note,
    Sample,
    Standing,
    Tally,
)
from blazz.campaigns.options import CampaignOptions
from blazz.campaigns.progress import reason_of


@dataclass(frozen=True, slots=True)
class Group:
    """Recipients that have something in common: a country, a variant, a number.

    Attributes:
        name: What they have in common.
        counts: How many of them are in each state.
    """

    name: str
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of every row of an audience.

    Three things are kept apart: what the provider *accepted* (it answered, no status has come),
    what is *confirmed* (a status update proves that it was sent), and what is *unknown* (it left
    or may have left, and nothing is known of it).

    Attributes:
        campaign: Its id.
        workspace: The tenant.
        session: The session that it was sent through.
        state: Where it is.
        reason: Why it is paused, halted or resting, in words.
        rows_read: Rows of the audience.
        rejected: Rows that cannot be sent to; the rejects file has their reasons.
        duplicates: Rows whose address came before.
        counts: Recipients per state.
        errors: What went wrong how often, the most frequent first.
        started_at: When the first message left.
        ended_at: When the last answer came.
        rejects_file: Where rejected rows and duplicates are listed, if there are any.
        countries: Recipients by their country's ISO 3166 code, the most first; `?` for none.
        variants: Recipients by variant of the message, if it has any.
        numbers: Messages that were taken over, by the session that sent them.
        samples: Counts over time, for charts.
        notes: What happened to it, in words.
    """

    campaign: str
    workspace: str
    session: str
    state: CampaignState
    reason: str | None
    rows_read: int
    rejected: int
    duplicates: int
    counts: Counts
    errors: tuple[ErrorCount, ...]
    started_at: datetime | None
    ended_at: datetime | None
    rejects_file: Path | None
    countries: tuple[Group, ...] = ()
    variants: tuple[Group, ...] = ()
    numbers: tuple[Group, ...] = ()
    samples: tuple[Sample, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing is left to send."""
        return self.state is not CampaignState.IMPORTING and not self.counts.open

    @property
    def balanced(self) -> bool:
        """Whether every row that was read is accounted for."""
        return self.rows_read == self.counts.total + self.rejected + self.duplicates

    @property
    def duration(self) -> float:
        """Seconds from the first message to the last answer."""
        if self.started_at is None or self.ended_at is None:
            return 0.0
        return max(0.0, (self.ended_at - self.started_at).total_seconds())

    @property
    def rate(self) -> float:
        """Messages per second over that time; unknown ones count."""
        sent = self.counts.total - self.counts.open
        return sent / self.duration if self.duration else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""
        counts = asdict(self.counts)
        return {
            "campaign": self.campaign,
            "workspace": self.workspace,
            "session": self.session,
            "state": self.state.value,
            "reason": self.reason,
            "done": self.done,
            "rows_read": self.rows_read,
            "rejected": self.rejected,
            "duplicates": self.duplicates,
            **counts,
            "confirmed": self.counts.confirmed,
            "errors": [{**asdict(error), "state": error.state.value} for error in self.errors],
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "duration_seconds": round(self.duration, 3),
            "rate_per_second": round(self.rate, 3),
            "rejects_file": str(self.rejects_file) if self.rejects_file else None,
            "countries": _plain(self.countries),
            "variants": _plain(self.variants),
            "numbers": _plain(self.numbers),
            "notes": [
                {"at": datetime.fromtimestamp(it.at, UTC).isoformat(), "text": it.text}
                for it in self.notes
            ],
        }

    def rows(self) -> list[tuple[str, str]]:
        """A table of two columns, for people; lines that say nothing are left out."""
        counts = self.counts
        lines = [
            ("campaign", self.campaign),
            ("state", f"{self.state}: {self.reason}" if self.reason else str(self.state)),
            ("rows read", _number(self.rows_read)),
            ("  rejected", _number(self.rejected)),
            ("  duplicates", _number(self.duplicates)),
            ("recipients", _number(counts.total)),
            ("  confirmed", _number(counts.confirmed)),
            ("    read", _number(counts.read)),
            ("    delivered", _number(counts.delivered)),
            ("    sent", _number(counts.sent)),
            ("  accepted, no status yet", _number(counts.accepted)),
            ("  unknown", _number(counts.unknown)),
            ("  failed", _number(counts.failed)),
            ("  not sent yet", _number(counts.open)),
            *((f"    {_shown(error)}", _number(error.count)) for error in self.errors),
            *self._group_rows("variant", self.variants),
            *self._group_rows("number", self.numbers if len(self.numbers) > 1 else ()),
            ("duration", f"{self.duration:.1f} s"),
            ("rate", f"{self.rate:.1f} messages/s"),
            ("rejects file", str(self.rejects_file or "")),
        ]
        return [(label, value) for label, value in lines if value not in {"0", ""}]

    def _group_rows(self, kind: str, groups: Sequence[Group]) -> list[tuple[str, str]]:
        return [(f"{kind} {group.name}", _told(group.counts)) for group in groups]


def make_report(
    standing: Standing,
    errors: Sequence[ErrorCount],
    *,
    now: float,
    rejects_file: Path | None,
    tallies: Sequence[Tally] = (),
    samples: Sequence[Sample] = (),
    notes: Sequence[Note] = (),
) -> Report:
    """Put a report together; pure."""
    row = standing.row
    said = read_content(row.message)
    names = said.names if isinstance(said, Variants) else ()
    sessions = CampaignOptions.from_json(row.options).sessions or (row.session,)
    taken_over = [it for it in tallies if it.state in _TAKEN_OVER]
    return Report(
        campaign=row.id,
        workspace=row.workspace,
        session=row.session,
        state=row.state,
        reason=reason_of(row, now=now),
        rows_read=row.rows_read,
        rejected=row.rejected,
        duplicates=row.duplicates,
        counts=standing.counts,
        errors=tuple(errors),
        started_at=_moment(standing.first_at),
        ended_at=_moment(standing.last_at),
        rejects_file=rejects_file,
        countries=_groups(tallies, lambda it: it.country or "?"),
        variants=_groups(tallies, lambda it: _named(names, it.variant)) if names else (),
        numbers=_groups(taken_over, lambda it: _named(sessions, it.sender)),
        samples=_completed(samples, standing),
        notes=tuple(notes),
    )


def _completed(samples: Sequence[Sample], standing: Standing) -> tuple[Sample, ...]:
    """Add the beginning and the end, which samples that are taken now and then miss."""
    counts, first, last = standing.counts, standing.first_at, standing.last_at
    if first is None:
        return ()
    between = [it for it in samples if first < it.at and (last is None or it.at < last)]
    found = [Sample(first, Counts(pending=counts.total)), *between]
    if last is not None and last > found[-1].at:
        found.append(Sample(last, counts))
    return tuple(found)


_TAKEN_OVER = frozenset({State.ACCEPTED, State.SENT, State.DELIVERED, State.READ})


def _groups(tallies: Sequence[Tally], key: Callable[[Tally], str]) -> tuple[Group, ...]:
    """Add tallies up by what their recipients have in common, the largest group first."""
    sums: dict[str, Counter[str]] = {}
    for tally in tallies:
        sums.setdefault(key(tally), Counter())[tally.state.value] += tally.count
    groups = [Group(name, Counts(**counted)) for name, counted in sums.items()]
    return tuple(sorted(groups, key=lambda group: (-group.counts.total, group.name)))


def _named(names: Sequence[str], place: int) -> str:
    return names[place] if place < len(names) else f"number {place + 1}"


def _plain(groups: Sequence[Group]) -> list[dict[str, Any]]:
    return [
        {"name": group.name, "recipients": group.counts.total, **asdict(group.counts)}
        for group in groups
    ]


def _told(counts: Counts) -> str:
    parts = [
        (counts.total, "recipients"),
        (counts.read, "read"),
        (counts.delivered, "delivered"),
        (counts.failed, "failed"),
    ]
    return ", ".join(f"{count:,} {word}" for count, word in parts if count)


def _shown(error: ErrorCount) -> str:
    code = f" {error.code}" if error.code is not None else ""
    return f"{error.state}{code}: {error.reason or 'no reason given'}"


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _number(value: int) -> str:
    return f"{value:,}"
