"""The sessions of all workspaces: which run here, which elsewhere, and how calls find them."""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import Final

import anyio
from sqlalchemy.exc import SQLAlchemyError

from blazz import Client, Session
from blazz.auth_stores import SessionKey
from blazz.auth_stores.watching import LeaseWatch
from blazz.cluster.placement import Instance
from blazz.cluster.registry.base import Registry
from blazz.cluster.registry.memory import MemoryRegistry
from blazz.cluster.router import Reply, Router
from blazz.cluster.steward import Steward
from blazz.errors import BlazzError, RegistryUnavailable
from blazz.security.request_signing import Body, RequestSigner
from blazz.security.secret import Secret
from blazz_server.database import Database
from blazz_server.errors import ApiError
from blazz_server.hosting.clients import Clients
from blazz_server.hosting.phones import SandboxPhones
from blazz_server.hosting.records import SessionRecords
from blazz_server.hosting.running import RunningSession, Sessions
from blazz_server.hosting.sandbox import SandboxHost
from blazz_server.hosting.telling import StateTeller
from blazz_server.live.service import Live
from blazz_server.monitoring.service import Monitoring
from blazz_server.settings import Settings

_AT_ONCE: Final = 32
"""Sessions that start at once; most of them wait for the lease of an instance that died."""
_log = logging.getLogger(__name__)


class NotHere(ApiError):
    """The session does not run on this instance."""

    def __init__(self, key: str) -> None:
        detail = f"{key} does not run on this instance"
        super().__init__(421, "session_elsewhere", detail)


