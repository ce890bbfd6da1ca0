"""What waits for one webhook URL: fresh updates, repeats, and how much may be under way; pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias

from blazz.sandbox.batching import Change, assemble, encode
from blazz.sandbox.settings import BatchShape, Settings

MakeChange: TypeAlias = Callable[[], Change]
"""Builds an update when it is posted; what waits stays small."""

_KEPT_BYTES: Final = 8 * 1024 * 1024
_LARGEST_BODY: Final = 3 * 1024 * 1024  # Meta: a webhook has at most 3 MB


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One webhook request.

    Attributes:
        body: Its bytes, the same in every attempt.
        updates: How many updates it holds; 0 in a copy, whose updates were counted already.
        first_at: When it was first sent, by the sandbox's clock.
        attempts: How often it was sent.
    """

    body: bytes
    updates: int
    first_at: float
    attempts: int = 0


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

    Attributes:
        held: Nothing is sent until the mailbox is released.
    """

    dice: Random
    counts: Counts
    held: bool = False
    _fresh: deque[tuple[float, MakeChange]] = field(default_factory=deque)
    _again: list[tuple[float, int, Delivery]] = field(default_factory=list)
    _under_way: int = 0
    _updates_under_way: int = 0
    _repeating: int = 0
    _order: int = 0
    _kept: deque[Delivery] = field(default_factory=deque)
    _kept_bytes: int = 0

    @property
    def waiting(self) -> int:
        """Updates that were not delivered yet."""
        return len(self._fresh) + self._repeating + self._updates_under_way

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is under way."""
        return not (self._fresh or self._again or self._under_way)

    def put(self, change: MakeChange, now: float, settings: Settings) -> None:
        """Add an update; when too many wait, it is dropped and counted."""
        if self.waiting >= settings.backlog:
            self.counts.dropped += 1
            return
        self._fresh.append((now, change))

    def take(self, now: float, settings: Settings) -> Delivery | None:
        """The next request to send, or None if there is none or too many are under way."""
        if self._under_way >= settings.connections or self.held:
            return None
        if self._again and self._again[0][0] <= now:
            delivery = heapq.heappop(self._again)[2]
            self._repeating -= delivery.updates
            self.counts.repeats += 1
        elif self._is_due(now, settings):
            delivery = self._batch(now, settings)
        else:
            return None
        delivery.attempts += 1
        self._under_way += 1
        self._updates_under_way += delivery.updates
        self.counts.requests += 1
        return delivery

    def next_due(self, settings: Settings) -> float | None:
        """When `take` will have something, as far as is known now."""
        if self._under_way >= settings.connections or self.held:
            return None
        due = [self._fresh[0][0] + settings.batch_wait / settings.speed] if self._fresh else []
        if self._again:
            due.append(self._again[0][0])
        return min(due, default=None)

    def finish(self, delivery: Delivery, now: float, settings: Settings, *, ok: bool) -> None:
        """Record how a request ended; a refused one is repeated after a growing pause."""
        self._under_way -= 1
        self._updates_under_way -= delivery.updates
        if ok:
            self.counts.delivered += delivery.updates
            if delivery.updates:  # a copy is neither kept nor copied again
                self._keep(delivery)
                if settings.duplicate and self.dice.random() < settings.duplicate:
                    self.repeat(delivery, now)
            return
        if now - delivery.first_at >= settings.give_up_after:
            self.counts.dropped += delivery.updates
            return
        exponent = min(delivery.attempts - 1, 40)
        pause = min(settings.retry_first * 2.0**exponent, settings.retry_most) / settings.speed
        self._push(delivery, now + pause)

    def repeat(self, delivery: Delivery, now: float) -> None:
        """Send a request once more, although it was answered."""
        self._push(Delivery(body=delivery.body, updates=0, first_at=now), now)

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
            shuffle: Put the updates into a random order first.
            shape: How the updates are put into requests.
            whole: One request of up to 1,000 updates, whatever the batch size says.
        """
        self.held = False
        makers = [maker for _, maker in self._fresh]
        self._fresh.clear()
        if shuffle:
            self.dice.shuffle(makers)
        size = 1000 if whole else settings.batch_size
        for start in range(0, len(makers), size):
            part = makers[start : start + size]
            for delivery in self._deliveries(part, now, shape or settings.batch_shape):
                self._push(delivery, now)
                for _ in range(copies - 1):
                    self.repeat(delivery, now)
        return len(makers)

    def drop(self) -> int:
        """Give up everything that waits, as when a subscription ends; return how much it was."""
        dropped = len(self._fresh) + self._repeating
        self._fresh.clear()
        self._again.clear()
        self._repeating = 0
        self.counts.dropped += dropped
        return dropped

    def _is_due(self, now: float, settings: Settings) -> bool:
        if not self._fresh:
            return False
        full = len(self._fresh) >= settings.batch_size
        return full or now >= self._fresh[0][0] + settings.batch_wait / settings.speed

    def _batch(self, now: float, settings: Settings) -> Delivery:
        count = min(len(self._fresh), settings.batch_size)
        makers = [self._fresh.popleft()[1] for _ in range(count)]
        if settings.shuffle:
            self.dice.shuffle(makers)
        first, *rest = self._deliveries(makers, now, settings.batch_shape)
        for delivery in rest:
            self._push(delivery, now)
        return first

    def _deliveries(
        self, makers: Sequence[MakeChange], now: float, shape: BatchShape
    ) -> list[Delivery]:
        """One request, or more where the updates are too long for one."""
        body = encode(assemble([make() for make in makers], shape, self.dice))
        if len(body) <= _LARGEST_BODY or len(makers) == 1:
            return [Delivery(body=body, updates=len(makers), first_at=now)]
        half = len(makers) // 2
        return [
            *self._deliveries(makers[:half], now, shape),
            *self._deliveries(makers[half:], now, shape),
        ]

    def _push(self, delivery: Delivery, due: float) -> None:
        self._order += 1
        self._repeating += delivery.updates
        heapq.heappush(self._again, (due, self._order, delivery))

    def _keep(self, delivery: Delivery) -> None:
        """Remember answered requests for `repeat_last`, as many as fit into a few megabytes."""
        self._kept.append(delivery)
        self._kept_bytes += len(delivery.body)
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= len(self._kept.popleft().body)
