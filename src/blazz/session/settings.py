"""How a session behaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from blazz.conversations.optout import StopWords
from blazz.conversations.windows import WindowPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """How a session behaves.

    Attributes:
        region: The ISO 3166 country of phone numbers that are written without a country code.
        window: What to do with free-form messages outside the 24-hour window. Sessions whose
            provider has no such window ignore it.
        stop_words: Received texts that put their sender on the suppression list.
    """

    region: str | None = None
    window: WindowPolicy = WindowPolicy.KNOWN
    stop_words: StopWords = field(default_factory=lambda: StopWords(()))
