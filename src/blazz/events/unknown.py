"""What nobody knows yet: kept whole, never dropped."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownUpdate(Event):
    """An update that blazz does not understand; `raw` holds all of it.

    Attributes:
        field: The kind of update it claims to be, such as `messages`; None where it names none.
        reason: Why it was not understood, in words.
    """

    field: str | None = None
    reason: str
