"""One `blazz.Client` for each workspace; all of this process share connections."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import anyio

from blazz import Client
from blazz.auth_stores import Keeping
from blazz.auth_stores.base import AuthStore
from blazz.auth_stores.urls import from_url
from blazz.campaigns.limiter.base import Limiter
from blazz.events.sessions import SessionStateChanged
from blazz.realtime.bus.base import Bus
from blazz.telemetry import Telemetry
from blazz.webhooks.inbox.base import Inbox
from blazz_server.settings import Settings

_POLL: Final = 1.0
"""Seconds; what this instance receives itself is handled at once."""
_POOL: Final = 4
"""Connections for each part in PostgreSQL; three parts, however many workspaces there are."""

SetUp: TypeAlias = Callable[[Client], None]


class Clients:
    """The clients of this instance, opened when they are first needed.

    With PostgreSQL and Redis they share one inbox, one conversation store, one ledger and one
    limiter; without, each workspace has a folder with SQLite files of its own.

    Args:
        settings: What the environment says.
        bus: Carries live events.
        telemetry: What is measured.
    """

    def __init__(self, settings: Settings, bus: Bus, telemetry: Telemetry) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._stack = contextlib.AsyncExitStack()
        self._lock = anyio.Lock()
        self._open: dict[str, Client] = {}
        self._set_ups: list[SetUp] = []
        self._parts: dict[str, Any] = {"bus": bus}
        self.auth_store: AuthStore = from_url(settings.auth_store or str(settings.folder / "auth"))

    @property
    def inbox(self) -> Inbox | None:
        """The inbox that all workspaces share; None: each has its own."""
        return self._parts.get("inbox")

    def on_client(self, set_up: SetUp) -> None:
        """Have a function called with each client before its sessions open."""
        self._set_ups.append(set_up)
        for client in self._open.values():
            set_up(client)

    async def open(self) -> None:
        """Open what the clients share."""
        await self._share(self.auth_store, "auth_store")
        url = self._settings.database_url
        if url.startswith("postgres"):
            from blazz.campaigns.ledger.postgres import PostgresLedger
            from blazz.conversations.postgres import PostgresConversationStore
            from blazz.webhooks.inbox.postgres import PostgresInbox

            await self._share(PostgresInbox(url, pool_size=_POOL), "inbox")
            await self._share(PostgresConversationStore(url, pool_size=_POOL), "conversations")
            await self._share(PostgresLedger(url, pool_size=_POOL), "ledger")
        if self._settings.redis_url:
            from blazz.campaigns.limiter.redis import RedisLimiter

            limiter: Limiter = RedisLimiter(self._settings.redis_url)
            self._stack.push_async_callback(limiter.close)
            self._parts["limiter"] = limiter

    async def get(self, workspace: str) -> Client:
        """The client of a workspace."""
        found = self._open.get(workspace)
        if found is not None:
            return found
        async with self._lock:
            if workspace not in self._open:
                client = self._make(workspace)
                for set_up in self._set_ups:
                    set_up(client)
                await client.__aenter__()
                self._open[workspace] = client
            return self._open[workspace]

    def peek(self, workspace: str) -> Client | None:
        """The client of a workspace, if it is open."""
        return self._open.get(workspace)

    async def forget(self, workspace: str) -> None:
        """Close the client of a workspace that is no more."""
        async with self._lock:
            client = self._open.pop(workspace, None)
            if client is not None:
                await client.close()

    async def close(self) -> None:
        """Close all clients, and then what they share."""
        async with self._lock:
            while self._open:
                _, client = self._open.popitem()
                self._stack.push_async_callback(client.close)
            await self._stack.aclose()

    def _make(self, workspace: str) -> Client:
        lease = self._settings.lease
        return Client(
            workspace=workspace,
            folder=self._settings.folder / "workspaces" / workspace,
            keeping=Keeping(ttl=lease),
            telemetry=self._telemetry,
            handler_lease=lease,
            handler_poll=_POLL,
            keep_parts_open=True,
            unpublished=[SessionStateChanged],  # `telling` does that, once the table knows
            **self._parts,
        )

    async def _share(self, part: Any, name: str) -> None:  # noqa: ANN401  # all open and close
        await part.open()
        self._stack.push_async_callback(part.close)
        self._parts[name] = part
