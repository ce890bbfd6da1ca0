"""Who wants which events: handlers get them one by one, sinks in batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from blazz.errors import ConfigurationError
from blazz.events.base import Event
from blazz.webhooks.delivery import Delivery

HandlerCall: TypeAlias = Callable[[Delivery], Awaitable[object]]
SinkCall: TypeAlias = Callable[[Sequence[Delivery]], Awaitable[object]]
Filter: TypeAlias = Callable[[Any], bool]

_MOST_NAME_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """Something that is called for each event it wants.

    Attributes:
        name: Under this name its success is remembered, also across restarts.
        call: What is called.
        kinds: The events wanted, with their subclasses.
        where: Which of them.
        session: Only those of this session; None: of all.
    """

    name: str
    call: HandlerCall
    kinds: tuple[type[Event], ...] = (Event,)
    where: Filter | None = None
    session: str | None = None

    def wants(self, delivery: Delivery) -> bool:
        """Whether it is to be called for a delivery of one of its kinds."""
        if self.session is not None and self.session != delivery.session:
            return False
        return self.where is None or bool(self.where(delivery.event))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """Something that is called with all wanted events of a batch, before any handler.

    Attributes:
        name: Under this name its success is remembered, also across restarts.
        call: What is called; an exception means that none of the batch has succeeded.
        kinds: The events wanted, with their subclasses.
    """

    name: str
    call: SinkCall
    kinds: tuple[type[Event], ...] = (Event,)


class Handlers:
    """The handlers and sinks of a dispatcher, in the order in which they were added."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._sinks: dict[str, Sink] = {}
        self._by_kind: dict[type[Event], tuple[Handler, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._handlers or self._sinks)

    @property
    def sinks(self) -> Sequence[Sink]:
        """All sinks."""
        return tuple(self._sinks.values())

    def add(self, handler: Handler) -> None:
        """Add a handler.

        Raises:
            ConfigurationError: Its name is taken, too long, or has several lines.
        """
        self._check(handler.name)
        self._handlers[handler.name] = handler
        self._by_kind.clear()

    def add_sink(self, sink: Sink) -> None:
        """Add a sink.

        Raises:
            ConfigurationError: Its name is taken, too long, or has several lines.
        """
        self._check(sink.name)
        self._sinks[sink.name] = sink

    def remove(self, name: str) -> None:
        """Remove a handler or sink; nothing happens if there is none of that name."""
        self._handlers.pop(name, None)
        self._sinks.pop(name, None)
        self._by_kind.clear()

    def free_name(self, call: Callable[..., object]) -> str:
        """Name a function after itself; a second one of that name gets a number.

        The name must be the same after a restart, so it says nothing of the moment.
        """
        function = getattr(call, "func", call)  # functools.partial
        module = getattr(function, "__module__", None) or type(function).__module__
        name = getattr(function, "__qualname__", None) or type(function).__qualname__
        base = f"{module}.{name}"[: _MOST_NAME_CHARACTERS - 5]
        candidate, number = base, 2
        while candidate in self._handlers or candidate in self._sinks:
            candidate, number = f"{base}#{number}", number + 1
        return candidate

    def candidates(self, delivery: Delivery) -> Sequence[Handler]:
        """The handlers of a delivery's kind; each is yet to be asked whether it wants it."""
        kind = type(delivery.event)
        candidates = self._by_kind.get(kind)
        if candidates is None:
            candidates = tuple(h for h in self._handlers.values() if issubclass(kind, h.kinds))
            self._by_kind[kind] = candidates
        return candidates

    def _check(self, name: str) -> None:
        if name in self._handlers or name in self._sinks:
            raise ConfigurationError(f"there is a handler named {name!r} already; give name=")
        # Names are kept in the inbox, one on each line.
        if not name or not name.isprintable() or len(name) > _MOST_NAME_CHARACTERS:
            raise ConfigurationError(
                f"a handler's name is one line of at most {_MOST_NAME_CHARACTERS} characters"
                " that can be printed"
            )
