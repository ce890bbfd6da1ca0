"""The engine of many machines: chunk ids in Redis streams, carried by streaq."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
from anyio import CancelScope, Event, Semaphore
from anyio.abc import TaskGroup

from blazz.campaigns.engine.base import ChunkId, Declined, Handler
from blazz.campaigns.patience import Outage
from blazz.campaigns.priority import Priority
from blazz.errors import ConfigurationError, EngineUnavailable, InvalidValue, MissingDependency

try:
    import streaq
    from coredis.exceptions import AuthenticationError, AuthorizationError, RedisError
    from streaq.types import StreaqError, StreaqRetry
except ModuleNotFoundError as error:
    raise MissingDependency("streaq", extra="redis") from error

_log = logging.getLogger(__name__)

_TASK: Final = "chunk"
_AGAIN_AFTER: Final = 1
_SECONDS: Final = 5.0
_AWAY: Final = (
    RedisError,
    StreaqError,
    OSError,
    TimeoutError,
    anyio.EndOfStream,
    anyio.ClosedResourceError,
    anyio.BrokenResourceError,
)
_REFUSED: Final = (AuthenticationError, AuthorizationError)


class StreaqEngine:
    """An `Engine` whose queue is in Redis (7.0 or newer); any number of processes may serve it.

    While Redis is away, chunks that handlers have go on. What Redis forgets is offered again out of
    the ledger.

    Args:
        url: The server: `redis://host:6379/0`, `rediss://…` or `unix://…`.
        concurrency: How many handlers run at once.
        reserve: How many more run at once for what is more urgent than a campaign.
        queue: The queue's name; whoever shares a ledger shares a queue.
        recovery: Seconds until a chunk goes to another process that was given to one that died
            before it began. Streaq renews what runs at nine tenths of it.

    Raises:
        InvalidValue: The concurrency is below 1, the reserve below 0, or the recovery below 1.
    """

    def __init__(
        self,
        url: str,
        *,
        concurrency: int = 4,
        reserve: int = 1,
        queue: str = "blazz",
        recovery: float = 30.0,
    ) -> None:
        if concurrency < 1:
            raise InvalidValue("StreaqEngine.concurrency", "at least 1", concurrency)
        if reserve < 0:
            raise InvalidValue("StreaqEngine.reserve", "at least 0", reserve)
        if recovery < 1:
            raise InvalidValue("StreaqEngine.recovery", "seconds, at least 1", recovery)
        self.concurrency = concurrency
        self.reserve = reserve
        self._url = url
        self._queue = queue
        self._recovery = recovery
        self._closing = asyncio.Event()
        self._link: _Link | None = None
        self._linking = asyncio.Lock()
        parts = urlsplit(url)
        # Not the URL itself: it may hold a password.
        self.name = f"{parts.scheme}://{parts.hostname or parts.path}:{parts.port or 6379}"

    def __repr__(self) -> str:
        return f"<StreaqEngine {self.name} {self._queue}>"

    async def offer(
        self,
        chunk: ChunkId,
        *,
        priority: Priority = Priority.CAMPAIGN,
        not_before: float | None = None,
    ) -> None:
        """Queue a chunk; see `Engine`.

        Raises:
            EngineUnavailable: Redis cannot be reached.
        """
        name = f"{chunk.campaign}.{chunk.number}"
        schedule = None if not_before is None else datetime.fromtimestamp(not_before, UTC)
        async with self._linking:
            with self._translated():
                try:
                    with anyio.fail_after(_SECONDS):
                        link = await self._linked()
                        if await link.publish(name, chunk, priority, schedule):
                            return
                        # It is queued already; or its last handler is about to end, and would
                        # take this offer with it.
                        if await link.runs(name):
                            await link.publish(f"{name}+", chunk, priority, schedule)
                except BaseException:
                    await self._unlink()
                    raise

    async def run(self, handler: Handler) -> None:
        """Give chunks to the handler; see `Engine`. Waits for Redis while it is away."""
        outage = Outage(f"the engine {self.name}")
        # Handlers do not run within streaq's own tasks: those end with the connection.
        async with anyio.create_task_group() as handlers:
            slots = [_Slots(self.concurrency, list(Priority), handler, handlers)]
            if self.reserve:
                above = [it for it in Priority if it is not Priority.CAMPAIGN]
                slots.append(_Slots(self.reserve, above, handler, handlers))
            while not self._closing.is_set():
                try:
                    with self._translated():
                        await self._serve(slots, outage)
                except EngineUnavailable as error:
                    await outage.wait(error, unless=self._closing)

    async def close(self) -> None:
        """End `run` once its handlers are done; see `Engine`."""
        self._closing.set()
        async with self._linking:
            await self._unlink()

    async def _serve(self, slots: list[_Slots], outage: Outage) -> None:
        """Serve until told to close, until cancelled, or until the connection breaks."""
        stop = Event()
        async with anyio.create_task_group() as servers:
            for each in slots:
                servers.start_soon(self._serve_slots, each, stop, outage)
            try:
                await self._closing.wait()
            finally:
                stop.set()

    async def _serve_slots(self, slots: _Slots, stop: Event, outage: Outage) -> None:
        server = _Server(
            redis_url=self._url,
            queue_name=self._queue,
            concurrency=slots.count,
            prefetch=1,
            # Lowest first, and a list of its own: streaq turns it round in place.
            priorities=[_stream(priority) for priority in sorted(slots.priorities, reverse=True)],
            serializer=_dump,
            deserializer=json.loads,
            idle_timeout=self._recovery,
        )
        server.stop, server.ended = stop, Event()

        async def handle(campaign: int, number: int) -> None:
            outage.over()
            if await slots.hand_over(ChunkId(campaign, number), until=server.ended):
                raise StreaqRetry("again", delay=_AGAIN_AFTER)

        # The ledger counts attempts, so streaq must not.
        server.task(name=_TASK, max_tries=None, ttl=0, silent=True)(handle)
        # Being cancelled would end its connections before it has used them for the last time.
        with CancelScope(shield=True):
            await server.run_async()

    async def _linked(self) -> _Link:
        if self._link is None:
            self._link = _Link(self._url, self._queue)
            await self._link.open()
        return self._link

    async def _unlink(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            with CancelScope(shield=True):
                await link.close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Tell a server that is away from what waiting does not mend."""
        try:
            yield
        except BaseExceptionGroup as group:
            refused, others = group.split(_REFUSED)
            if refused is not None:
                raise self._turned_away(refused.exceptions[0]) from group
            _, unknown = group.split(_AWAY)
            if others is None or unknown is not None:
                raise
            raise EngineUnavailable(f"the engine {self.name}: {_first(group)!r}") from group
        except _REFUSED as error:
            raise self._turned_away(error) from error
        except _AWAY as error:
            raise EngineUnavailable(f"the engine {self.name}: {error!r}") from error

    def _turned_away(self, error: BaseException) -> ConfigurationError:
        return ConfigurationError(f"the engine {self.name} turned us away: {error}")


