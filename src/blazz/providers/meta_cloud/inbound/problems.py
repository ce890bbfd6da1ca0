"""Errors that Meta reports in an update."""

from __future__ import annotations

from typing import Final

from blazz.events.problems import ErrorReported, Problem
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.keys import digest
from blazz.providers.meta_cloud.inbound.reading import Json, each, inner, integer, text

_LARGEST_CODE: Final = 2**31 - 1  # as databases keep it; Meta's have seven digits


def problem(error: Json) -> Problem:
    """Read one error."""
    code = integer(error, "code")
    return Problem(
        code=code if code is not None and abs(code) <= _LARGEST_CODE else None,
        title=text(error, "title"),
        message=text(error, "message"),
        details=text(inner(error, "error_data"), "details") or text(error, "details"),
        href=text(error, "href"),
    )


def problems(source: Json) -> tuple[Problem, ...]:
    """Read a list of errors; empty if there is none."""
    if "errors" not in source:
        return ()
    return tuple(problem(error) for error in each(source, "errors"))


def _identify(item: Json, change: Change) -> tuple[str | None, str | None]:
    # An error has no id and no time: what else came with it tells it from the same error later.
    time = None if change.time is None else change.time.timestamp()
    return f"error:{change.scope}:{digest(change.field, time, change.value, item)}", None


def _build(item: Json, update: CloudUpdate) -> ErrorReported:
    return ErrorReported(**update.common(), problem=problem(item), field=update.change.field)


ERROR = Kind(_identify, _build)
