"""Reports as files: CSV for spreadsheets, one HTML page for people."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template

from blazz.campaigns.charts import Bar, Point, bars, curve
from blazz.campaigns.ledger.records import Sample
from blazz.campaigns.report import Group, Report
from blazz.campaigns.spreadsheets import Table

_MOST_BARS = 12
_MOST_POINTS = 120


def report_csv(report: Report) -> str:
    """Write a report as CSV with the columns `group`, `name`, `measure` and `value`.

    Example:
        ::

            Path("report.csv").write_text(report_csv(await campaign.report()))
    """
    out = io.StringIO()
    table = Table(out, line_end="\n")
    table.write(["group", "name", "measure", "value"])
    for key, value in report.as_dict().items():
        if isinstance(value, list):
            table.write(*_nested(key, value))
        else:
            table.write(["campaign", report.campaign, key, "" if value is None else value])
    return out.getvalue()


def _nested(key: str, items: list[dict[str, object]]) -> list[list[object]]:
    rows: list[list[object]] = []
    for item in items:
        if key == "errors":
            name = f"{item['state']} {item['code'] or ''}".strip()
            rows.append(["errors", name, item["reason"] or "", item["count"]])
        elif key == "notes":
            rows.append(["notes", item["at"], item["text"], ""])
        else:
            measures = ((measure, value) for measure, value in item.items() if measure != "name")
            rows += [[key, item["name"], measure, value] for measure, value in measures]
    return rows


def report_html(report: Report) -> str:
    """Write a report as one page of HTML that needs nothing else: no scripts, no other files.

    Its charts show the delivery funnel, the rate over time, errors by code, and recipients by
    country, variant and number. It follows the reader's choice of light or dark.

    Example:
        ::

            Path("report.html").write_text(report_html(await campaign.report()))
    """
    page = Template(files("blazz.campaigns").joinpath("report.html").read_text("utf-8"))
    return page.substitute(
        title=escape(f"Campaign {report.campaign}"),
        state=escape(str(report.state)),
        reason=f'<p class="reason">{escape(report.reason)}</p>' if report.reason else "",
        span=_span(report.started_at, report.ended_at),
        figures=_figures(report),
        charts="".join(_charts(report)),
        rows="".join(
            f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>"
            for label, value in report.rows()
        ),
    )


def _figures(report: Report) -> str:
    counts = report.counts
    shown = [
        ("recipients", f"{counts.total:,}", ""),
        ("confirmed", _share(counts.confirmed, counts.total), f"{counts.confirmed:,}"),
        ("read", _share(counts.read, counts.total), f"{counts.read:,}"),
        ("failed", _share(counts.failed, counts.total), f"{counts.failed:,}"),
        ("unknown", _share(counts.unknown, counts.total), f"{counts.unknown:,}"),
        ("messages/s", f"{report.rate:,.1f}", f"{report.duration:,.0f} s"),
    ]
    return "".join(
        f'<div class="figure"><b>{escape(value)}</b><span>{escape(name)}</span>'
        f"<small>{escape(more)}</small></div>"
        for name, value, more in shown
    )


def _charts(report: Report) -> list[str]:
    counts = report.counts
    total = counts.total
    # Each step holds all that came at least so far.
    reached = [
        ("recipients", total, "plain"),
        ("accepted", counts.taken_over, "good"),
        ("sent", counts.confirmed, "good"),
        ("delivered", counts.delivered + counts.read, "good"),
        ("read", counts.read, "good"),
        ("failed", counts.failed, "bad"),
        ("unknown", counts.unknown, "doubt"),
        ("not sent yet", counts.open, "plain"),
    ]
    funnel = [
        Bar(name, count, f"{count:,} ({_share(count, total)})", kind)
        for name, count, kind in reached
        if count or kind == "good"
    ]
    charts = [_chart("Delivery funnel", bars("Delivery funnel", funnel))]
    points = rate_points(report.samples)
    if len(points) > 1:
        drawn = curve("Rate over time", points, unit="messages per second")
        charts.append(_chart("Rate over time", drawn))
    if report.errors:
        errors = [
            Bar(
                f"{error.code or error.state} {error.reason or ''}".strip(),
                error.count,
                f"{error.count:,}",
                "doubt" if error.state == "unknown" else "bad",
            )
            for error in report.errors[:_MOST_BARS]
        ]
        charts.append(_chart("Errors by code", bars("Errors by code", errors)))
    for title, groups in (
        ("Recipients by country", report.countries),
        ("Recipients by variant", report.variants),
        ("Messages by number", report.numbers if len(report.numbers) > 1 else ()),
    ):
        if groups:
            charts.append(_chart(title, bars(title, _group_bars(groups))))
    if report.notes:
        notes = "".join(
            f"<li><time>{datetime.fromtimestamp(note.at).astimezone():%Y-%m-%d %H:%M:%S}</time>"
            f" {escape(note.text)}</li>"
            for note in report.notes
        )
        charts.append(_chart("What happened", f"<ul>{notes}</ul>"))
    return charts


def _chart(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _group_bars(groups: Sequence[Group]) -> list[Bar]:
    shown = list(groups[:_MOST_BARS])
    rows = [
        Bar(
            group.name,
            group.counts.total,
            f"{group.counts.total:,} ({_share(group.counts.read, group.counts.total)} read)",
        )
        for group in shown
    ]
    rest = sum(group.counts.total for group in groups[_MOST_BARS:])
    return [*rows, Bar("others", rest, f"{rest:,}")] if rest else rows


def rate_points(samples: Sequence[Sample]) -> list[Point]:
    """Make a curve of messages per second out of counts over time. Pure.

    The curve begins and ends at zero, and has no more points than can be told apart.
    """
    if len(samples) < 2:
        return []
    first, last = samples[0].at, samples[-1].at
    step = max(1.0, (last - first) / _MOST_POINTS)
    points = []
    before = samples[0]
    for sample in samples[1:]:
        if sample.at - before.at < step and sample is not samples[-1]:
            continue
        seconds = sample.at - before.at
        if seconds > 0:
            done = _done(sample) - _done(before)
            points.append(Point((sample.at + before.at) / 2, max(0.0, done / seconds)))
        before = sample
    return [Point(first, 0.0), *points, Point(last, 0.0)] if points else []


def _done(sample: Sample) -> int:
    return sample.counts.total - sample.counts.open


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _span(start: datetime | None, end: datetime | None) -> str:
    if start is None:
        return "not started"
    told = f"{start:%Y-%m-%d %H:%M:%S} UTC"
    return f"{told} to {end:%Y-%m-%d %H:%M:%S} UTC" if end else f"since {told}"
