"""The client, blocking."""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar, overload

import anyio
import anyio.from_thread
import anyio.to_thread
from anyio.from_thread import BlockingPortal

import blazz.client
import blazz.session
from blazz.campaigns import Audience, CampaignMessage, Priority, UnknownPolicy
from blazz.campaigns.content import Said
from blazz.campaigns.options import Canary, FrequencyCap, Numbers, OptOuts, SendHours, Tier
from blazz.campaigns.spec import DEFAULT_RATE
from blazz.client.auth import HasSecrets
from blazz.client.background import CLOSED_WITHIN
from blazz.conversations.windows import WindowPolicy
from blazz.errors import ConfigurationError, InvalidValue, SessionClosed
from blazz.events.base import Event
from blazz.providers.base import Provider
from blazz.providers.pacing import Pacing
from blazz.security.secret import Secret
from blazz.sync.campaign import Campaign
from blazz.sync.session import Session
from blazz.sync.suppressions import Suppressions
from blazz.webhooks.receiver import Headers, Query, Response

E = TypeVar("E", bound=Event)
E2 = TypeVar("E2", bound=Event)
R = TypeVar("R")
H = TypeVar("H", bound=Callable[..., object])


class Client:
    """`blazz.Client`, blocking; takes the same settings."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  # those of `blazz.Client`
        self._client = blazz.client.Client(**settings)
        self._stack = contextlib.ExitStack()
        self._portal: BlockingPortal | None = None
        self._calls = threading.local()

    def __enter__(self) -> Self:
        """Start the thread of the event loop, and open the client in it."""
        with contextlib.ExitStack() as stack:
            portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
            stack.enter_context(portal.wrap_async_context_manager(self._client))
            self._portal = portal
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close everything and end the thread."""
        self._portal = None
        self._stack.__exit__(kind, error, traceback)

    def close(self) -> None:
        """Close everything and end the thread; a second call does nothing.

        Raises:
            ConfigurationError: A handler of this client calls it: it would wait for itself.
        """
        if getattr(self._calls, "handle", False):
            raise ConfigurationError(CLOSED_WITHIN)
        self.__exit__(None, None, None)

    def open(
        self,
        name: str,
        provider: Provider | None = None,
        *,
        region: str | None = None,
        window: WindowPolicy | str = WindowPolicy.KNOWN,
        stop_words: Iterable[str] = (),
        pacing: Pacing | None = None,
        wait: float = 0.0,
        exclusive: bool = False,
    ) -> Session:
        """See `blazz.Client.open`."""
        opened = self._opened.call(
            functools.partial(
                self._client.open,
                name,
                provider,
                region=region,
                window=window,
                stop_words=stop_words,
                pacing=pacing,
                wait=wait,
                exclusive=exclusive,
            )
        )
        return Session(opened, self._opened)

    def forget(self, name: str, *, wait: float = 0.0) -> None:
        """See `blazz.Client.forget`."""
        self._opened.call(functools.partial(self._client.forget, name, wait=wait))

    def save_credentials(
        self, name: str, credentials: HasSecrets | Mapping[str, str | Secret]
    ) -> None:
        """See `blazz.Client.save_credentials`."""
        self._opened.call(self._client.save_credentials, name, credentials)

    def renew_credentials(
        self, name: str, credentials: HasSecrets | Mapping[str, str | Secret]
    ) -> None:
        """See `blazz.Client.renew_credentials`."""
        self._opened.call(self._client.renew_credentials, name, credentials)

    def credentials(self, name: str) -> Mapping[str, Secret]:
        """See `blazz.Client.credentials`."""
        return self._opened.call(self._client.credentials, name)

    @property
    def sessions(self) -> Mapping[str, Session]:
        """See `blazz.Client.sessions`."""
        portal = self._opened
        return {name: Session(each, portal) for name, each in self._client.sessions.items()}

    def handle_webhook(self, method: str, query: Query, headers: Headers, body: bytes) -> Response:
        """Answer one webhook request, in any web framework; see `blazz.Client.webhooks`."""
        return self._opened.call(self._client.webhooks.handle, method, query, headers, body)

    @overload
    def on(
        self,
        *,
        where: Callable[[Event], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[[Session, Event], R]], Callable[[Session, Event], R]]: ...
    @overload
    def on(
        self,
        kind: type[E],
        /,
        *,
        where: Callable[[E], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[[Session, E], R]], Callable[[Session, E], R]]: ...
    @overload
    def on(
        self,
        kind: type[E],
        second: type[E2],
        /,
        *,
        where: Callable[[E | E2], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[[Session, E | E2], R]], Callable[[Session, E | E2], R]]: ...
    @overload
    def on(
        self,
        *kinds: type[Event],
        where: Callable[[Event], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[H], H]: ...
    def on(
        self,
        *kinds: type[Event],
        where: Callable[[Any], bool] | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[H], H]:
        """See `blazz.Client.on`; the function is a plain one and runs in a thread."""
        listen = self._client.on(*kinds, where=where, session=session, name=name)

        def register(function: H) -> H:
            _check_plain(function)

            @functools.wraps(function)
            async def handler(found: blazz.session.Session, event: Event) -> None:
                ours = Session(found, self._opened)
                # The dispatcher counts those at work. A limit of threads would count those, too,
                # that wait for a person, and let them hold up everybody else.
                limiter = anyio.CapacityLimiter(1)
                await anyio.to_thread.run_sync(self._handle, function, ours, event, limiter=limiter)

            listen(handler)
            return function

        return register

    def campaign(
        self,
        id: str,  # noqa: A002  # the word that callers expect
        *,
        session: Session | Sequence[Session] | None = None,
        message: Said | None = None,
        audience: Audience | None = None,
        rate: float | None = DEFAULT_RATE,
        priority: Priority = Priority.CAMPAIGN,
        start_at: datetime | None = None,
        end_at: datetime | None = None,
        hours: SendHours | None = None,
        canary: Canary | None = None,
        cap: FrequencyCap | None = None,
        tier: Tier | None = None,
        numbers: Numbers | None = None,
        opt_outs: OptOuts | str = OptOuts.SESSION,
        unknown: UnknownPolicy | str = UnknownPolicy.HOLD,
        settle_after: float = 86_400.0,
        send_timeout: float = 30.0,
        takeover: float | None = None,
    ) -> Campaign:
        """See `blazz.Client.campaign`."""
        made = self._opened.call(
            functools.partial(
                self._client.campaign,
                id,
                session=_asynchronous(session),
                message=message,
                audience=audience,
                rate=rate,
                priority=priority,
                start_at=start_at,
                end_at=end_at,
                hours=hours,
                canary=canary,
                cap=cap,
                tier=tier,
                numbers=numbers,
                opt_outs=opt_outs,
                unknown=unknown,
                settle_after=settle_after,
                send_timeout=send_timeout,
                takeover=takeover,
            )
        )
        return Campaign(made, self._opened)

    def campaigns(self) -> list[Campaign]:
        """See `blazz.Client.campaigns`."""
        portal = self._opened
        return [Campaign(made, portal) for made in portal.call(self._client.campaigns)]

    def campaign_messages(self, tokens: Collection[str]) -> Mapping[str, CampaignMessage]:
        """See `blazz.Client.campaign_messages`."""
        return self._opened.call(self._client.campaign_messages, tokens)

    @property
    def suppressions(self) -> Suppressions:
        """See `blazz.Client.suppressions`."""
        return Suppressions(self._client.suppressions, self._opened)

    def _handle(self, function: Callable[..., object], session: Session, event: Event) -> None:
        """Call a handler in its thread."""
        self._calls.handle = True
        try:
            function(session, event)
        finally:
            self._calls.handle = False

    @property
    def _opened(self) -> BlockingPortal:
        if self._portal is None:
            raise SessionClosed("the client is not open; use `with Client() as client:`")
        return self._portal


def _check_plain(function: object) -> None:
    if inspect.iscoroutinefunction(function):
        raise InvalidValue("handler", "a plain function: nothing awaits it here", function)


def _asynchronous(
    session: Session | Sequence[Session] | None,
) -> blazz.session.Session | list[blazz.session.Session] | None:
    if session is None:
        return None
    if isinstance(session, Session):
        return session.asynchronous
    return [each.asynchronous for each in session]
