"""Places in lists of chats and messages, to go on from."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

from blazz_server.errors import ApiError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a list ends.

    Attributes:
        at: When the last one on the page happened.
        name: Which one it is.
        arrival: Its turn among those of the same time, in a list that knows such turns.

    Example:
        >>> place = Place(datetime(2026, 11, 22, tzinfo=UTC), "msg_1", 7)
        >>> Place.read(place.cursor) == place
        True
    """

    at: datetime
    name: str
    arrival: int = 0

    @property
    def cursor(self) -> str:
        """The place as the `next` of a page."""
        text = f"{self.at.isoformat()} {self.arrival} {self.name}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, cursor: str) -> Place | None:
        """Read a cursor; None if it is empty.

        Raises:
            ApiError: It is not the `next` of a page.
        """
        if not cursor:
            return None
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            at, arrival, name = base64.urlsafe_b64decode(padded).decode().split(" ", 2)
            place = cls(datetime.fromisoformat(at).astimezone(UTC), name, int(arrival))
        except (binascii.Error, ValueError, OverflowError) as error:
            raise _refused() from error
        if not name.isprintable() or not 0 <= place.arrival < 1 << 63:
            raise _refused()
        return place


def _refused() -> ApiError:
    return ApiError(422, "invalid_request", "after: not the `next` of a page")
