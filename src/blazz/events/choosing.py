"""Checks what chooses events: their kinds, and a filter."""

from __future__ import annotations

import inspect

from blazz.errors import InvalidValue
from blazz.events.base import Event


def check_kinds(kinds: tuple[object, ...]) -> None:
    """Check that these are kinds of events.

    Raises:
        InvalidValue: One is not.
    """
    for kind in kinds:
        if inspect.isroutine(kind):
            raise InvalidValue("kinds", "classes of events: write @client.on(TextReceived)", kind)
        if not (isinstance(kind, type) and issubclass(kind, Event)):
            raise InvalidValue("kinds", "classes of events, such as TextReceived", kind)


def check_filter(where: object, *, field: str = "where") -> None:
    """Check that this can be a filter.

    Raises:
        InvalidValue: It is no function of an event, or one that waits.
    """
    if not callable(where) or isinstance(where, type):
        raise InvalidValue(field, "a filter, or a function of an event", where)
    if inspect.iscoroutinefunction(where):
        raise InvalidValue(field, "a plain function: a filter does not wait", where)
    try:
        gives = getattr(where, "__annotations__", {}).get("return", "")
    except NameError:  # since 3.14 it is read only now, and may name what checkers alone know
        return
    if str(gives).startswith("Filter["):
        raise InvalidValue(field, "a filter: call this function, which makes one", where)
