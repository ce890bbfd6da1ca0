"""What the webhook tests share: a parser without a provider, and the parts put together."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio

from blazz.errors import WebhookError
from blazz.events.base import Event
from blazz.providers.base import WebhookProfile
from blazz.webhooks import Backoff, Dispatcher, Receiver, Response, Routes, sign
from blazz.webhooks.inbox.base import Inbox, State
from blazz.webhooks.inbox.sqlite import SqliteInbox
from blazz.webhooks.observations import Observation

SECRET = "the app secret"
QUICK = Backoff(attempts=5, first=0.001, longest=0.002)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Event):
    """Somebody said something."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shouted(Said):
    """Somebody said it loudly."""


@dataclass(frozen=True)
class SpokenUpdate:
    """An update of the test parser: `{"key", "account", "conversation", "text"}`."""

    fields: dict[str, Any]

    @property
    def key(self) -> str:
        return str(self.fields["key"])

    @property
    def account(self) -> str | None:
        account: str | None = self.fields.get("account", "1")
        return account

    @property
    def conversation(self) -> str | None:
        conversation: str | None = self.fields.get("conversation")
        return conversation

    def event(self) -> Event:
        if self.fields.get("text") == "unbuildable":
            raise RuntimeError("this event cannot be built")
        kind = Shouted if str(self.fields.get("text", "")).isupper() else Said
        at = datetime(2026, 1, 2, tzinfo=UTC)
        return kind(key=self.key, at=at, account=self.account, text=self.fields.get("text", ""))


def parse(body: bytes) -> Sequence[SpokenUpdate]:
    """Split a list of updates."""
    try:
        updates = json.loads(body)
        return [SpokenUpdate(dict(update)) for update in updates]
    except (ValueError, TypeError, RecursionError) as error:
        raise WebhookError(f"not a list of updates: {error}") from error


def body_of(*updates: dict[str, Any]) -> bytes:
    """Write a body."""
    return json.dumps(updates).encode()


def said(*keys: str, **fields: Any) -> bytes:
    """A body of updates that differ in their keys; `a1` belongs to the conversation a."""
    return body_of(*({"key": key, "conversation": key[0], "text": key, **fields} for key in keys))


def profile(*accounts: str, secret: str = SECRET) -> WebhookProfile:
    """A profile whose bodies are read by the test parser."""
    return WebhookProfile(accounts=accounts or ("1",), secrets=[secret], parse=parse)


class Stage:
    """A receiver and a dispatcher on one inbox."""

    def __init__(self, inbox: Inbox, **settings: Any) -> None:
        self.inbox = inbox
        self.seen: list[str] = []
        self.observed: list[Observation] = []
        self.routes = Routes(insecure=settings.pop("insecure", False))
        self.dispatcher = Dispatcher(
            inbox,
            self.routes,
            **{"backoff": QUICK, "poll": 0.01, "observe": self.observed.append, **settings},
        )
        self.receiver = Receiver(
            inbox, self.routes, verify_tokens=["verify me"], arrived=self.dispatcher.wake
        )

    async def see(self, event: Said) -> None:
        """A handler that notes what it was given."""
        self.seen.append(event.key)

    async def post(self, body: bytes, *, secret: str = SECRET) -> Response:
        """Send a signed body."""
        headers = {"X-Hub-Signature-256": sign(body, secret)}
        return await self.receiver.handle("POST", "", headers, body)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the dispatcher meanwhile."""
        async with anyio.create_task_group() as tasks:
            await tasks.start(self.dispatcher.run)
            yield
            tasks.cancel_scope.cancel()

    async def handled(self) -> list[str]:
        """Run the dispatcher until nothing is left; returns what was seen."""
        async with self.running():
            await self.dispatcher.drained()
        return self.seen


async def states(inbox: SqliteInbox) -> Counter[State]:
    """How many updates there are in each state."""
    return Counter(entry.state for entry in await inbox.entries(limit=10_000))


@contextlib.asynccontextmanager
async def stage(path: Path, **settings: Any) -> AsyncIterator[Stage]:
    """A stage on an SQLite inbox, with a session for account 1."""
    async with SqliteInbox(path / "inbox.db") as inbox:
        made = Stage(inbox, **settings)
        await made.receiver.add("acme/sales", profile())
        yield made
