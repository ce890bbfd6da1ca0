"""What waits for one webhook URL: updates, requests, and how much may be under way; pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from blazz.sandbox.batching import assemble, encode
from blazz.sandbox.order import Conversation, MakeChange, Order, Waiting
from blazz.sandbox.settings import BatchShape, Settings

_KEPT_BYTES: Final = 8 * 1024 * 1024
_LARGEST_BODY: Final = 3 * 1024 * 1024  # Meta: a webhook has at most 3 MB
_REFUSALS_IN_ORDER: Final = 1
"""After more than these, what a user does next no longer waits for a refused request."""


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    """One webhook request.

    Attributes:
        place: Counts the requests of a mailbox.
        body: Its bytes, the same in every attempt.
        updates: How many updates it holds; 0 in a copy, whose updates were counted already.
        conversations: Those that must not go on without it; none in a copy.
        first_at: When it was first sent, by the sandbox's clock.
        copies: How many copies are sent right behind it.
        attempts: How often it was sent.
        pauses: How often it paused since somebody subscribed.
        refusals: How often the application was reached and did not answer with 200.
    """

    place: int
    body: bytes
    updates: int
    conversations: tuple[Conversation, ...]
    first_at: float
    copies: int = 0
    attempts: int = 0
    pauses: int = 0
    refusals: int = 0


@dataclass(slots=True)
class Counts:
    """How many updates went where.

    Attributes:
        delivered: Answered with 200.
        dropped: Given up: nowhere to send them, too many waiting, or refused for too long.
        requests: Webhook requests sent, repeats included.
        repeats: Requests that had to be sent again.
    """

    delivered: int = 0
    dropped: int = 0
    requests: int = 0
    repeats: int = 0


@dataclass(slots=True)
class Mailbox:
    """The updates for one URL.

    Those of a conversation are sent one request after the other; requests that have no
    conversation in common go side by side.

    Attributes:
        held: Nothing is sent until the mailbox is released.
        waiting: Updates that were not delivered yet.
    """

    dice: Random
    counts: Counts
    held: bool = False
    waiting: int = 0
    _order: Order[Delivery] = field(default_factory=Order)
    _due: list[tuple[float, int, Delivery]] = field(default_factory=list)
    _under_way: int = 0
    _updates_under_way: int = 0
    _places: int = 0
    _kept: deque[Delivery] = field(default_factory=deque)
    _kept_bytes: int = 0

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is under way."""
        return not (self.waiting or self._due or self._under_way)

    def put(
        self, change: MakeChange, now: float, settings: Settings, *, conversation: Conversation
    ) -> None:
        """Add an update; when too many wait, it is dropped and counted."""
        if self.waiting >= settings.backlog:
            self.counts.dropped += 1
            return
        self.waiting += 1
        update = Waiting(self._next_place(), now, conversation, change)
        self._order.add(update, in_order=not settings.shuffle)

    def take(self, now: float, settings: Settings) -> Delivery | None:
        """The next request to send, or None if there is none or too many are under way."""
        if self._under_way >= settings.connections or self.held:
            return None
        if not self._is_due(now):
            self._pack(now, settings)
        if not self._is_due(now):
            return None
        delivery = heapq.heappop(self._due)[2]
        self.counts.repeats += delivery.attempts > 0
        delivery.attempts += 1
        self._under_way += 1
        self._updates_under_way += delivery.updates
        self.counts.requests += 1
        for _ in range(delivery.copies):
            self.repeat(delivery, now)
        delivery.copies = 0
        return delivery

    def next_due(self, settings: Settings) -> float | None:
        """When `take` will have something, as far as is known now."""
        if self._under_way >= settings.connections or self.held:
            return None
        oldest = self._order.oldest
        due = [oldest.since + settings.batch_wait / settings.speed] if oldest is not None else []
        if self._due:
            due.append(self._due[0][0])
        return min(due, default=None)

    def finish(
        self,
        delivery: Delivery,
        now: float,
        settings: Settings,
        *,
        ok: bool,
        reached: bool = True,
    ) -> None:
        """Record how a request ended; one that failed is repeated after a growing pause.

        Args:
            delivery: The request.
            now: The sandbox's time.
            settings: The pauses.
            ok: It was answered with 200.
            reached: There was an application at the URL.
        """
        self._under_way -= 1
        self._updates_under_way -= delivery.updates
        if ok:
            self.waiting -= delivery.updates
            self.counts.delivered += delivery.updates
            self._release(delivery, now, settings)
            if delivery.updates:  # a copy is neither kept nor copied again
                self._keep(delivery)
                if settings.duplicate and self.dice.random() < settings.duplicate:
                    self.repeat(delivery, now)
            return
        if now - delivery.first_at >= settings.give_up_after:
            self.waiting -= delivery.updates
            self.counts.dropped += delivery.updates
            self._release(delivery, now, settings)
            return
        pause = min(settings.retry_first * 2.0 ** min(delivery.pauses, 40), settings.retry_most)
        delivery.pauses += 1
        delivery.refusals += reached
        # What is refused again and again must not silence its conversations, as it does not at
        # Meta; while nobody can be reached, there is nobody who misses the others.
        if delivery.refusals > _REFUSALS_IN_ORDER:
            self._release(delivery, now, settings)
        self._push(delivery, now + pause / settings.speed)

    def hurry(self, now: float) -> None:
        """Repeat what failed at once, and with short pauses again: somebody new listens."""
        for _, _, delivery in self._due:
            delivery.pauses = 0
        self._due = [(min(due, now), place, delivery) for due, place, delivery in self._due]
        heapq.heapify(self._due)

    def repeat(self, delivery: Delivery, now: float) -> None:
        """Send a request once more, although it was answered."""
        copy = Delivery(
            place=self._next_place(),
            body=delivery.body,
            updates=0,
            conversations=(),
            first_at=now,
        )
        self._push(copy, now)

    def repeat_last(self, count: int, now: float) -> int:
        """Send the newest answered requests once more; return how many there were."""
        chosen = list(self._kept)[-count:] if count > 0 else []
        for delivery in chosen:
            self.repeat(delivery, now)
        return len(chosen)

    def release(
        self,
        now: float,
        settings: Settings,
        *,
        copies: int = 1,
        shuffle: bool = False,
        shape: BatchShape | None = None,
        whole: bool = True,
    ) -> int:
        """Let go of what was held; return how many updates that is.

        Args:
            now: The sandbox's time.
            settings: The batch size, and the shape if none is given.
            copies: How often each request is sent.
            shuffle: Put the updates into a random order first, and keep none.
            shape: How the updates are put into requests.
            whole: One request of up to 1,000 updates, whatever the batch size says.
        """
        self.held = False
        updates = self._order.take_all()
        if shuffle:
            self.dice.shuffle(updates)
        in_order = not (shuffle or settings.shuffle)
        size = 1000 if whole else settings.batch_size
        for start in range(0, len(updates), size):
            part = updates[start : start + size]
            for delivery in self._deliveries(part, now, shape or settings.batch_shape):
                delivery.copies = copies - 1
                self._enqueue(delivery, now, in_order=in_order)
        return len(updates)

    def drop(self) -> int:
        """Give up everything that waits, as when a subscription ends; return how much it was."""
        dropped = self.waiting - self._updates_under_way
        self._order.clear()
        self._due.clear()
        self.waiting -= dropped
        self.counts.dropped += dropped
        return dropped

    def _is_due(self, now: float) -> bool:
        return bool(self._due) and self._due[0][0] <= now

    def _pack(self, now: float, settings: Settings) -> None:
        """Put updates into a request, if enough wait or one waited long enough."""
        oldest = self._order.oldest
        if oldest is None:
            return
        full = self._order.free >= settings.batch_size
        if not full and now < oldest.since + settings.batch_wait / settings.speed:
            return
        in_order = not settings.shuffle
        updates = self._order.take(settings.batch_size, in_order=in_order)
        if settings.shuffle:
            self.dice.shuffle(updates)
        for delivery in self._deliveries(updates, now, settings.batch_shape):
            self._enqueue(delivery, now, in_order=in_order)

    def _deliveries(
        self, updates: Sequence[Waiting], now: float, shape: BatchShape
    ) -> list[Delivery]:
        """One request, or more where the updates are too long for one."""
        if not updates:
            return []
        body = encode(assemble([update.make() for update in updates], shape, self.dice))
        if len(body) <= _LARGEST_BODY or len(updates) == 1:
            delivery = Delivery(
                place=self._next_place(),
                body=body,
                updates=len(updates),
                conversations=tuple({update.conversation: None for update in updates}),
                first_at=now,
            )
            return [delivery]
        half = len(updates) // 2
        return [
            *self._deliveries(updates[:half], now, shape),
            *self._deliveries(updates[half:], now, shape),
        ]

    def _enqueue(self, delivery: Delivery, now: float, *, in_order: bool) -> None:
        """Send a request as soon as those before it in its conversations are answered."""
        if not in_order:
            delivery.conversations = ()
        if self._order.claim(delivery, delivery.conversations):
            self._push(delivery, now)

    def _release(self, delivery: Delivery, now: float, settings: Settings) -> None:
        """Let its conversations go on."""
        most = settings.batch_size
        for following in self._order.release(delivery, delivery.conversations, most=most):
            self._push(following, now)
        delivery.conversations = ()

    def _push(self, delivery: Delivery, due: float) -> None:
        heapq.heappush(self._due, (due, delivery.place, delivery))

    def _next_place(self) -> int:
        self._places += 1
        return self._places

    def _keep(self, delivery: Delivery) -> None:
        """Remember answered requests for `repeat_last`, as many as fit into a few megabytes."""
        self._kept.append(delivery)
        self._kept_bytes += len(delivery.body)
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= len(self._kept.popleft().body)
