"""Keeps each conversation in order: an update waits for the request that carries the one before.

Pure. Updates of different conversations never wait for each other. Nothing is remembered of a
conversation of which nothing is under way.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from blazz.sandbox.batching import Change

MakeChange: TypeAlias = Callable[[], Change]
"""Builds an update when it is posted; what waits stays small."""

Conversation: TypeAlias = tuple[str, str]
"""A business number and whom it talks with; nobody for what is about the number as a whole. For
what is about a whole account, the account in place of the number."""


class Waiting(NamedTuple):
    """An update that waits; they sort by their age.

    Attributes:
        place: Counts the updates.
        since: From when on it waits, by the sandbox's clock.
        conversation: What it belongs to.
        make: Builds it.
    """

    place: int
    since: float
    conversation: Conversation
    make: MakeChange


Request = TypeVar("Request")
"""What carries updates; told apart by identity."""


@dataclass(slots=True)
class _Line(Generic[Request]):
    """What waits in a conversation of which something is under way.

    Attributes:
        requests: Those that carry its next updates, in order.
        updates: Those that are in no request yet, as a heap.
    """

    requests: deque[Request] = field(default_factory=deque)
    updates: list[Waiting] = field(default_factory=list)


class Order(Generic[Request]):
    """Which updates may be sent now, and which requests.

    An update is added, taken together with others to be put into a request, and its conversation
    is claimed by this request until the request releases it.

    Example:
        >>> order: Order[str] = Order()
        >>> for place, user in enumerate("aab"):
        ...     order.add(Waiting(place, 0.0, ("1", user), lambda: Change("1", "messages", {})))
        >>> [it.place for it in order.take(1)], order.claim("first", [("1", "a")])
        ([0], True)
        >>> [it.place for it in order.take(9)]
        [2]
        >>> order.release("first", [("1", "a")], most=9)
        []
        >>> [it.place for it in order.take(9)]
        [1]
    """

    def __init__(self) -> None:
        self._fresh: deque[Waiting] = deque()
        self._stepped: list[Waiting] = []  # a heap: they waited for a request that has ended
        self._claims: dict[Conversation, Request] = {}
        self._lines: dict[Conversation, _Line[Request]] = {}
        self._in_lines = 0
        self._ahead: dict[Request, int] = {}

    @property
    def free(self) -> int:
        """How many updates may be sent, as far as is known without looking at each."""
        return len(self._fresh) + len(self._stepped)

    @property
    def oldest(self) -> Waiting | None:
        """The oldest of these."""
        if self._stepped and self._fresh:
            return min(self._stepped[0], self._fresh[0])
        waiting = self._stepped or self._fresh
        return waiting[0] if waiting else None

    def add(self, update: Waiting, *, in_order: bool = True) -> None:
        """Add an update, younger than all others."""
        conversation = update.conversation
        if in_order and (conversation in self._claims or conversation in self._lines):
            self._fall_in(update)
        else:
            self._fresh.append(update)

    def take(self, most: int, *, in_order: bool = True) -> list[Waiting]:
        """Take the oldest updates that need not wait for a request, at most so many.

        Args:
            most: How many.
            in_order: Whether any has to wait.
        """
        if not in_order and self._in_lines:
            self._let_all_step_forward()
        claims = self._claims if in_order else {}
        taken: list[Waiting] = []
        while len(taken) < most and (self._fresh or self._stepped):
            update = self._pop() if self._stepped else self._fresh.popleft()
            if update.conversation in claims:
                self._fall_in(update)
            else:
                taken.append(update)
        return taken

    def take_all(self) -> list[Waiting]:
        """Take all updates, oldest first; requests that carry them must claim their place."""
        self._let_all_step_forward()
        taken = sorted((*self._stepped, *self._fresh))
        self._stepped.clear()
        self._fresh.clear()
        return taken

    def claim(self, request: Request, conversations: Collection[Conversation]) -> bool:
        """Give a request its place in these conversations, behind those that have one.

        Returns:
            Whether it may be sent; if not, `release` will name it.
        """
        if self._claims.keys().isdisjoint(conversations):  # nearly always, and much quicker
            self._claims.update(dict.fromkeys(conversations, request))
            return True
        for conversation in conversations:
            if self._claims.setdefault(conversation, request) is not request:
                self._line(conversation).requests.append(request)
                self._ahead[request] = self._ahead.get(request, 0) + 1
        return False

    def release(
        self, request: Request, conversations: Iterable[Conversation], *, most: int
    ) -> list[Request]:
        """End a request's claims, if it still has them.

        Args:
            request: It was sent, or will be sent out of order.
            conversations: Those that it claimed.
            most: Of each conversation, so many updates may be taken next.

        Returns:
            The requests that may be sent now.
        """
        free: list[Request] = []
        for conversation in conversations:
            if self._claims.get(conversation) is not request:
                continue
            del self._claims[conversation]
            line = self._lines.get(conversation)
            if line is not None and line.requests:
                following = self._claims[conversation] = line.requests.popleft()
                self._ahead[following] -= 1
                if not self._ahead[following]:
                    del self._ahead[following]
                    free.append(following)
            if line is not None:
                self._step_forward(conversation, line, most)
        return free

    def clear(self) -> None:
        """Forget all that waits, and all claims."""
        self._fresh.clear()
        self._stepped.clear()
        self._claims.clear()
        self._lines.clear()
        self._ahead.clear()
        self._in_lines = 0

    def _pop(self) -> Waiting:
        """Take the oldest update that is not in a line."""
        if self._fresh and self._fresh[0] < self._stepped[0]:
            return self._fresh.popleft()
        return heapq.heappop(self._stepped)

    def _line(self, conversation: Conversation) -> _Line[Request]:
        line = self._lines.get(conversation)
        if line is None:
            line = self._lines[conversation] = _Line()
        return line

    def _fall_in(self, update: Waiting) -> None:
        heapq.heappush(self._line(update.conversation).updates, update)
        self._in_lines += 1

    def _let_all_step_forward(self) -> None:
        for conversation, line in list(self._lines.items()):
            self._step_forward(conversation, line, self._in_lines)

    def _step_forward(self, conversation: Conversation, line: _Line[Request], most: int) -> None:
        """Let the oldest updates of a conversation be taken, unless a request comes first.

        Only as many as one request holds: whoever has a hundred thousand updates behind a request
        would otherwise move them all for each.
        """
        for _ in range(min(most, len(line.updates))):
            heapq.heappush(self._stepped, heapq.heappop(line.updates))
            self._in_lines -= 1
        if not line.requests and not line.updates:
            del self._lines[conversation]
