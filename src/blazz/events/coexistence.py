"""What happens in the WhatsApp Business app when it shares its number with the API."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.addresses import Identity
from blazz.events.base import Event
from blazz.events.messages import MessageEvent
from blazz.events.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEchoed(Event):
    """You sent a message from the WhatsApp Business app or a linked device.

    Attributes:
        message_id: The id of the message.
        recipient: Whom it was sent to.
        message: What it says, in the form of a received message; its sender is your number.
    """

    message_id: str
    recipient: Identity
    message: MessageEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMessage:
    """A message of a synchronised history.

    Attributes:
        message: What it says, in the form of a received message.
        outgoing: You sent it.
        status: How far it got: `PENDING`, `SENT`, `DELIVERED`, `READ`, `PLAYED` or `ERROR`.
    """

    message: MessageEvent
    outgoing: bool
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastThread:
    """A chat of a synchronised history.

    Attributes:
        person: The person on the other side.
        messages: What was said, in the order of the update.
        unreadable: How many messages could not be read; they stand in the event's `raw`.
    """

    person: Identity
    messages: tuple[PastMessage, ...] = ()
    unreadable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReceived(Event):
    """A piece of the app's chat history; pieces come in any order.

    Attributes:
        phase: 0: the first day, 1: up to 90 days, 2: up to 180 days back.
        chunk: The number of the piece within its phase.
        progress: How much has been sent, in percent; 100: all of it.
        threads: The chats.
    """

    phase: int | None = None
    chunk: int | None = None
    progress: int | None = None
    threads: tuple[PastThread, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMediaReceived(Event):
    """The file of a message that the history told before as a placeholder.

    Attributes:
        message_id: The id of the message.
        person: The person on the other side.
        outgoing: You sent it.
        message: What it is.
    """

    message_id: str
    person: Identity
    outgoing: bool
    message: MessageEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryDeclined(Event):
    """The business does not share its history; `errors` say so (2593109)."""

    errors: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSynced(Event):
    """The app's address book changed.

    Attributes:
        action: `add` (also for a change) or `remove`.
        person: Who; `name` is the name in the address book.
        first_name: The given name in the address book.
    """

    action: str
    person: Identity
    first_name: str | None = None
