"""A client, its session, who writes with it, and what was heard of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import anyio

from blazz import Client, Event, Session
from tests.integration.sessions.other_side import OtherSide

E = TypeVar("E", bound=Event)


class Heard:
    """The events that a handler was called with, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()

    async def take(self, session: Session, event: Event) -> None:
        self.events.append(event)
        self._changed.set()
        self._changed = asyncio.Event()

    def of(self, kind: type[E]) -> list[E]:
        """All of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def one(
        self, kind: type[E], where: Callable[[E], bool] = lambda _: True, *, timeout: float = 60
    ) -> E:
        """Wait for an event; one that has come counts."""
        with anyio.move_on_after(timeout):
            while True:
                for event in self.of(kind):
                    if where(event):
                        return event
                await self._changed.wait()
        raise AssertionError(f"no such {kind.__name__} among {self.events}")


@dataclass
class Scene:
    """Everything, ready to talk."""

    client: Client
    session: Session
    budi: OtherSide
    heard: Heard = field(default_factory=Heard)
