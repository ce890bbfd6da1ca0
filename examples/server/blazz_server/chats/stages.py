"""How far a message got: one order for everything that can become of it."""

from __future__ import annotations

import enum
from typing import Final

from blazz.events import Status


class Stage(enum.IntEnum):
    """How far a message got; it only ever moves up. The numbers are stored."""

    SENDING = 0
    """It is on its way out, or its process died meanwhile."""
    UNKNOWN = 5
    """It may or may not have left; its token will tell."""
    ACCEPTED = 10
    """WhatsApp took it."""
    SENT = 20
    """It left WhatsApp's servers."""
    FAILED = 30
    """It will not arrive."""
    DELIVERED = 40
    """It reached the phone."""
    READ = 50
    """The person saw it."""
    PLAYED = 60
    """The person listened to it."""
    RECEIVED = 100
    """Somebody else sent it to us."""

    @property
    def word(self) -> str:
        """What the API calls it.

        Example:
            >>> Stage.DELIVERED.word
            'delivered'
        """
        return self.name.lower()


STAGE_OF: Final = {
    Status.SENT: Stage.SENT,
    Status.FAILED: Stage.FAILED,
    Status.DELIVERED: Stage.DELIVERED,
    Status.READ: Stage.READ,
    Status.PLAYED: Stage.PLAYED,
}
"""The stage that a status update tells of."""
