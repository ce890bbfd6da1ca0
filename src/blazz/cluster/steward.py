"""Runs the sessions that this instance is to run: takes over, hands over, moves."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Protocol

import anyio

from blazz.cluster.placement import Cause, Instance, Move, plan, stagger
from blazz.cluster.registry.base import DEFAULT_TTL, Assignment, Change, Registry
from blazz.errors import BlazzError, LeaseTaken, RegistryUnavailable

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
        wanted: Tells the keys of all sessions that are to run, on whichever instance.
        every: Seconds between two looks; several of them within the registry's `ttl`.
        balance: How many sessions may move for balance at each look.
        starts_per_second: How quickly sessions are started after an outage.
        at_once: How many sessions start at the same time.
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
    ) -> None:
        self._registry = registry
        self._me = me
        self._runner = runner
        self._wanted = wanted
        self._every = every
        self._balance = balance
        self._starts_per_second = starts_per_second
        self._starting: set[str] = set()
        self._room = anyio.Semaphore(at_once)
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
                    await anyio.sleep(self._every)
        finally:
            with anyio.CancelScope(shield=True):
                await self._hand_everything_over()

    async def drain(self) -> None:
        """Get nothing new from now on, and let what runs here move to others."""
        self._draining = True
        await self._announce()

    async def look(self) -> list[Move]:
        """Look at the cluster once: let go of what is to go, and tell what is to come.

        Raises:
            RegistryUnavailable: The registry does not answer.
        """
        await self._announce()
        wanted, owners = set(await self._wanted()), await self._registry.assignments()
        await self._repair(owners)
        for session in [it for it in self._running if it not in wanted]:
            await self._let_go(session, "not_wanted")
        places = {key: owners[key].instance if key in owners else None for key in wanted}
        instances = await self._registry.instances()
        moves = plan(places, instances, balance=self._balance)
        for move in moves:
            if move.session in self._running and move.target != self._me.name:
                await self._let_go(move.session, move.cause)
        ours = [it for it in moves if it.target == self._me.name and it.source != self._me.name]
        # What still runs elsewhere is let go there first, and is free at a later look.
        alive = {instance.name for instance in instances}
        return [it for it in ours if it.source not in alive and it.session not in self._starting]

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
        except BlazzError as error:
            _log.warning("%s could not be started: %s", session, error)
            return
        self._running[session] = epoch
        name = self._me.name
        if not await self._registry.assign(session, name, epoch=epoch, cause=move.cause):
            await self._let_go(session, "taken_over")

    async def _let_go(self, session: str, reason: str) -> None:
        epoch = self._running.pop(session, None)
        await self._runner.stop(session)
        if epoch is not None:
            await self._registry.release(session, epoch=epoch, reason=reason)

    async def _hand_everything_over(self) -> None:
        """Stop in good order; what the registry is not told it finds out by itself."""
        for session in list(self._running):
            try:
                await self._let_go(session, "stopped")
            except BlazzError as error:
                _log.warning("%s was not handed over: %s", session, error)
        try:
            await self._registry.withdraw(self._me.name)
        except RegistryUnavailable as error:
            _log.warning("the registry was not told of the stop: %s", error)
