"""What some providers can do besides sending: one protocol for each capability."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from blazz.addresses import Address, Identity, Phone
from blazz.events.coexistence import PastMessage
from blazz.pairing import PairingStep

ShownActivity: TypeAlias = Literal["typing", "recording", "paused"]
"""What can be shown to the other side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCheck:
    """Whether a number is on WhatsApp.

    Attributes:
        phone: The number that was asked about.
        exists: It is on WhatsApp.
        person: Under which ids, if it is.
        business: It is a business account.
    """

    phone: Phone
    exists: bool
    person: Identity = Identity()  # noqa: RUF009  # frozen
    business: bool = False


class Pairs(Protocol):
    """A provider with `Capability.PAIRING`."""

    def pair(
        self, *, phone: Phone | None = None, timeout: float = 300.0
    ) -> AsyncGenerator[PairingStep]:
        """Link an account: codes to show, then `Paired`; or an error that tells why not."""
        ...


class EditsMessages(Protocol):
    """A provider with `Capability.EDIT`."""

    async def edit(self, message_id: str, text: str) -> None:
        """Change the text of a message that was sent."""
        ...


class RevokesMessages(Protocol):
    """A provider with `Capability.REVOKE`."""

    async def revoke(self, message_id: str) -> None:
        """Delete a message that was sent, for everyone."""
        ...


class ShowsActivity(Protocol):
    """A provider with `Capability.PRESENCE`."""

    async def show_activity(self, to: Address, activity: ShownActivity) -> None:
        """Let the other side see that something is being written."""
        ...


class ChecksNumbers(Protocol):
    """A provider with `Capability.CHECK_NUMBERS`."""

    async def check_numbers(self, numbers: Sequence[Phone]) -> Sequence[NumberCheck]:
        """Tell which numbers are on WhatsApp, in the order in which they were given."""
        ...


class ReadsHistory(Protocol):
    """A provider with `Capability.HISTORY`."""

    def history(self, chat: Address, *, limit: int | None = None) -> AsyncIterator[PastMessage]:
        """What was said in a chat, the newest first."""
        ...
