"""Which handler is at work, so that what it asks has the same name when it is called again."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from blazz.addresses import Address
from blazz.events.base import Event
from blazz.messages.base import Message


@dataclass(slots=True)
class _Handled:
    """A call of a handler with an event.

    Attributes:
        key: The handler and the event.
        asked: How often it has asked each question.
    """

    key: str
    asked: Counter[str] = field(default_factory=Counter)


_CURRENT: Final[ContextVar[_Handled | None]] = ContextVar("blazz_handled", default=None)


@contextlib.contextmanager
def handling(handler: str, event: Event) -> Iterator[None]:
    """Let what is asked in the block be asked by a handler, on account of an event."""
    token = _CURRENT.set(_Handled(f"{handler}\n{event.key}"))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def name_question(to: Address, message: Message) -> str | None:
    """Name a question after the handler that asks it; None outside of handlers.

    A handler that is called again with the same event, because it failed or its process died, asks
    under the same names: nothing is asked twice, and no answer is lost.
    """
    handled = _CURRENT.get()
    if handled is None:
        return None
    said = f"{handled.key}\n{to}\n{message!r}".encode()
    name = hashlib.blake2b(said, digest_size=16).hexdigest()
    handled.asked[name] += 1
    return f"{name}-{handled.asked[name]}"
