"""What all instances share: sessions that nobody runs, what waits to be delivered, who is alive."""

from __future__ import annotations

from sqlalchemy import func, select

from blazz_server.database import Database, utc_now
from blazz_server.hosting.service import Hosting
from blazz_server.monitoring.service import Monitoring
from blazz_server.webhooks.judging import State
from blazz_server.webhooks.tables import Delivery


class PlatformLevels:
    """Levels of the whole platform; every instance shows the same ones.

    Args:
        monitoring: Shows them.
        database: The server's own tables.
        hosting: Knows the sessions and the instances.
    """

    def __init__(self, monitoring: Monitoring, database: Database, hosting: Hosting) -> None:
        self._database = database
        self._hosting = hosting
        level = monitoring.level
        level("blazz.server.instances", "{instance}", "Instances that live", self._instances)
        level("blazz.server.capacity", "{session}", "Sessions that they may run", self._capacity)
        level("blazz.server.sessions.wanted", "{session}", "Sessions that are to run", self._wanted)
        level(
            "blazz.server.sessions.unplaced",
            "{session}",
            "Those of them that no instance runs",
            self._unplaced,
        )
        level("blazz.server.outbox.depth", "{delivery}", "Deliveries to be sent", self._depth)
        level("blazz.server.outbox.lateness", "s", "How overdue the oldest is", self._lateness)

    async def _instances(self) -> float:
        return len(await self._hosting.registry.instances())

    async def _capacity(self) -> float:
        instances = await self._hosting.registry.instances()
        return sum(it.capacity for it in instances if not it.draining)

    async def _wanted(self) -> float:
        return len(await self._hosting.records.wanted())

    async def _unplaced(self) -> float:
        wanted = set(await self._hosting.records.wanted())
        return len(wanted.difference(await self._hosting.registry.assignments()))

    async def _depth(self) -> float:
        query = select(func.count()).select_from(Delivery)
        async with self._database.read() as session:
            found = await session.scalar(query.where(Delivery.state == State.PENDING.value))
        return found or 0

    async def _lateness(self) -> float:
        query = select(func.min(Delivery.next_at)).where(Delivery.state == State.PENDING.value)
        async with self._database.read() as session:
            oldest = await session.scalar(query)
        return max(0.0, (utc_now() - oldest).total_seconds()) if oldest is not None else 0.0
