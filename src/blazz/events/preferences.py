"""What people want to get from you."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.addresses import Identity
from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceChanged(Event):
    """A person set what they want to get from you; a subclass says what, where it is known.

    Attributes:
        person: Who.
        category: What it is about: `marketing_messages`.
        value: What they chose: `stop`, `resume` or `signup`; new ones may come.
        detail: The same in words.
        signup_id: The sign-up link that they followed.
    """

    person: Identity
    category: str | None = None
    value: str
    detail: str | None = None
    signup_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingStopped(PreferenceChanged):
    """A person wants no more marketing from you: send none (131050)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingResumed(PreferenceChanged):
    """A person wants marketing from you again, or signed up for it."""
