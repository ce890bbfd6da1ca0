"""Handles what the inbox keeps: in order per conversation, again after failures, until done."""

from __future__ import annotations

import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final

import anyio
from anyio.abc import TaskStatus

from blazz.errors import InvalidValue
from blazz.events.base import Event
from blazz.webhooks.backoff import Backoff
from blazz.webhooks.bell import Bell, Bells
from blazz.webhooks.calling import Caller
from blazz.webhooks.crew import Crew
from blazz.webhooks.delivery import Deliveries, Delivery
from blazz.webhooks.handlers import Filter, Handler, HandlerCall, Handlers, Sink, SinkCall
from blazz.webhooks.inbox.base import Inbox, Item, Retention
from blazz.webhooks.observations import BacklogMeasured, Observer, UpdatesForgotten, ignore
from blazz.webhooks.routes import Routes
from blazz.webhooks.splitter import Splitter
from blazz.webhooks.work import Work

_PRUNE_SECONDS: Final = 3600.0
_LOOKS: Final = 16
"""What is kept is looked at whenever another such part of what may be kept has come."""
_MEASURE_SECONDS: Final = 15.0
_REST_SECONDS: Final = 1.0
_GIVE_BACK_SECONDS: Final = 10.0

_log = logging.getLogger(__name__)


