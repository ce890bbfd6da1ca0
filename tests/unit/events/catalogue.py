"""The catalogue of events, as docs/events.md must have it; `python -m` writes it to be pasted."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator

from blazz.events import Event

AREAS = {
    "messages": "Messages",
    "media": "Files",
    "replies": "Answers to what you sent",
    "polls": "Polls",
    "statuses": "What became of your messages",
    "people": "People",
    "preferences": "Opt-outs",
    "presence": "Presence and chats",
    "calls": "Calls",
    "groups": "Groups",
    "templates": "Templates",
    "accounts": "The account",
    "numbers": "Your number",
    "flows": "Flows",
    "payments": "Payments",
    "marketing": "Marketing",
    "usage": "Costs",
    "coexistence": "The WhatsApp Business app beside",
    "routing": "Several responders",
    "sessions": "The session itself",
    "problems": "Errors",
    "unknown": "What nobody knows yet",
}


def tables() -> Iterator[str]:
    """A heading and a table for each area."""
    for module, title in AREAS.items():
        rows = "\n".join(_row(kind) for kind in events(module))
        yield f"### {title}\n\n| event | means | fields |\n| --- | --- | --- |\n{rows}\n"


def events(module: str) -> list[type[Event]]:
    """The events that a module defines, in its order."""
    source = importlib.import_module(f"blazz.events.{module}")
    found = [
        kind
        for _, kind in inspect.getmembers(source, inspect.isclass)
        if issubclass(kind, Event) and kind.__module__ == source.__name__
    ]
    return sorted(found, key=lambda kind: inspect.getsourcelines(kind)[1])


def _row(kind: type[Event]) -> str:
    base = kind.__mro__[1].__name__
    name = f"`{kind.__name__}`" if base == "Event" else f"`{kind.__name__}` ({base})"
    inherited = {field.name for field in dataclasses.fields(kind.__mro__[1])}
    own = [field.name for field in dataclasses.fields(kind) if field.name not in inherited]
    return f"| {name} | {_summary(kind)} | {', '.join(f'`{field}`' for field in own)} |"


def _summary(kind: type[Event]) -> str:
    first = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0]
    return re.sub(r"\s+", " ", first).replace("|", r"\|")


if __name__ == "__main__":
    print("\n".join(tables()))
