"""The updates that a dispatcher has in hand, and what became of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from blazz.webhooks.backoff import Backoff
from blazz.webhooks.bell import Bell
from blazz.webhooks.delivery import Delivery
from blazz.webhooks.inbox.base import Failure, Inbox, Item
from blazz.webhooks.observations import Observer, UpdateDied, UpdatesSettled, ignore
from blazz.webhooks.wording import one_line

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Task:
    """One update in hand.

    Attributes:
        item: The update as it was taken.
        delivery: What handlers get.
        finished: The names of the sinks and handlers that have succeeded.
    """

    item: Item
    delivery: Delivery
    finished: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.finished = set(self.item.finished)


@dataclass(slots=True)
class _Outcomes:
    """What is to be recorded in the inbox."""

    done: list[Item] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    released: list[Item] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.done or self.failed or self.released)


class Work:
    """Keeps account of what is in hand, and records outcomes in batches.

    Args:
        inbox: The inbox.
        owner: Under this name updates were taken.
        backoff: When a failed update is tried again.
        freed: Called when outcomes have been recorded: there is room, and lanes are free.
        observe: Called with what became of updates.
    """

    def __init__(
        self,
        inbox: Inbox,
        owner: str,
        *,
        backoff: Backoff,
        freed: Callable[[], object],
        observe: Observer = ignore,
    ) -> None:
        self._inbox = inbox
        self._owner = owner
        self._backoff = backoff
        self._freed = freed
        self._observe = observe
        self._in_hand: dict[int, Item] = {}
        self._tasks: dict[int, Task] = {}
        self._outcomes = _Outcomes()
        self._bell = Bell()

    def __len__(self) -> int:
        return len(self._in_hand)

    def take(self, items: Sequence[Item]) -> list[Item]:
        """Take items in hand; those that are already (their lease lapsed) are left out."""
        fresh = [item for item in items if item.seq not in self._in_hand]
        self._in_hand.update((item.seq, item) for item in fresh)
        return fresh

    def begin(self, found: Iterable[tuple[Item, Delivery | None]]) -> list[Task]:
        """Make the tasks of items; what cannot be found in its body any more is dead."""
        tasks: list[Task] = []
        for item, delivery in found:
            if delivery is None:
                error = "its body is gone, or this version's parser does not find it in there"
                self._bury(item, error)
            else:
                task = Task(item, delivery)
                self._tasks[item.seq] = task
                tasks.append(task)
        return tasks

    def done(self, task: Task) -> None:
        """Record that all sinks and handlers have succeeded."""
        if self._tasks.pop(task.item.seq, None):
            self._outcomes.done.append(task.item)
            self._bell.ring()

    def fail(self, task: Task, error: str) -> bool:
        """Record a failure; returns whether it was the last one, so that its lane goes on."""
        del self._tasks[task.item.seq]
        item = task.item._replace(finished=frozenset(task.finished))
        after = self._backoff.pause(item.attempts + 1)
        if after is None:
            self._bury(item, error)
            return True
        self._outcomes.failed.append(Failure(item, one_line(error), after))
        self._bell.ring()
        return False

    def release(self, tasks: Sequence[Task]) -> None:
        """Record that tasks are not handled now: an earlier one of their lane has failed."""
        for task in tasks:
            del self._tasks[task.item.seq]
            item = task.item._replace(finished=frozenset(task.finished))
            self._outcomes.released.append(item)
        self._bell.ring()

    def give_up(self, items: Sequence[Item]) -> None:
        """Record that items could not even be begun."""
        if items:
            self._outcomes.released.extend(items)
            self._bell.ring()

    def _bury(self, item: Item, error: str) -> None:
        error = one_line(error)
        self._outcomes.failed.append(Failure(item, error, None))
        self._bell.ring()
        _log.error("update %d of %s is dead: %s", item.seq, item.session, error)
        self._observe(UpdateDied(item.session, item.seq, error))

    async def settle(self) -> None:
        """Wait for outcomes and record them.

        Raises:
            InboxUnavailable: They could not be recorded; they are kept for the next call.
        """
        await self._bell.wait()
        await self._record()

    async def _record(self) -> None:
        outcomes, self._outcomes = self._outcomes, _Outcomes()
        if not outcomes:
            return
        try:
            await self._inbox.settle(
                self._owner,
                done=outcomes.done,
                failed=outcomes.failed,
                released=outcomes.released,
            )
        except BaseException:
            # Recorded or not, recording it again changes nothing.
            self._outcomes.done[:0] = outcomes.done
            self._outcomes.failed[:0] = outcomes.failed
            self._outcomes.released[:0] = outcomes.released
            self._bell.ring()
            raise
        for item in (*outcomes.done, *outcomes.released):
            del self._in_hand[item.seq]
        for failure in outcomes.failed:
            del self._in_hand[failure.item.seq]
        if self._observe is not ignore:
            again = sum(failure.after is not None for failure in outcomes.failed)
            self._observe(UpdatesSettled(len(outcomes.done), again))
        self._freed()

    async def give_back(self) -> None:
        """Record all outcomes and give back what is left in hand."""
        self.release(list(self._tasks.values()))
        await self._record()
        await self._inbox.retire(self._owner)
