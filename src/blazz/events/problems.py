"""Errors that WhatsApp reports in an update, and the event for those that stand alone."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error of WhatsApp's, as it stands in an update.

    Attributes:
        code: Meta's number for the error, such as 131026; the only part to decide by.
        title: A short name for it.
        message: The same in a sentence.
        details: What went wrong this time.
        href: Where Meta describes it.
    """

    code: int | None = None
    title: str | None = None
    message: str | None = None
    details: str | None = None
    href: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReported(Event):
    """WhatsApp reports an error that belongs to no single message, such as a failing account.

    Attributes:
        problem: The error.
        field: The kind of update it came with, such as `messages` or `calls`.
    """

    problem: Problem
    field: str | None = None
