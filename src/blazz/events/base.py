"""What every event carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

UNDATED: Final = datetime.fromtimestamp(0, UTC)
"""`Event.at` where the sender named no time that can be read: 1970-01-01, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened.

    Attributes:
        key: What the event *is*, the same for every delivery of it: two events with one key are
            one event (a message's id; a message's id and status; a hash where nothing better
            exists).
        at: When it happened, by the sender's clock, in UTC; `UNDATED` where it is not told.
        account: The id of the number or account it happened to (Cloud API: phone number id, or
            the WABA id where no number is named); None where nothing is named.
        raw: The update as it came, for what the typed fields leave out.
    """

    key: str
    at: datetime
    account: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
