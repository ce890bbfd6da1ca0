"""How an application says which events its functions are called with."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from blazz.client.ids import check_id
from blazz.client.inbox import ClientInbox, Handler
from blazz.errors import InvalidValue
from blazz.events.base import Event
from blazz.events.choosing import check_filter, check_kinds
from blazz.session import Session

E = TypeVar("E", bound=Event)
E2 = TypeVar("E2", bound=Event)
E3 = TypeVar("E3", bound=Event)
A = TypeVar("A", bound=Awaitable[object])
H = TypeVar("H", bound=Handler)


class Listens:
    """The part of a `Client` that handlers are registered with."""

    workspace: str
    _inbox: ClientInbox

    @overload
    def on(
        self,
        *,
        where: Callable[[Event], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[[Session, Event], A]], Callable[[Session, Event], A]]: ...
    @overload
    def on(
        self,
        kind: type[E],
        /,
        *,
        where: Callable[[E], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[[Session, E], A]], Callable[[Session, E], A]]: ...
    @overload
    def on(
        self,
        kind: type[E],
        second: type[E2],
        /,
        *,
        where: Callable[[E | E2], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[[Session, E | E2], A]], Callable[[Session, E | E2], A]]: ...
    @overload
    def on(
        self,
        kind: type[E],
        second: type[E2],
        third: type[E3],
        /,
        *,
        where: Callable[[E | E2 | E3], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[[Session, E | E2 | E3], A]], Callable[[Session, E | E2 | E3], A]]: ...
    @overload
    def on(
        self,
        *kinds: type[Event],
        where: Callable[[Event], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[H], H]: ...
    def on(
        self,
        *kinds: type[Event],
        where: Callable[[Any], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[H], H]:
        """Register a coroutine function that is called with a session and an event.

        It is called at least once for each event, in order per conversation; if it raises, it is
        called again later, and other handlers and conversations do not wait for that. Messages that
        answer `Session.ask` do not get here. Register handlers before sessions are opened: an
        event that nobody wants is done at once.

        Args:
            kinds: The events wanted, with their subclasses; none means all.
            where: Which of them, see `blazz.events.filters`.
            session: Only those of the session of this name.
            name: Under this name its success is remembered across restarts; by default its
                module and name.

        Raises:
            InvalidValue: What is given is no kind of event, no filter, or no coroutine function of
                a session and an event.
            ConfigurationError: A handler of that name is registered.

        Example:
            ::

                @client.on(TextReceived, where=matches("hello"))
                async def greet(session: Session, event: TextReceived) -> None:
                    await session.reply(event, Text("Hi!"))
        """
        check_kinds(kinds)
        if where is not None:
            check_filter(where)
        key = None if session is None else f"{self.workspace}/{check_id('session', session)}"

        def register(function: H) -> H:
            _check_handler(function)
            self._inbox.add_handler(function, kinds, where=where, session=key, name=name)
            return function

        return register


def _check_handler(function: object) -> None:
    """Refuse a function that cannot be awaited, or called so, before anything has come for it."""
    if not callable(function):
        raise InvalidValue("handler", "a coroutine function: async def", function)
    is_async = any(map(inspect.iscoroutinefunction, (function, inspect.unwrap(function))))
    # Of a lambda, nobody knows before it is called.
    is_lambda = getattr(function, "__name__", "") == "<lambda>"
    if not is_async and not is_lambda and inspect.isroutine(function):
        raise InvalidValue("handler", "a coroutine function: write async def", function)
    try:
        signature = inspect.signature(function)
    except (ValueError, NameError):
        # What is not written in Python may have none, and since 3.14 an annotation may name what is
        # there for type checkers alone.
        return
    try:
        signature.bind(None, None)
    except TypeError:
        rule = f"is called with a session and an event, but takes {signature}"
        raise InvalidValue("handler", rule, function) from None
