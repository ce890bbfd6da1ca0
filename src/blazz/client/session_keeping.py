"""What a client stores of sessions that need not be open, and how it forgets them."""

from __future__ import annotations

from collections.abc import Mapping

from blazz.client.auth import ClientAuth, HasSecrets, secrets_of
from blazz.client.ids import check_id
from blazz.client.inbox import ClientInbox
from blazz.client.sessions import ClientSessions
from blazz.errors import ConfigurationError
from blazz.providers.base import RenewsCredentials
from blazz.security.secret import Secret


class KeepsSessions:
    """The part of a `Client` that deals with what is stored of sessions."""

    workspace: str
    _auth: ClientAuth
    _inbox: ClientInbox
    _sessions: ClientSessions

    async def save_credentials(
        self, name: str, credentials: HasSecrets | Mapping[str, str | Secret]
    ) -> None:
        """Store what opens a session, sealed, so that `open` needs no more than its name.

        What was stored before stays in the session's history until it is retired.

        Args:
            name: The session.
            credentials: `CloudCredentials`, or secrets by name.

        Raises:
            ConfigurationError: The client has no auth store.
            LeaseTaken: Another process owns the session.

        Example:
            ::

                number = CloudCredentials(phone_number_id="1555…", token="EAAG…", pin="123456")
                await client.save_credentials("sales", number)
                session = await client.open("sales")
        """
        await self._auth.save_credentials(check_id("session", name), secrets_of(credentials))

    async def renew_credentials(
        self, name: str, credentials: HasSecrets | Mapping[str, str | Secret]
    ) -> None:
        """Store other credentials of a session, and use them at once if it is open here.

        Nothing is closed: what is being sent is sent, and what comes in meanwhile is kept. Webhooks
        signed with a secret that is no longer among `app_secrets` are refused from then on, so keep
        the former one there until Meta signs with the new one. If the store does not take them, an
        open session uses them all the same: call again.

        Args:
            name: The session.
            credentials: As for `save_credentials`, and of the same number.

        Raises:
            ConfigurationError: The client has no auth store, or the session's provider has no
                secrets that could be replaced.
            InvalidValue: They are malformed, or of another number; nothing was stored.
            LeaseTaken: Another process owns the session.

        Example:
            ::

                stored = CloudCredentials.from_secrets(await client.credentials("sales"))
                await client.renew_credentials("sales", replace(stored, token="EAAG…"))
        """
        secrets = {name: Secret(it) for name, it in secrets_of(credentials).items()}
        session = self._sessions.open_ones.get(check_id("session", name))
        if session is None:
            await self._auth.save_credentials(name, secrets)
            return
        if not isinstance(session.provider, RenewsCredentials):
            raise ConfigurationError(
                f"session {name!r} is of {session.provider.name}, which has no credentials to renew"
            )
        session.provider.renew(secrets)
        try:
            await self._auth.save_credentials(name, secrets)
        finally:
            # Stored or not: the provider uses them, so its webhooks are read with them.
            await self._inbox.renew(session)

    async def credentials(self, name: str) -> Mapping[str, Secret]:
        """Read what `save_credentials` stored; nothing of it prints itself.

        Raises:
            ConfigurationError: The client has no auth store.
            SnapshotNotFound: Nothing is stored.
        """
        return await self._auth.credentials(check_id("session", name))

    async def forget(self, name: str, *, wait: float = 0.0) -> None:
        """Delete what is stored of a session: its state, its secrets, where its webhooks go.

        Its conversations and campaigns are kept, and an account that is linked stays linked.

        Args:
            name: The session.
            wait: Seconds to wait for another process that owns it.

        Raises:
            ConfigurationError: It is open.
            LeaseTaken: Another process owns it.
        """
        if check_id("session", name) in self._sessions.open_ones:
            raise ConfigurationError(f"session {name!r} is open; close it first")
        await self._auth.forget(name, wait=wait)
        await self._inbox.forget(f"{self.workspace}/{name}")
