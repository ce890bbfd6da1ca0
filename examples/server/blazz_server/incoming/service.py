"""Incoming: takes the webhooks that Meta sends for all tenants."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final, TypeAlias

import anyio
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from blazz import MetaCloud
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.snapshot.contents import Kind
from blazz.errors import BlazzError
from blazz.providers.base import WebhookProfile
from blazz.webhooks.receiver import Receiver, Response
from blazz.webhooks.signature import SigningSecret
from blazz_server.database import Database
from blazz_server.hosting.service import Hosting
from blazz_server.hosting.tables import SessionRow
from blazz_server.incoming.strays import Strays
from blazz_server.incoming.switchboard import Switchboard

_REFRESH_SECONDS: Final = 5.0
_ON_DEMAND_SECONDS: Final = 0.25
_RELEARN_SECONDS: Final = 30.0
_TIDY_EVERY: Final = 720

_log: Final = logging.getLogger(__name__)

_Version: TypeAlias = tuple[datetime, str]


class Incoming:
    """Receives for the numbers of all workspaces, on any instance.

    What comes is kept before it is answered: in the inbox of its workspace, where the instance that
    runs the session finds it. Which sessions there are is read from the database, their secrets
    from the auth store; sessions that run elsewhere are received for, too.

    Args:
        database: The server's own tables.
        hosting: Has the inboxes and the auth store.

    Attributes:
        strays: What belongs to nobody.
    """

    def __init__(self, database: Database, hosting: Hosting) -> None:
        self.strays = Strays(database)
        self._database = database
        self._hosting = hosting
        self._switchboard = Switchboard(
            deliver=self._deliver, keep_stray=self._keep_stray, refresh=self._refresh_on_demand
        )
        self._receiver = Receiver(self._switchboard)
        self._known: dict[str, _Version] = {}
        # Sessions that are new, and may get what came before them.
        self._expected: dict[str, WebhookProfile] = {}
        self._troubled: set[str] = set()
        self._refreshing = anyio.Lock()
        self._refreshed_at = float("-inf")
        self._relearned_at = float("-inf")

    async def open(self) -> None:
        """Nothing to open: what is needed is read when it is needed."""

    async def run(self) -> None:
        """Follow which sessions there are, until cancelled."""
        rounds = 0
        while True:
            try:
                await self.refresh()
                if rounds % _TIDY_EVERY == 0:
                    await self.strays.forget_old()
            except (BlazzError, SQLAlchemyError, OSError) as error:
                _log.warning("new sessions are looked for later: %s", error)
            rounds += 1
            await anyio.sleep(_REFRESH_SECONDS)

    async def close(self) -> None:
        """Nothing to close."""

    async def handle(
        self, method: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Answer a request of Meta's: the handshake, or updates."""
        response = await self._receiver.handle(method, query, headers, body)
        if response.status == HTTPStatus.FORBIDDEN and await self._learn_anew():
            response = await self._receiver.handle(method, query, headers, body)
        return response

    # Which sessions there are

    async def refresh(self) -> bool:
        """Read which sessions there are; tells whether any is new or has gone."""
        async with self._refreshing:
            return await self._refresh()

    async def _refresh(self) -> bool:
        self._refreshed_at = time.monotonic()
        rows = await self._rows()
        gone = self._known.keys() - rows.keys()
        for key in gone:
            self._forget(key)
        new = [key for key, version in rows.items() if self._known.get(key) != version]
        for key in new:
            await self._learn(key, rows[key])
        for key, profile in list(self._expected.items()):
            try:
                await self._bring_home(profile)
                del self._expected[key]
            except (BlazzError, SQLAlchemyError, OSError) as error:
                # Tried again with the next round; the other sessions do not wait for it.
                _log.warning("what was kept for %s is passed on later: %s", key, error)
        return bool(new or gone)

    async def _refresh_on_demand(self) -> bool:
        """Look again, since something came that nobody seems to have; not at each such request.

        Tells whether it is worth trying again.
        """
        came = time.monotonic()
        async with self._refreshing:
            if self._refreshed_at >= came:
                return True  # others who came at the same time have looked meanwhile
            if came - self._refreshed_at < _ON_DEMAND_SECONDS:
                return False
            return await self._refresh()

    async def _learn_anew(self) -> bool:
        """Read all secrets again: one may have been changed; now and then, whoever asks for it."""
        now = time.monotonic()
        if now - self._relearned_at >= _RELEARN_SECONDS:
            self._relearned_at = now
            async with self._refreshing:
                self._known.clear()
                return await self._refresh()
        return await self._refresh_on_demand()

    async def _rows(self) -> dict[str, _Version]:
        query = select(
            SessionRow.workspace, SessionRow.name, SessionRow.created_at, SessionRow.config
        ).where(SessionRow.kind == "cloud")
        async with self._database.read() as transaction:
            found = await transaction.execute(query)
            return {
                f"{workspace}/{name}": (created_at, repr(config))
                for workspace, name, created_at, config in found
            }

    async def _learn(self, key: str, version: _Version) -> None:
        profile = await self._profile(key)
        if profile is None:
            return  # its credentials are being stored, or were lost; looked at again
        self._forget(key)
        self._known[key] = version
        if profile.secrets:  # else it only sends
            await self._receiver.add(key, profile)
            self._expected[key] = profile

    def _forget(self, key: str) -> None:
        self._known.pop(key, None)
        self._expected.pop(key, None)
        self._receiver.remove(key)
        self._switchboard.unregister(key)

    async def _profile(self, key: str) -> WebhookProfile | None:
        workspace, _, name = key.partition("/")
        try:
            stored = await self._hosting.clients.auth_store.load(
                SessionKey(workspace, name), kind=Kind.CREDENTIALS
            )
            provider = MetaCloud.from_credentials(await stored.credentials())
        except BlazzError as error:
            if key not in self._troubled:
                self._troubled.add(key)
                _log.warning(
                    "webhooks of %s are refused, its secrets are not there: %s", key, error
                )
            return None
        self._troubled.discard(key)
        if provider.webhooks is not None:
            return provider.webhooks
        return WebhookProfile(accounts=(), secrets=(), parse=lambda _body: ())

    async def _bring_home(self, profile: WebhookProfile) -> None:
        """Pass on what was kept before its session was there."""
        signers = [SigningSecret(secret).fingerprint for secret in profile.secrets]
        while strays := await self.strays.of(list(profile.accounts), signers):
            for stray in strays:
                await self._switchboard.put(stray.body, signer=stray.signer)
                await self.strays.remove(stray)

    # Where updates go

    async def _deliver(self, workspace: str, body: bytes, signer: str) -> None:
        """Keep a body in the inbox of a workspace, whichever instance runs its sessions."""
        client = self._hosting.clients.peek(workspace)
        shared = self._hosting.clients.inbox
        if client is None and shared is not None:
            await shared.put(body, signer=signer)
            return
        if client is None:
            client = await self._hosting.client(workspace)
        await client.webhooks.keep(body, signer=signer)

    async def _keep_stray(self, account: str | None, body: bytes, signer: str, reason: str) -> None:
        await self.strays.keep(account, body, signer=signer, reason=reason)
