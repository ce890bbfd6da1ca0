"""An outbox in each database, and a receiver that writes down what it gets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blazz.security.keyring import KeyRing
from blazz_server.database import Database
from blazz_server.webhooks.happenings import Happening
from blazz_server.webhooks.judging import Outcome
from blazz_server.webhooks.log import DeliveryLog
from blazz_server.webhooks.outbox import Outbox
from blazz_server.webhooks.sealing import SecretBox
from blazz_server.webhooks.sender import Sender
from blazz_server.webhooks.subscriptions import Subscriptions

START = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class Time:
    """A clock that is set by hand."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Receiver:
    """Answers as told, and keeps what it got."""

    answer: Callable[[str], Outcome] = lambda _url: Outcome(milliseconds=1, status=200)
    got: list[tuple[str, Mapping[str, str], dict[str, Any]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        self.got.append((url, headers, json.loads(body)))
        self.bodies.append(body)
        return self.answer(url)

    @property
    def ids(self) -> list[str]:
        return [body["id"] for _, _, body in self.got]


@dataclass
class Post:
    """All parts on one database, with a clock set by hand."""

    database: Database
    time: Time
    box: SecretBox
    outbox: Outbox
    subscriptions: Subscriptions
    log: DeliveryLog

    def sender(self, receiver: Receiver, *, instance: str = "one", **options: Any) -> Sender:
        outbox = Outbox(self.database, instance=instance, clock=self.time)
        return Sender(outbox, receiver, self.box, clock=self.time, chance=lambda: 0.0, **options)

    async def subscribe(
        self,
        url: str = "https://example.com/",
        *,
        kinds: Sequence[str] = (),
        workspace: str = "acme",
    ) -> tuple[str, str]:
        made = await self.subscriptions.create(workspace, url, kinds=kinds)
        return made.subscription.id, made.secret


def happening(key: str = "1", *, workspace: str = "acme", **more: Any) -> Happening:
    names = more.pop("names", ["message.received"])
    return Happening(
        workspace=workspace, session="shop", key=key, names=names, data={"text": "Halo"}, **more
    )


async def outside(_host: str, _port: int) -> Sequence[str]:
    return ["8.8.8.8"]


@pytest.fixture
async def post(database_url: str) -> AsyncIterator[Post]:
    """All parts, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    time, box = Time(), SecretBox(KeyRing.generate())
    yield Post(
        database=database,
        time=time,
        box=box,
        outbox=Outbox(database, instance="one", clock=time),
        subscriptions=Subscriptions(database, box, resolver=outside, clock=time),
        log=DeliveryLog(database, clock=time),
    )
    await database.close()
