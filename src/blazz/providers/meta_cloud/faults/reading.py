"""Turns the errors that the Cloud API answers with into their classes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, Final

from blazz.providers.meta_cloud.faults import (
    accounts,
    calls,
    flows,
    groups,
    limits,
    people,
    platform,
    recipients,
    sending,
    templates,
)
from blazz.providers.meta_cloud.faults.base import GraphError
from blazz.providers.meta_cloud.faults.unlisted import (
    PassingTrouble,
    UnlistedError,
    kind_of_status,
)

SUBJECTS: Final = (
    platform,
    limits,
    recipients,
    sending,
    templates,
    accounts,
    groups,
    calls,
    flows,
    people,
)


def _listed() -> Iterator[tuple[int, type[GraphError]]]:
    for group in SUBJECTS:
        for kind in vars(group).values():
            if isinstance(kind, type) and issubclass(kind, GraphError):
                for code in kind.codes:
                    yield code, kind


FAULTS: Final[Mapping[int, type[GraphError]]] = MappingProxyType(dict(_listed()))
"""The class of each code in Meta's list."""

# Meta answers some errors with a general code and puts the telling one into the subcode. Short
# subcodes mean other things than the codes of the same number.
_GENERAL = frozenset({1, 2, 100})
_TELLING: Final[Mapping[int | None, type[GraphError]]] = MappingProxyType(
    {code: kind for code, kind in FAULTS.items() if code > 99999}
)


def fault_from(
    status: int,
    body: object,
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    now: datetime | None = None,
) -> GraphError:
    """Make the error that an answer of the Cloud API stands for.

    Args:
        status: The HTTP status. It counts only where the code is unknown: Meta promises codes.
        body: The parsed answer, or the `error` object in it.
        headers: The answer's headers; `Retry-After` is read from them.
        now: The time that a `Retry-After` date is measured from; the current time by default.

    Example:
        >>> error = fault_from(400, {"error": {"code": 131047, "message": "Re-engagement message"}})
        >>> type(error).__name__, error.retry.value
        ('OutsideWindow', 'never')
    """
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    if not isinstance(error, Mapping):
        error = {"message": error}
    return _fault(error, status=status, retry_after=retry_after(headers, now=now))


def fault_for_status_error(error: Mapping[str, Any]) -> GraphError:
    """Make the error that an `errors` entry of a webhook stands for (a `failed` status, mostly).

    Example:
        >>> str(fault_for_status_error({"code": 131026, "title": "Message undeliverable"}))
        'The message cannot be delivered to this recipient (131026): Message undeliverable'
    """
    return _fault(error, status=None, retry_after=None)


def has_code(body: object) -> bool:
    """Whether a parsed answer is an error of the Graph API: it has one with a code.

    Example:
        >>> has_code({"error": {"message": "no code"}})
        False
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    return isinstance(error, Mapping) and _number(error.get("code")) is not None


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds that an answer asks to wait, or None.

    Read from `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3), else from Meta's
    `X-Business-Use-Case-Usage`, which tells minutes.

    Example:
        >>> retry_after({"retry-after": "12"})
        12.0
    """
    value = headers.get("retry-after")
    if value is not None:
        seconds = _seconds(value.strip(), now)
        if seconds is not None:
            return seconds
    usage = headers.get("x-business-use-case-usage")
    return None if usage is None else _minutes_until_access(usage)


def _fault(
    error: Mapping[str, Any], *, status: int | None, retry_after: float | None
) -> GraphError:
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    kind = FAULTS.get(code) if code is not None else None
    if subcode in _TELLING and (kind is None or code in _GENERAL):
        kind, code = _TELLING[subcode], subcode
    if kind is None:
        kind = _unlisted_kind(error, status)
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, Mapping) else data
    return kind(
        code=code,
        subcode=subcode,
        title=_text(error.get("error_user_title") or error.get("title") or error.get("message")),
        details=_text(details or error.get("error_user_msg") or error.get("message")),
        trace_id=_text(error.get("fbtrace_id")) or None,
        http_status=status,
        retry_after=retry_after,
    )


def _unlisted_kind(error: Mapping[str, Any], status: int | None) -> type[GraphError]:
    if status in (401, 403, 429):
        return kind_of_status(status)
    if error.get("is_transient") is True:
        return PassingTrouble
    return UnlistedError if status is None else kind_of_status(status)


def _number(value: object) -> int | None:
    """Codes are numbers, but some answers have them as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) else None


def _text(value: object) -> str:
    """At most 1,000 characters of a text that someone else wrote."""
    return value[:1000] if isinstance(value, str) else ""


def _seconds(value: str, now: datetime | None) -> float | None:
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())


def _minutes_until_access(usage: str) -> float | None:
    try:
        entries = [entry for account in json.loads(usage).values() for entry in account]
        minutes = max(float(entry["estimated_time_to_regain_access"]) for entry in entries)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return minutes * 60 if 0 < minutes < math.inf else None
