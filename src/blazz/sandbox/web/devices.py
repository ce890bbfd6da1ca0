"""One linked device: what is still to come to it, in order, until it has stored it; pure."""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

Item: TypeAlias = tuple[int, str, dict[str, Any]]
"""Number, kind and content of something that a device is told."""


class Line(Protocol):
    """The connection of a device while there is one."""

    def push(self, kind: str, data: dict[str, Any]) -> None:
        """Tell something that is not worth keeping for later, such as who is typing."""
        ...

    def wake(self) -> None:
        """There are items to send."""
        ...

    def hang_up(self) -> None:
        """Close the connection after what was pushed."""
        ...


@dataclass(slots=True, kw_only=True)
class Device:
    """A linked device.

    Items are numbered from 1 and kept until the device has said that it stored them, so none is
    lost when it goes away, and none is doubled: what it stored is not sent again.

    Attributes:
        id: Its number among the devices of its phone.
        secret: What it proves to have when it logs in.
        linked_at: When it was linked.
        stored: The number up to which it has stored items.
        told_of: People whom it was told about, by number.
        rollbacks: How often it came back with less than it had stored before: an old profile.
        line: Its connection, or None while it is away.
    """

    id: int
    secret: bytes = field(repr=False)
    linked_at: float
    stored: int = 0
    told_of: set[str] = field(default_factory=set)
    rollbacks: int = 0
    line: Line | None = None
    _queue: deque[Item] = field(default_factory=deque)
    _newest: int = 0
    _sent: int = 0

    @property
    def waiting(self) -> int:
        """How many items it has not stored yet."""
        return len(self._queue)

    @property
    def awaited(self) -> int:
        """The number of the last item that is still to come; 0: there is none.

        An old profile lacks items that were stored before: it would wait for those for ever.
        """
        return self._newest if self._queue else 0

    def put(self, kind: str, data: dict[str, Any]) -> None:
        """Tell the device something, now or when it is back."""
        self._newest += 1
        self._queue.append((self._newest, kind, data))
        if self.line is not None:
            self.line.wake()

    def push(self, kind: str, data: dict[str, Any]) -> None:
        """Tell the device something if it is there."""
        if self.line is not None:
            self.line.push(kind, data)

    def take(self, most: int) -> Sequence[Item]:
        """The next items to send on this connection."""
        if self._sent >= self._newest or not self._queue:
            return ()
        first = max(0, self._sent - self._queue[0][0] + 1)
        items = [self._queue[at] for at in range(first, min(first + most, len(self._queue)))]
        self._sent = items[-1][0]
        return items

    def store(self, number: int) -> None:
        """The device has stored everything up to a number."""
        while self._queue and self._queue[0][0] <= number:
            self._queue.popleft()
        self.stored = max(self.stored, min(number, self._newest))

    def resume(self, received: int) -> None:
        """The device is back and has stored everything up to a number.

        A number below what it had stored before means that its profile is an old copy: what lies
        between is gone from it for good.
        """
        if received < self.stored:
            self.rollbacks += 1
        self.store(received)
        self._sent = max(received, self.stored)

    def proves(self, nonce: bytes, proof: bytes) -> bool:
        """Whether a proof was made with the device's secret."""
        expected = hmac.new(self.secret, nonce, hashlib.sha256).digest()
        return hmac.compare_digest(expected, proof)
