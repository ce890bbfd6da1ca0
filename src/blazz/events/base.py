"""What every event carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened.

    Attributes:
        key: What the event *is*, the same for every delivery of it: two events with one key are
            one event (a message's id; a message's id and status; a hash where nothing better
            exists).
        at: When it happened, by the sender's clock, in UTC.
        account: The id of the number or account it happened to (Cloud API: phone number id, or
            the WABA id where no number is named); None where nothing is named.
        raw: The update as it came, for what the typed fields leave out.
    """

    key: str
    at: datetime
    account: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
