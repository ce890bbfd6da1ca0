"""The keeping half of a client: who owns its sessions, and the secrets that open them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from blazz.auth_stores.base import AuthStore
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.snapshot.contents import Kind, Snapshot
from blazz.errors import ConfigurationError
from blazz.providers.base import Capability, Provider
from blazz.security.secret import Secret
from blazz.telemetry import Telemetry

if TYPE_CHECKING:
    from blazz.auth_stores.keeping import Keeping, StoreKeeper
    from blazz.auth_stores.keeping_news import Report
    from blazz.auth_stores.standby import Standby

_PATIENCE: Final = 10.0


class HasSecrets(Protocol):
    """Values that a session is opened with, such as `CloudCredentials`."""

    def to_secrets(self) -> Mapping[str, Secret]:
        """Write them as named secrets, for an auth store."""
        ...


class ClientAuth:
    """Owns sessions in an auth store, and keeps secrets there; without a store it does neither.

    Args:
        store: Where sessions are kept.
        workspace: The tenant.
        keeping: How sessions are kept.
        telemetry: What is measured.
    """

    def __init__(
        self,
        store: AuthStore | None,
        *,
        workspace: str,
        keeping: Keeping | None,
        telemetry: Telemetry,
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._keeping = keeping
        self._telemetry = telemetry
        self._keepers: dict[str, StoreKeeper] = {}

    async def open(self) -> None:
        """Open the store.

        Raises:
            UnsuitableStore: It cannot keep sessions safely.
            StoreUnavailable: It does not answer.
        """
        if self._store is not None:
            await self._store.open()

    async def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            await self._store.close()

    # Ownership

    def standby(self, name: str) -> Standby | None:
        """What waits for a session of another owner; None: there is no store."""
        if self._store is None:
            return None
        from blazz.auth_stores.keeping import Keeping
        from blazz.auth_stores.standby import Standby

        ttl = (self._keeping or Keeping()).ttl
        return Standby(self._store, SessionKey(self._workspace, name), ttl=ttl)

    async def own(
        self,
        name: str,
        provider: Provider,
        *,
        exclusive: bool,
        wait: float,
        report: Report,
        standby: Standby | None = None,
    ) -> StoreKeeper | None:
        """Become the owner of a session, if its provider has a state that only one may go on from.

        A linked device is such a state. A number of the Cloud API is not: any number of processes
        may send from it and receive for it.

        Args:
            name: The session.
            provider: What will run it.
            exclusive: Own it in any case.
            wait: Seconds to wait for another owner.
            report: Keeps an event of the session for handlers.
            standby: Is told meanwhile how the other owner's lease stands.

        Raises:
            ConfigurationError: It is to be owned in any case, and there is no store.
            LeaseTaken: Another process owns the session.
            StoreUnavailable: The store does not answer.
        """
        if exclusive:
            self._needed()
        if self._store is None or not (exclusive or Capability.PAIRING in provider.capabilities):
            return None
        from blazz.auth_stores.keeping import StoreKeeper

        keeper = await StoreKeeper.acquire(
            self._store,
            SessionKey(self._workspace, name),
            wait=wait,
            standby=standby,
            keeping=self._keeping,
            report=report,
            telemetry=self._telemetry,
        )
        self._keepers[name] = keeper
        return keeper

    async def disown(self, name: str) -> None:
        """Give a session up, if it is ours."""
        keeper = self._keepers.pop(name, None)
        if keeper is not None:
            await keeper.release()

    # Secrets

    async def save_credentials(self, name: str, secrets: Mapping[str, str | Secret]) -> None:
        """Store the secrets of a session; see `Client.save_credentials`."""
        from blazz.auth_stores.leases import hold

        store, session = self._needed(), SessionKey(self._workspace, name)
        snapshot = Snapshot.of_credentials(secrets)
        if keeper := self._keepers.get(name):
            await store.save(snapshot, keeper.lease)
            return
        async with hold(store, session, wait=_PATIENCE) as holding:
            await store.save(snapshot, holding.lease)

    async def credentials(self, name: str) -> Mapping[str, Secret]:
        """Read the secrets of a session; see `Client.credentials`."""
        session = SessionKey(self._workspace, name)
        stored = await self._needed().load(session, kind=Kind.CREDENTIALS)
        return await stored.credentials()

    async def provider(self, name: str) -> Provider:
        """Make the provider of a session from its stored secrets."""
        if self._store is None:
            raise ConfigurationError(
                f"no provider is given for session {name}, such as Sandbox() or MetaCloud(…), and"
                " the client has no auth store that could keep credentials of it"
            )
        from blazz.providers.meta_cloud import MetaCloud

        return MetaCloud.from_credentials(await self.credentials(name))

    async def forget(self, name: str, *, wait: float) -> None:
        """Delete all that is stored of a session; see `Client.forget`."""
        if self._store is None:
            return
        from blazz.auth_stores.leases import hold

        session = SessionKey(self._workspace, name)
        async with hold(self._store, session, wait=wait) as holding:
            await self._store.delete(holding.lease)

    def _needed(self) -> AuthStore:
        if self._store is None:
            raise ConfigurationError(
                "the client has no auth store; give it one, such as Client(auth_store='sessions')"
            )
        return self._store


def secrets_of(credentials: HasSecrets | Mapping[str, str | Secret]) -> Mapping[str, str | Secret]:
    """The secrets to store, by name."""
    return credentials if isinstance(credentials, Mapping) else credentials.to_secrets()
