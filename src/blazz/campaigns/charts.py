"""Charts as inline SVG: bars and a curve; their colours come from the page's CSS. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

_WIDTH = 640
_LABEL = 200
_NOTE = 160
_ROW = 30
_HEIGHT = 220
_LEFT = 56
_BOTTOM = 28
_TOP = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: What it stands for.
        value: Its length.
        note: What is written behind it.
        kind: Its colour: `good`, `bad`, `doubt` or `plain`.
    """

    label: str
    value: float
    note: str
    kind: str = "plain"


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Draw horizontal bars below each other.

    Example:
        >>> "<svg" in bars("Funnel", [Bar("read", 3, "3")])
        True
    """
    height = _ROW * len(rows) + 4
    longest = max((row.value for row in rows), default=0) or 1
    room = _WIDTH - _LABEL - _NOTE
    parts = [_opening(title, height)]
    for place, row in enumerate(rows):
        y = place * _ROW + 4
        length = max(1.5 if row.value else 0.0, room * row.value / longest)
        parts.append(
            f'<text class="label" x="{_LABEL - 10}" y="{y + 16}" text-anchor="end">'
            f"{escape(_shortened(row.label))}<title>{escape(row.label)}</title></text>"
            f'<rect class="track" x="{_LABEL}" y="{y}" width="{room}" height="22" rx="3"/>'
            f'<rect class="{escape(row.kind)}" x="{_LABEL}" y="{y}" width="{length:.1f}"'
            f' height="22" rx="3"/>'
            f'<text class="value" x="{_LABEL + room + 10}" y="{y + 16}">{escape(row.note)}</text>'
        )
    parts.append("</svg>")
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve: a moment in seconds since the epoch, and a value."""

    at: float
    value: float


def curve(title: str, points: Sequence[Point], *, unit: str) -> str:
    """Draw a curve over time, filled below.

    Args:
        title: Says what it shows, for readers who do not see it.
        points: At least two, by time.
        unit: What its values are in.
    """
    first, last = points[0].at, points[-1].at
    span = last - first or 1.0
    top = nice_ceiling(max(point.value for point in points))
    width, height = _WIDTH - _LEFT - 12, _HEIGHT - _BOTTOM - _TOP

    def x(at: float) -> float:
        return _LEFT + width * (at - first) / span

    def y(value: float) -> float:
        return _TOP + height * (1 - value / top)

    parts = [_opening(title, _HEIGHT)]
    for step in range(5):
        value = top * step / 4
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + width}" y1="{y(value):.1f}"'
            f' y2="{y(value):.1f}"/>'
            f'<text class="tick" x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">'
            f"{value:,.4g}</text>"
        )
    form = "%H:%M:%S" if span < 3600 else "%H:%M" if span < 86_400 else "%m-%d %H:%M"
    for step in range(5):
        at = first + span * step / 4
        anchor = "start" if step == 0 else "end" if step == 4 else "middle"
        parts.append(
            f'<text class="tick" x="{x(at):.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}">'
            f"{datetime.fromtimestamp(at, UTC).strftime(form)}</text>"
        )
    line = " ".join(f"{x(point.at):.1f},{y(point.value):.1f}" for point in points)
    parts.append(
        f'<polygon class="area" points="{x(first):.1f},{y(0):.1f} {line}'
        f' {x(last):.1f},{y(0):.1f}"/>'
        f'<polyline class="line" points="{line}"/>'
        f'<text class="tick" x="{_LEFT + 6}" y="{_TOP + 4}">{escape(unit)}</text></svg>'
    )
    return "".join(parts)


def nice_ceiling(value: float) -> float:
    """The next round number: 1, 2, 4, 5 or 8 times a power of ten.

    Example:
        >>> nice_ceiling(73.0), nice_ceiling(0.3), nice_ceiling(0.0)
        (80.0, 0.4, 1.0)
    """
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = (1, 2, 4, 5, 8, 10)
    step = next(step for step in steps if value <= step * power * (1 + 1e-9))
    return float(f"{step * power:.12g}")


def _opening(title: str, height: float) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}"'
        ' xmlns="http://www.w3.org/2000/svg">'
    )


def _shortened(label: str, most: int = 26) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"
