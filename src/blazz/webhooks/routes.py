"""Whose webhooks a process accepts: the secrets and parsers of its sessions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from blazz.errors import ConfigurationError, SignatureMismatch
from blazz.providers.base import WebhookParser, WebhookProfile
from blazz.security.secret import Secret
from blazz.webhooks.inbox.base import Intake
from blazz.webhooks.internal import ReadsSessionEvents, internal_signer
from blazz.webhooks.signature import SigningSecret, signer_of

UNSIGNED = ""
"""The signer of a body whose signature was not checked."""


@dataclass(frozen=True, slots=True)
class _Route:
    secrets: tuple[SigningSecret, ...]
    parse: WebhookParser
    verify_token: Secret | None
    owned: Callable[[], bool]


def _always() -> bool:
    return True


class Routes:
    """The sessions whose webhooks come in through one URL.

    A body is accepted when a secret of any session signed it; each of its updates then goes to the
    sessions that have registered its account *with that secret*. So the app secret of one tenant
    can never bring in updates of another's.

    Args:
        insecure: Accept bodies without a valid signature. Anyone who can reach the URL can then
            make up updates: for local use only.
    """

    def __init__(self, *, insecure: bool = False) -> None:
        self.insecure = insecure
        self._by_session: dict[str, _Route] = {}
        self._secrets: tuple[SigningSecret, ...] = ()

    @property
    def sessions(self) -> frozenset[str]:
        """The sessions whose updates this process can read, and may handle."""
        return frozenset(key for key, route in self._by_session.items() if route.owned())

    def handles(self, session: str) -> bool:
        """Whether this process may handle updates of a session right now."""
        route = self._by_session.get(session)
        return route is not None and route.owned()

    @property
    def verify_tokens(self) -> frozenset[Secret]:
        """What the sessions accept in the webhook handshake."""
        routes = self._by_session.values()
        return frozenset(route.verify_token for route in routes if route.verify_token)

    async def add(
        self,
        inbox: Intake,
        session: str,
        profile: WebhookProfile,
        *,
        owned: Callable[[], bool] = _always,
    ) -> int:
        """Accept a session's webhooks, and route its accounts to it in the inbox.

        Adding a session again replaces what was added before. Returns how many updates had been
        kept for want of this route; they will be handled now.

        Args:
            inbox: Keeps the routes.
            session: The session's key.
            profile: How its webhooks are recognised and read.
            owned: Whether this process still owns the session: where only one may, its updates are
                not handled here any more once this is false.

        Raises:
            ConfigurationError: The profile has no secret, and `insecure` is off.
            InboxUnavailable: The inbox cannot be written.
        """
        secrets = tuple(SigningSecret(secret) for secret in profile.secrets)
        if profile.internal:
            signers, parse = [internal_signer(session)], ReadsSessionEvents(profile.parse)
            # One that is not linked yet has no account; its own events need a route all the same.
            accounts = list(profile.accounts) or [session]
            kept = await inbox.register(session, accounts=accounts, signers=signers)
            self._by_session[session] = _Route((), parse, None, owned)
            return kept
        if not secrets and not self.insecure:
            raise ConfigurationError(
                f"session {session!r} has no app secret, so nobody could tell Meta's webhooks from"
                " forged ones; give app_secret=, or insecure=True for local use"
            )
        signers = [secret.fingerprint for secret in secrets]
        if self.insecure:
            signers.append(UNSIGNED)
        # The inbox first: bodies must not be accepted before their updates have a route.
        kept = await inbox.register(session, accounts=list(profile.accounts), signers=signers)
        self._by_session[session] = _Route(secrets, profile.parse, profile.verify_token, owned)
        self._index()
        return kept

    def remove(self, session: str) -> None:
        """Stop reading a session's webhooks in this process.

        Its routes stay in the inbox, so that updates which come meanwhile wait for it.
        """
        self._by_session.pop(session, None)
        self._index()

    def signer(self, body: bytes, signature: str | None) -> str:
        """Tell which secret signed a body, by its fingerprint.

        Raises:
            SignatureMismatch: None of the secrets did.
        """
        try:
            return signer_of(body, signature, self._secrets).fingerprint
        except SignatureMismatch:
            if self.insecure:
                return UNSIGNED
            if not self._secrets:
                raise SignatureMismatch("no open session has an app secret") from None
            raise

    def parser(self, session: str) -> WebhookParser | None:
        """The parser of a session; None if this process does not have the session."""
        route = self._by_session.get(session)
        return route.parse if route else None

    def reader(self, sessions: Collection[str]) -> WebhookParser | None:
        """A parser for bodies of some sessions; of any session if they are of none.

        None if this process has no session at all.
        """
        for session, route in self._by_session.items():
            if session in sessions or not sessions:
                return route.parse
        return None

    def _index(self) -> None:
        """Find each secret once: most sessions share the secret of one app."""
        routes = self._by_session.values()
        secrets = {secret.fingerprint: secret for route in routes for secret in route.secrets}
        self._secrets = tuple(secrets.values())
