"""Tells a bus what happens in a client's workspace."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

from blazz.campaigns.progress import Progress
from blazz.errors import BusUnavailable, ConfigurationError
from blazz.events.base import Event
from blazz.realtime.broadcasts import Broadcast, of_campaign, of_event
from blazz.realtime.bus.base import Bus
from blazz.webhooks.delivery import Delivery

_WAITING: Final = 10_000
_CAMPAIGNS: Final = 1_000
_BETWEEN: Final = 1.0
_RETRY_AFTER: Final = 1.0
_log: Final = logging.getLogger("blazz.client")


class ClientBroadcasts:
    """Publishes events and the progress of campaigns, without holding anything up.

    Live events are for eyes: while the bus is away they wait, at most 10,000 of them, and then the
    oldest are dropped. Whatever must not be lost is in the inbox.

    Args:
        bus: Carries them.
        workspace: The workspace.
        keep_open: Whether the bus stays open when this is closed: others use it, too.
        unpublished: Kinds of events that are not told.
        lost: Is told of each event that was dropped.
        clock: Measures pauses; only tests give another one.
    """

    def __init__(
        self,
        bus: Bus,
        workspace: str,
        *,
        keep_open: bool = False,
        unpublished: Collection[type[Event]] = (),
        lost: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bus = bus
        self._keep_open = keep_open
        self._unpublished = tuple(unpublished)
        self._lost = lost
        self.dropped = 0
        """How many were dropped because too many waited."""
        self._workspace = workspace
        self._clock = clock
        self._waiting: asyncio.Queue[Broadcast] = asyncio.Queue(_WAITING)
        self._told: dict[str, tuple[float, Progress]] = {}

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """Tell of events."""
        for delivery in deliveries:
            if isinstance(delivery.event, self._unpublished):
                continue
            _, _, session = delivery.session.partition("/")
            for broadcast in of_event(self._workspace, session, delivery.event):
                self._put(broadcast)

    def take_progress(self, progress: Progress) -> None:
        """Tell of a campaign's progress, if it has changed: once a second, and at its end."""
        now = self._clock()
        at, before = self._told.get(progress.campaign, (0.0, None))
        if before is not None and (before.counts, before.phase) == (
            progress.counts,
            progress.phase,
        ):
            return
        if before is not None and now - at < _BETWEEN and before.phase is progress.phase:
            return
        self._told.pop(progress.campaign, None)
        self._told[progress.campaign] = (now, progress)
        if len(self._told) > _CAMPAIGNS:
            del self._told[next(iter(self._told))]  # the one that has been silent for longest
        counts = {
            name: count for name, count in dataclasses.asdict(progress.counts).items() if count
        }
        told = {
            "phase": progress.phase.value,
            "reason": progress.reason,
            "counts": counts,
            "share": round(progress.share, 4),
            "rate": round(progress.rate, 1),
            "eta": progress.eta,
        }
        self._put(of_campaign(self._workspace, progress.campaign, told))

    async def run(self) -> None:
        """Publish what waits, until cancelled."""
        while True:
            broadcast = await self._waiting.get()
            while not await self._publish(broadcast):  # noqa: ASYNC110  # the bus rings no bell
                await asyncio.sleep(_RETRY_AFTER)

    async def close(self) -> None:
        """Publish what still waits, as far as the bus takes it, and close the bus."""
        try:
            while not self._waiting.empty() and await self._publish(self._waiting.get_nowait()):
                pass
        finally:
            if not self._keep_open:
                await self.bus.close()

    async def _publish(self, broadcast: Broadcast) -> bool:
        """Publish one; tells whether that is done with, so that the next may follow."""
        try:
            await self.bus.publish(broadcast.channel, broadcast.name, broadcast.data)
        except (BusUnavailable, ConfigurationError) as error:  # such as a password that was changed
            _log.warning("live events wait: %s", error)
            return False
        except Exception:  # noqa: BLE001  # handlers run beside this: it must not end
            _log.exception("a live event %s is dropped: the bus does not take it", broadcast.name)
            self._lost()
        return True

    def _put(self, broadcast: Broadcast) -> None:
        if self._waiting.full():
            self._waiting.get_nowait()
            self.dropped += 1
            self._lost()
            if self.dropped == 1:
                _log.warning("the bus is away for long: live events are dropped")
        self._waiting.put_nowait(broadcast)
