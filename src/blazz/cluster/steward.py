"""Runs the sessions that this instance is to run: takes over, hands over, moves."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Protocol

import anyio

from blazz.cluster.placement import Cause, Instance, Move, plan, rank, stagger
from blazz.cluster.registry.base import DEFAULT_TTL, Assignment, Change, Registry
from blazz.errors import BlazzError, LeaseTaken, RegistryUnavailable

_STOPPED: Final = "stopped"
_RESTART: Final = "restart"
_NOT_WANTED: Final = "not_wanted"
_COMES_AFTER: Final[Mapping[str, Cause]] = {
    **{str(cause): cause for cause in Cause},
    _STOPPED: Cause.DRAIN,
    _RESTART: Cause.REQUEST,
    _NOT_WANTED: Cause.REQUEST,
}
"""Why a session is started that was let go for some reason."""
_log: Final = logging.getLogger("blazz.cluster")


class Runner(Protocol):
    """Runs sessions on this instance; mostly a `Client` for each workspace."""

    async def start(self, session: str) -> int:
        """Take the session's lease, restore it and open it; gives the epoch of the lease.

        Raises:
            LeaseTaken: Another instance holds it.
        """
        ...

    async def stop(self, session: str) -> None:
        """Close it in good order: back it up, and release its lease. May be repeated."""
        ...


class Steward:
    """Keeps one instance in its place in the cluster.

    All stewards see the same registry and make the same plan; each carries out its own part. When
    two disagree for a moment, the lease of the session decides.

    Args:
        registry: Knows instances and assignments.
        me: This instance, as the others are to see it.
        runner: Runs sessions here.
        wanted: Tells the keys of all sessions that are to run, on whichever instance; a mapping
            also tells on which one each is wished, or None.
        every: Seconds between two looks; several of them within the registry's `ttl`.
        balance: How many sessions may move for balance at each look.
        starts_per_second: How quickly sessions are started after an outage.
        at_once: How many sessions start, or stop, at the same time.
        most_pause: The most seconds until a session that cannot be started is tried again.
        clock: Measures such pauses; only tests give another one.
    """

    def __init__(
        self,
        registry: Registry,
        me: Instance,
        runner: Runner,
        wanted: Callable[[], Awaitable[Collection[str]]],
        *,
        every: float = DEFAULT_TTL / 5,
        balance: int = 1,
        starts_per_second: float = 5.0,
        at_once: int = 4,
        most_pause: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._me = me
        self._runner = runner
        self._wanted = wanted
        self._every = every
        self._balance = balance
        self._starts_per_second = starts_per_second
        self._starting: set[str] = set()
        self._at_once = at_once
        self._room = anyio.Semaphore(at_once)
        self._most_pause = most_pause
        self._clock = clock
        self._failures: dict[str, tuple[int, float]] = {}
        self.standby: Collection[str] = ()
        """The sessions that this instance is to take over if their owner dies."""
        self._hurry = anyio.Event()
        self._running: dict[str, int] = {}
        self._draining = False

    @property
    def running(self) -> Collection[str]:
        """The sessions that run here."""
        return self._running.keys()

    async def run(self) -> None:
        """Do it until cancelled; then hand over what runs here."""
        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    try:
                        for move, delay in self._spread(await self.look()):
                            tasks.start_soon(self._take, move, delay)
                    except RegistryUnavailable as error:
                        _log.warning("the registry is away: %s", error)
                    with anyio.move_on_after(self._every):
                        await self._hurry.wait()
                    self._hurry = anyio.Event()
        finally:
            with anyio.CancelScope(shield=True):
                await self._hand_everything_over()

    async def drain(self) -> None:
        """Get nothing new from now on, and let what runs here move to others."""
        self._draining = True
        await self._announce()

    def hurry(self) -> None:
        """Look at once: what is wanted has changed."""
        self._hurry.set()

    async def look(self) -> list[Move]:
        """Look at the cluster once: let go of what is to go, and tell what is to come.

        Raises:
            RegistryUnavailable: The registry does not answer.
        """
        await self._announce()
        wanted, owners = await self._wanted(), await self._registry.assignments()
        await self._repair(owners)
        going = [(it, _NOT_WANTED) for it in self._running if it not in wanted]
        places = {key: owners[key].instance if key in owners else None for key in wanted}
        instances = await self._registry.instances()
        wishes = wanted if isinstance(wanted, Mapping) else None
        moves = plan(places, instances, balance=self._balance, wishes=wishes)
        going += [
            (it.session, str(it.cause))
            for it in moves
            if it.session in self._running and it.target != self._me.name
        ]
        # Who is about to run a session takes its lease before the registry is told: a lease that
        # is seen for the first time when its owner is dead already has to be waited for in full.
        heading = {move.session: move.target for move in moves}
        owned = {session: owner or heading.get(session) for session, owner in places.items()}
        self.standby = [
            session
            for session, owner in owned.items()
            if owner not in {None, self._me.name} and self._comes_after(owner, session, instances)
        ]
        await self._let_all_go(going)
        ours = [it for it in moves if it.target == self._me.name and it.source != self._me.name]
        # What still runs elsewhere is let go there first, and is free at a later look.
        alive = {instance.name for instance in instances}
        return [it for it in ours if it.source not in alive and self._may_start(it)]

    def _comes_after(
        self, owner: str | None, session: str, instances: Collection[Instance]
    ) -> bool:
        others = [it for it in instances if it.name != owner and not it.draining]
        workspace = session.partition("/")[0]
        return bool(others) and rank(workspace, others)[0].name == self._me.name

    def _may_start(self, move: Move) -> bool:
        _, not_before = self._failures.get(move.session, (0, 0.0))
        return move.session not in self._starting and self._clock() >= not_before

    async def _why(self, move: Move) -> Cause:
        """Say of a session that was let go somewhere why that was, not that it is new."""
        if move.cause is Cause.NEW:
            for record in (await self._registry.history(move.session))[:1]:
                return _COMES_AFTER.get(record.reason, Cause.OWNER_GONE)
        return move.cause

    async def restart(self, session: str) -> None:
        """Let go of a session that runs here, and have the cluster start it again at once."""
        await self._let_go(session, _RESTART)
        self.hurry()

    async def lost(self, session: str, reason: str) -> None:
        """Note that a session ended here by itself: its lease was lost, or it was logged out."""
        epoch = self._running.pop(session, None)
        if epoch is not None:
            await self._registry.release(
                session, epoch=epoch, change=Change.DISCONNECTED, reason=reason
            )

    async def _announce(self) -> None:
        me = self._me
        if self._draining:
            me = Instance(
                name=me.name, address=me.address, version=me.version, capacity=me.capacity,
                weight=me.weight, labels=me.labels, draining=True,
            )  # fmt: skip
        await self._registry.announce(me)

    async def _repair(self, owners: Mapping[str, Assignment]) -> None:
        """Tell a registry that lost its data again what runs here."""
        for session, epoch in list(self._running.items()):
            known = owners.get(session)
            if known is not None and known.epoch > epoch:
                await self._let_go(session, "taken_over")
            elif known is None or known.epoch < epoch:
                name = self._me.name
                await self._registry.assign(session, name, epoch=epoch, cause=Cause.REQUEST)

    def _spread(self, moves: Collection[Move]) -> list[tuple[Move, float]]:
        self._starting.update(move.session for move in moves)
        jitter = [random.random() for _ in moves]  # noqa: S311  # spreads load, guards nothing
        delays = stagger(len(moves), per_second=self._starts_per_second, jitter=jitter)
        return list(zip(moves, delays, strict=True))

    async def _take(self, move: Move, delay: float) -> None:
        try:
            await anyio.sleep(delay)
            async with self._room:
                await self._start(move)
        except RegistryUnavailable as error:
            _log.warning("%s: the registry is away: %s", move.session, error)  # and is told later
        finally:
            self._starting.discard(move.session)

    async def _start(self, move: Move) -> None:
        session = move.session
        found = await self._registry.find(session)
        if self._draining or (found is not None and found.instance != move.source):
            return  # somebody was quicker
        try:
            epoch = await self._runner.start(session)
        except LeaseTaken as error:
            _log.info("%s is not free yet: %s", session, error)
            return
        except Exception as error:  # noqa: BLE001  # whatever it is, the others go on
            unforeseen = not isinstance(error, BlazzError)
            _log.warning("%s could not be started: %s", session, error, exc_info=unforeseen)
            self._failed(session)
            return
        self._failures.pop(session, None)
        self._running[session] = epoch
        name = self._me.name
        cause = await self._why(move)
        if not await self._registry.assign(session, name, epoch=epoch, cause=cause):
            await self._let_go(session, "taken_over")

    def _failed(self, session: str) -> None:
        """Try it again later and later: a session that cannot start must not keep us busy."""
        times = self._failures.get(session, (0, 0.0))[0] + 1
        pause = min(self._most_pause, self._every * 2 ** min(times, 16))
        self._failures[session] = (times, self._clock() + pause)

    async def _let_all_go(self, going: Collection[tuple[str, str]]) -> None:
        room = anyio.Semaphore(self._at_once)

        async def let_go(session: str, reason: str) -> None:
            async with room:
                try:
                    await self._let_go(session, reason)
                except Exception as error:  # noqa: BLE001  # whatever it is, the others go on
                    unforeseen = not isinstance(error, BlazzError)
                    _log.warning("%s was not let go: %s", session, error, exc_info=unforeseen)

        async with anyio.create_task_group() as tasks:
            for session, reason in going:
                tasks.start_soon(let_go, session, reason)

    async def _let_go(self, session: str, reason: str) -> None:
        epoch = self._running.pop(session, None)
        await self._runner.stop(session)
        if epoch is not None:
            await self._registry.release(session, epoch=epoch, reason=reason)

    async def _hand_everything_over(self) -> None:
        """Stop in good order; what the registry is not told it finds out by itself."""
        try:
            await self.drain()
        except RegistryUnavailable as error:
            _log.warning("the registry was not told to give us nothing more: %s", error)
        await self._let_all_go([(session, _STOPPED) for session in self._running])
        try:
            await self._registry.withdraw(self._me.name)
        except RegistryUnavailable as error:
            _log.warning("the registry was not told of the stop: %s", error)