class Dispatcher:
    """Calls sinks and handlers for every update of the sessions of this process.

    An update is done when all sinks and handlers that want it have succeeded. One that fails is
    tried again after a pause, without those that have succeeded; the later updates of its
    conversation wait for it, all others go on. After the last attempt it is dead: kept, shown by
    `blazz inbox`, and out of the way.

    Args:
        inbox: Where updates are kept.
        routes: The sessions of this process, shared with the receiver.
        concurrency: The most handlers that run at the same time.
        timeout: Seconds after which a handler or sink is cancelled and counts as failed.
        backoff: How often and when an update is tried again.
        lease: Seconds after which another process takes over what this one has taken, if it dies.
            It is renewed as long as the event loop runs.
        poll: Seconds between looks for what other processes received.
        retention: How long and how many handled and kept updates are remembered; pruned once an
            hour.
        observe: Called with what happens, for metrics.
        logged: Called with the sessions of which the log has got more: wakes those who read it in
            this process.

    Attributes:
        deliveries: Finds the updates of rows in their bodies.
        handlers: What is called.
        settled: Rung whenever updates have been done, failed or given back.
        splitter: Splits what has arrived.
    """

    def __init__(
        self,
        inbox: Inbox,
        routes: Routes,
        *,
        concurrency: int = 64,
        timeout: float | None = 60.0,
        backoff: Backoff | None = None,
        lease: float = 60.0,
        poll: float = 0.25,
        retention: Retention | None = None,
        observe: Observer = ignore,
        logged: Callable[[Collection[str]], object] = lambda _sessions: None,
    ) -> None:
        limits = {"concurrency": concurrency, "timeout": timeout, "lease": lease, "poll": poll}
        for name, value in limits.items():
            if value is not None and value <= 0:
                raise InvalidValue(name, "above 0", value)
        self.deliveries = Deliveries(inbox, routes)
        self.handlers = Handlers()
        self._inbox = inbox
        self._routes = routes
        self._concurrency = concurrency
        self._most_taken = max(concurrency * 8, 256)
        self._lease = lease
        self._poll = poll
        self._retention = retention or Retention()
        self._logged = logged
        self.splitter = Splitter(
            inbox, routes, self.deliveries, observe=observe, kept=self._has_kept
        )
        self._caller = Caller(self.handlers, timeout=timeout, observe=observe)
        self._backoff = backoff or Backoff()
        self._observe = observe
        self._arrived = Bell()
        self._ready = Bell()
        self._much_kept = Bell()
        self._kept_bytes = 0
        self.settled = Bells()

    # What to call

    def on(
        self,
        *kinds: type[Event],
        where: Filter | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[[Any], Awaitable[object]]], Callable[[Any], Awaitable[object]]]:
        """Register a coroutine function for events of some kinds.

        Args:
            kinds: The events wanted, with their subclasses; none means all.
            where: A filter: which of them.
            session: Only events of this session.
            name: Under this name its success is remembered; its own name by default.

        Example:
            ::

                @dispatcher.on(MessageReceived)
                async def greet(event: MessageReceived) -> None: ...
        """

        def register(
            function: Callable[[Any], Awaitable[object]],
        ) -> Callable[[Any], Awaitable[object]]:
            async def call(delivery: Delivery) -> None:
                await function(delivery.event)

            chosen = name or self.handlers.free_name(function)
            self.add_handler(call, *kinds, where=where, session=session, name=chosen)
            return function

        return register

    def add_handler(
        self,
        call: HandlerCall,
        *kinds: type[Event],
        where: Filter | None = None,
        session: str | None = None,
        name: str | None = None,
    ) -> Handler:
        """Register a coroutine function that gets the `Delivery`, not only its event."""
        handler = Handler(
            name=name or self.handlers.free_name(call),
            call=call,
            kinds=kinds or (Event,),
            where=where,
            session=session,
        )
        self.handlers.add(handler)
        return handler

    def add_sink(self, call: SinkCall, *kinds: type[Event], name: str | None = None) -> Sink:
        """Register a coroutine function that gets all wanted deliveries of a batch at once.

        Sinks run before handlers, in the order of their registration, and may see a delivery again
        after a crash.
        """
        sink = Sink(name=name or self.handlers.free_name(call), call=call, kinds=kinds or (Event,))
        self.handlers.add_sink(sink)
        return sink

    def wake(self) -> None:
        """Tell that a body has arrived in this process."""
        self._arrived.ring()

    # Running

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Handle updates until cancelled; what is not finished then is given back.

        Register handlers before: an update that nobody wants is done at once.
        """
        owner = f"{socket.gethostname()}-{secrets.token_hex(8)}"
        # Of this loop: it may run again in another.
        self._arrived, self._ready, self._much_kept = Bell(), Bell(), Bell()
        work = Work(
            self._inbox,
            owner,
            backoff=self._backoff,
            freed=self._freed,
            observe=self._observe,
        )
        crew = Crew(
            work,
            self._caller,
            self.handlers,
            size=self._concurrency,
            may_handle=self._routes.handles,
        )
        try:
            async with anyio.create_task_group() as tasks:
                await tasks.start(crew.run)
                for step in (
                    self._split,
                    lambda: self._take(owner, work, crew),
                    work.settle,
                    lambda: self._renew(owner, work),
                    self._measure,
                    self._prune,
                    self._forget_excess,
                ):
                    tasks.start_soon(_again, step)
                task_status.started()
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(_GIVE_BACK_SECONDS):
                await _give_back(work)

    async def drained(self) -> None:
        """Wait until nothing is left to handle for the sessions of this process.

        Dead and kept updates are left.

        Raises:
            InboxUnavailable: The inbox cannot be read.
        """
        with self.settled.listening() as bell:
            while await self._inbox.backlog(self._routes.sessions):
                await bell.wait(self._poll)

    def _freed(self) -> None:
        self._ready.ring()
        self.settled.ring()

    async def _split(self) -> None:
        """Split what has arrived, and look for what arrived elsewhere."""
        sessions = await self.splitter.split()
        if sessions is None:
            await self._arrived.wait(self._poll)
        else:
            self._ready.ring()
            self._logged(sessions)

    async def _take(self, owner: str, work: Work, crew: Crew) -> None:
        """Take what is ready, as long as there is room for it."""
        sessions = self._routes.sessions
        room = self._most_taken - len(work) + crew.resting
        items: Sequence[Item] = ()
        if room > 0 and sessions:
            items = await self._inbox.take(owner, sessions=sessions, limit=room, lease=self._lease)
        if not items:
            await self._ready.wait(self._poll)
            return
        items = work.take(items)
        try:
            deliveries = await self.deliveries.find(items)
        except BaseException:
            work.give_up(items)
            raise
        found = list(zip(items, deliveries, strict=True))
        # A session may have been removed just now: its updates are not ours to judge any more.
        sessions = self._routes.sessions
        work.give_up([item for item, _ in found if item.session not in sessions])
        crew.start(work.begin([pair for pair in found if pair[0].session in sessions]))

    async def _renew(self, owner: str, work: Work) -> None:
        await anyio.sleep(self._lease / 3)
        if len(work):
            await self._inbox.renew(owner, lease=self._lease)

    async def _measure(self) -> None:
        """Tell how much waits, also while nothing comes and nobody counts."""
        if self._observe is not ignore:
            backlog = await self._inbox.backlog(self._routes.sessions)
            self._observe(BacklogMeasured(backlog))
        await anyio.sleep(_MEASURE_SECONDS)

    async def _prune(self) -> None:
        await self._inbox.prune(self._retention)
        await anyio.sleep(_PRUNE_SECONDS)

    def _has_kept(self, size: int) -> None:
        self._kept_bytes += size
        if self._kept_bytes > self._retention.kept_bytes // _LOOKS:
            self._kept_bytes = 0
            self._much_kept.ring()

    async def _forget_excess(self) -> None:
        """Look for what is too much of one secret: when much has come, and once an hour."""
        forgotten = await self._inbox.forget_excess(self._retention.kept_bytes)
        for signer, count in forgotten.items():
            _log.warning(
                "%d updates that no session may have were forgotten: the secret %s signed more than"
                " %d bytes of them",
                count,
                signer or "(none: unsigned)",
                self._retention.kept_bytes,
            )
            self._observe(UpdatesForgotten(signer, count))
        await self._much_kept.wait(_PRUNE_SECONDS)


async def _give_back(work: Work) -> None:
    try:
        await work.give_back()
    except Exception:  # noqa: BLE001  # the lease lapses by itself
        _log.exception("updates could not be given back; they are ready when the lease ends")


async def _again(step: Callable[[], Awaitable[object]]) -> None:
    """Do a step again and again; whatever fails, it rests and goes on: handling must not end."""
    while True:
        try:
            await step()
        except Exception:  # noqa: BLE001
            _log.exception("handling webhooks is disturbed; trying again in %g s", _REST_SECONDS)
            await anyio.sleep(_REST_SECONDS)