class _Slots:
    """So many handlers at once, in a task group that outlives connections."""

    def __init__(
        self, count: int, priorities: Sequence[Priority], handler: Handler, tasks: TaskGroup
    ) -> None:
        self.count = count
        self.priorities = priorities
        self._handler = handler
        self._tasks = tasks
        self._free = Semaphore(count)

    async def hand_over(self, chunk: ChunkId, *, until: Event) -> bool:
        """Have a chunk handled; tell whether it must come again.

        Returns when that is done, or when `until` is set: the handler goes on by itself then.
        """
        done, again = Event(), False

        async def handle() -> None:
            nonlocal again
            try:
                async with self._free:
                    await self._handler(chunk)
            except Declined:
                again = True
            except Exception:  # noqa: BLE001  # whatever it was, the chunk goes on
                _log.exception("handling %s failed; it is offered again", chunk)
                again = True
            finally:
                done.set()

        async def stop_waiting() -> None:
            await until.wait()
            waiting.cancel()

        self._tasks.start_soon(handle)
        async with anyio.create_task_group() as waiters:
            waiting = waiters.cancel_scope
            waiters.start_soon(stop_waiting)
            await done.wait()
            waiting.cancel()
        return again


class _Server(streaq.Worker[None]):
    """A streaq worker that leaves signals to the program."""

    stop: Event
    """Tells it to end."""
    ended: Event
    """It takes nothing more: it was told to end, or its connection broke."""

    async def signal_handler(self, scope: CancelScope) -> None:
        """In place of streaq's: runs beside its other tasks, and is cancelled when one breaks."""
        try:
            await self.stop.wait()
            scope.cancel()
        finally:
            self.ended.set()

    async def run_consumers(self, receive: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """As streaq does, but close the stream that it leaves open."""
        with receive:
            await super().run_consumers(receive, *args, **options)


class _Link:
    """A connection to queue chunks through, held open by a task of its own.

    It has a task group inside, which must be closed by the task that opened it; offers come from
    any task.
    """

    def __init__(self, url: str, queue: str) -> None:
        self._worker: streaq.Worker[None] = streaq.Worker(
            redis_url=url,
            queue_name=queue,
            priorities=[_stream(priority) for priority in sorted(Priority, reverse=True)],
            serializer=_dump,
            deserializer=json.loads,
        )
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(opened), name="blazz engine link")
        await asyncio.wait([opened, self._task], return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            await self._task

    async def _hold(self, opened: asyncio.Future[None]) -> None:
        async with self._worker:
            if not opened.done():
                opened.set_result(None)
            await self._closing.wait()

    async def close(self) -> None:
        task = self._task
        if task is None:
            return
        self._closing.set()
        await asyncio.wait([task], timeout=_SECONDS)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # whatever broke it was told to whoever used it

    async def publish(
        self, name: str, chunk: ChunkId, priority: Priority, schedule: datetime | None
    ) -> bool:
        """Queue a chunk; False if there is one of that name."""
        task = self._worker.enqueue_unsafe(_TASK, chunk.campaign, chunk.number)
        task.id = name
        task.start(schedule=schedule, priority=_stream(priority))
        now = int(datetime.now(UTC).timestamp() * 1000)
        data = await task.serialize(now)
        # Typed as if it told nothing; its script answers 0 where there is one of that name.
        publish: Any = self._worker.publish_task
        answer = await publish(self._worker.redis, task, data, now)
        return answer not in {0, "0", None}

    async def runs(self, name: str) -> bool:
        """Whether a chunk of that name is being handled."""
        return await self._worker.status_by_id(name) is streaq.TaskStatus.RUNNING


def _stream(priority: Priority) -> str:
    return priority.name.lower()


def _dump(value: object) -> str:
    """JSON; results are not asked for, and need not be more than words."""
    return json.dumps(value, default=repr)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
