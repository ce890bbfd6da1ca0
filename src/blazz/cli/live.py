"""A campaign's progress while it runs: a live bar for people, lines of JSON for machines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from blazz.campaigns import Phase, Progress
from blazz.cli.output import emit, people

_SHOWN = (
    ("read", "green"),
    ("delivered", "cyan"),
    ("sent", "blue"),
    ("accepted", "dim"),
    ("unknown", "yellow"),
    ("failed", "red"),
)


async def show_live(steps: AsyncIterator[Progress], *, as_json: bool) -> None:
    """Show every step until the last."""
    if as_json:
        async for progress in steps:
            emit({"event": "progress", **as_dict(progress)})
        return
    with _bar() as bar:
        task = bar.add_task("", total=None, state="", rate="", left="")
        async for progress in steps:
            _update(bar, task, progress)


async def show_board(boards: AsyncIterator[Mapping[str, Progress]], *, as_json: bool) -> None:
    """Show several campaigns below each other until all are over."""
    if as_json:
        async for board in boards:
            emit({"event": "board", "campaigns": [as_dict(each) for each in board.values()]})
        return
    with _bar() as bar:
        tasks: dict[str, TaskID] = {}
        async for board in boards:
            for name, progress in board.items():
                if name not in tasks:
                    tasks[name] = bar.add_task("", total=None, state="", rate="", left="")
                _update(bar, tasks[name], progress, name=f"{name} ")


def as_dict(progress: Progress) -> dict[str, object]:
    """Everything as plain values, ready for JSON."""
    return {
        "campaign": progress.campaign,
        "phase": progress.phase.value,
        "reason": progress.reason,
        "rows_read": progress.rows_read,
        "rejected": progress.rejected,
        "duplicates": progress.duplicates,
        **asdict(progress.counts),
        "share": round(progress.share, 4),
        "rate_per_second": round(progress.rate, 1),
        "eta_seconds": None if progress.eta is None else round(progress.eta, 1),
        "elapsed_seconds": round(progress.elapsed, 1),
    }


def _bar() -> Bar:
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[state]}"),
        console=people(),
        transient=False,
    )


def _update(bar: Bar, task: TaskID, progress: Progress, *, name: str = "") -> None:
    counts = progress.counts
    if progress.phase is Phase.IMPORTING:
        bar.update(task, description=f"{name}reading", completed=progress.rows_read)
        return
    shown = [
        f"[{colour}]{getattr(counts, name):,} {name}[/]"
        for name, colour in _SHOWN
        if getattr(counts, name)
    ]
    bar.update(
        task,
        description=f"{name}{progress.phase.value}",
        completed=counts.total - counts.open,
        total=counts.total,
        rate=f"{progress.rate:,.0f}/s" if counts.open else "",
        left="" if progress.eta is None else f"{_span(progress.eta)} left",
        state=" ".join(shown),
    )


def _span(seconds: float) -> str:
    """Write a duration in its two largest units."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
