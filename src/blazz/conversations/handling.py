"""Which handler is at work, so that what it asks has the same name when it is called again."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from blazz.addresses import Address
from blazz.events.base import Event
from blazz.messages.base import Message

S = TypeVar("S")


@dataclass(slots=True)
class _Handled:
    """A call of a handler with an event.

    Attributes:
        name: The handler.
        event: The event.
        asked: How often it has asked each question.
        over: It has returned: what it has left behind asks for itself.
    """

    name: str
    event: Event
    asked: dict[str, int] = field(default_factory=dict)
    over: bool = False


_CURRENT: Final[ContextVar[_Handled | None]] = ContextVar("blazz_handled", default=None)


async def call(
    function: Callable[[S, Any], Awaitable[object]], session: S, event: Event, *, name: str
) -> None:
    """Call a handler; what it asks meanwhile, it asks on account of the event."""
    handled = _Handled(name, event)
    _CURRENT.set(handled)
    try:
        await function(session, event)
    finally:
        handled.over = True


def name_question(to: Address, message: Message) -> str | None:
    """Name a question after the handler that asks it; None outside of handlers.

    A handler that is called again with the same event, because it failed or its process died, asks
    under the same names: nothing is asked twice, and no answer is lost.
    """
    handled = _CURRENT.get()
    if handled is None or handled.over:
        return None
    said = f"{handled.name}\n{handled.event.key}\n{to}\n{message!r}".encode()
    name = hashlib.blake2b(said, digest_size=16).hexdigest()
    count = handled.asked[name] = handled.asked.get(name, 0) + 1
    return f"{name}-{count}"