class Hosting:
    """Runs the sessions that this instance is to run, and finds the others.

    Args:
        settings: What the environment says.
        database: The server's own tables.
        live: Carries live events.
        monitoring: Measures.

    Attributes:
        sandbox: What sessions may use in place of WhatsApp.
        phones: The sandbox's phones.
        records: What is known of sessions.
        registry: Which instances there are, and what each runs.
        router: Finds the owner of a session and forwards calls.
        clients: The clients of the workspaces.
        sessions: The sessions that run here.
    """

    def __init__(
        self, settings: Settings, database: Database, live: Live, monitoring: Monitoring
    ) -> None:
        self._settings = settings
        self.sandbox = SandboxHost(settings)
        self.phones = SandboxPhones(database, self.sandbox)
        self.records = SessionRecords(database)
        self.registry: Registry = _registry(settings)
        self.clients = Clients(settings, live.bus, monitoring.telemetry)
        self.router = Router(self.registry, settings.instance, signer=_signer(settings))
        self._teller = StateTeller(self.records, self.registry, live)
        self.sessions = Sessions(
            settings,
            clients=self.clients,
            records=self.records,
            teller=self._teller,
            sandbox=self.sandbox,
            live=live,
            ended=self._ended,
        )
        self.steward = Steward(
            self.registry,
            _me(settings),
            self.sessions,
            self._wanted,
            every=_ttl(settings) / 5,
            at_once=_AT_ONCE,
        )
        self._watch = LeaseWatch(self.clients.auth_store, self._standby, ttl=settings.lease)
        self._on_removal: list[Callable[[str, str], Awaitable[None]]] = []
        self._stopped = anyio.Event()
        self._runs = False

    # From start to end

    async def open(self) -> None:
        """Connect, and start the sandbox if it is to run here."""
        await self.registry.open()
        await self.sandbox.open()
        await self.clients.open()

    async def run(self) -> None:
        """Run sessions until cancelled; then hand them over to other instances."""
        self._runs = True
        try:
            async with anyio.create_task_group() as tasks:
                self.sessions.tasks = tasks
                tasks.start_soon(self._watch.run, name="watch leases")
                await self.steward.run()
        finally:
            self._stopped.set()

    async def close(self) -> None:
        """Wait until what ran here is handed over, and disconnect."""
        if self._runs:
            await self._stopped.wait()
        await self.clients.close()
        await self.sandbox.close()
        await self.router.close()
        await self.registry.close()

    # For other parts

    def on_client(self, register: Callable[[Client], None]) -> None:
        """Have a function called with each workspace's client before its sessions open.

        It registers handlers; they get the events of sessions that run on this instance.
        """
        self.clients.on_client(register)

    def on_removal(self, forget: Callable[[str, str], Awaitable[None]]) -> None:
        """Have something more deleted with a session, by its workspace and name.

        It is called again before another session of the same name is made.
        """
        self._on_removal.append(forget)

    async def client(self, workspace: str) -> Client:
        """This instance's client of a workspace; opened when it is first needed."""
        return await self.clients.get(workspace)

    async def session(self, workspace: str, name: str) -> Session:
        """A session that runs here.

        Raises:
            NotHere: It does not.
        """
        return self.running(workspace, name).session

    def running(self, workspace: str, name: str) -> RunningSession:
        """A session that runs here, with what looks after it.

        Raises:
            NotHere: It does not.
        """
        key = f"{workspace}/{name}"
        found = self.sessions.find(key)
        if found is None:
            raise NotHere(key)
        return found

    def is_ours(self, key: str) -> bool:
        """Whether a session, `<workspace>/<name>`, runs here and is ours at this moment."""
        return self.sessions.find(key) is not None

    async def forward(
        self,
        key: str,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: Body,
        caller: str,
    ) -> Reply:
        """Forward a call to the instance that runs a session; see `Router.forward`.

        The caller's rights must have been checked: the other instance trusts this one.
        """
        return await self.router.forward(
            key, method, target, headers=headers, body=body, caller=caller
        )

    def hurry(self) -> None:
        """Look at once at what is to run: it has changed."""
        self.steward.hurry()

    async def remove(self, workspace: str, name: str) -> None:
        """Forget a session: it stops, wherever it runs, and then all that is stored is deleted.

        Raises:
            ApiError: There is none.
        """
        await self._teller.deleted(workspace, name)
        self.hurry()
        if self.sessions.tasks is not None:
            self.sessions.tasks.start_soon(self._clean, workspace, name)

    async def leave(self, workspace: str) -> None:
        """Forget all sessions of a workspace."""
        while rows := await self.records.page(workspace, after="", limit=100):
            for row in rows:
                with contextlib.suppress(ApiError):  # somebody was quicker
                    await self.remove(workspace, row.name)

    async def clean(self, workspace: str, name: str, *, wait: float = 0.0) -> None:
        """Delete what is stored of a session that is no more.

        Raises:
            LeaseTaken: It still runs somewhere else.
            ConfigurationError: It still runs here.
        """
        client = await self.client(workspace)
        with anyio.move_on_after(wait):
            while name in client.sessions:  # noqa: ASYNC110  # the steward is closing it
                await anyio.sleep(0.05)
        await client.forget(name, wait=wait)
        for forget in self._on_removal:
            await forget(workspace, name)

    async def _clean(self, workspace: str, name: str) -> None:
        try:
            await self.clean(workspace, name, wait=2 * self._settings.lease)
        except (BlazzError, SQLAlchemyError, OSError) as error:
            _log.warning("%s/%s: what is stored was not deleted: %s", workspace, name, error)

    async def restart(self, key: str) -> None:
        """Close a session that runs here, and have it started again."""
        await self.steward.restart(key)

    async def drain(self) -> None:
        """Hand over what runs here, and take nothing more."""
        await self.steward.drain()
        self.hurry()

    async def _wanted(self) -> Mapping[str, str | None]:
        """What is to run; while the database is away, what runs goes on.

        Raises:
            RegistryUnavailable: It is away; the steward looks again later.
        """
        try:
            return await self.records.wanted()
        except (SQLAlchemyError, OSError) as error:
            raise RegistryUnavailable(f"the table of sessions cannot be read: {error}") from error

    def _standby(self) -> list[SessionKey]:
        return [SessionKey(*key.split("/", 1)) for key in self.steward.standby]

    async def _ended(self, key: str, reason: str) -> None:
        try:
            await self.steward.lost(key, reason)
        except RegistryUnavailable as error:
            _log.warning("%s has ended, and the registry was not told: %s", key, error)


def _registry(settings: Settings) -> Registry:
    if settings.redis_url:
        from blazz.cluster.registry.redis import RedisRegistry

        return RedisRegistry(settings.redis_url, ttl=_ttl(settings))
    return MemoryRegistry(ttl=_ttl(settings))


def _ttl(settings: Settings) -> float:
    """Well below the lease: who takes a session over then waits for it before it is free."""
    return max(1.0, settings.lease / 2)


def _signer(settings: Settings) -> RequestSigner:
    given = settings.cluster_secrets
    if not given and settings.redis_url:
        _log.warning("without BLAZZ_SERVER_CLUSTER_SECRET no other instance takes our calls")
    return RequestSigner(given[0] if given else Secret(secrets.token_hex(32)))


def _me(settings: Settings) -> Instance:
    return Instance(
        name=settings.instance,
        address=settings.address or f"http://{settings.host}:{settings.port}",
        version=version("blazz"),
        capacity=settings.capacity,
    )
