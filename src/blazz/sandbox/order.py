"""Keeps each conversation in order: an update waits for the request that carries the one before.

Pure. Updates of different conversations never wait for each other. Nothing is remembered of a
conversation of which nothing is under way.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
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
    """A conversation of which something is under way.

    Attributes:
        requests: Those that carry its updates, in order: only the first may be sent.
        behind: Its updates that are in no request yet, as a heap.
    """

    requests: list[Request] = field(default_factory=list)
    behind: list[Waiting] = field(default_factory=list)


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
        self._free: list[Waiting] = []
        self._lines: dict[Conversation, _Line[Request]] = {}
        self._behind = 0
        self._ahead: dict[Request, int] = {}

    def __len__(self) -> int:
        """How many updates wait."""
        return len(self._free) + self._behind

    @property
    def free(self) -> int:
        """How many of them may be sent, as far as is known without looking at each."""
        return len(self._free)

    @property
    def oldest(self) -> Waiting | None:
        """The oldest of these."""
        return self._free[0] if self._free else None

    def add(self, update: Waiting, *, in_order: bool = True) -> None:
        """Add an update, younger than all others."""
        line = self._lines.get(update.conversation) if in_order else None
        if line is None:
            heapq.heappush(self._free, update)
        else:
            self._fall_in(line, update)

    def take(self, most: int, *, in_order: bool = True) -> list[Waiting]:
        """Take the oldest updates that need not wait for a request, at most so many.

        Args:
            most: How many.
            in_order: Whether any has to wait.
        """
        if not in_order and self._behind:
            self._let_all_step_forward()
        taken: list[Waiting] = []
        while self._free and len(taken) < most:
            update = heapq.heappop(self._free)
            line = self._lines.get(update.conversation) if in_order else None
            if line is not None and line.requests:
                self._fall_in(line, update)
            else:
                taken.append(update)
        return taken

    def take_all(self) -> list[Waiting]:
        """Take all updates, oldest first; requests that carry them must claim their place."""
        self._let_all_step_forward()
        self._free, taken = [], sorted(self._free)
        return taken

    def claim(self, request: Request, conversations: Iterable[Conversation]) -> bool:
        """Give a request its place in these conversations, behind those that have one.

        Returns:
            Whether it may be sent; if not, `release` will name it.
        """
        ahead = 0
        for conversation in conversations:
            line = self._lines.get(conversation)
            if line is None:
                line = self._lines[conversation] = _Line()
            ahead += bool(line.requests)
            line.requests.append(request)
        if ahead:
            self._ahead[request] = ahead
        return not ahead

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
            line = self._lines.get(conversation)
            if line is None or not line.requests or line.requests[0] is not request:
                continue
            del line.requests[0]
            if line.requests:
                following = line.requests[0]
                self._ahead[following] -= 1
                if not self._ahead[following]:
                    del self._ahead[following]
                    free.append(following)
            else:
                self._step_forward(conversation, most)
        return free

    def clear(self) -> None:
        """Forget all that waits, and all claims."""
        self._free.clear()
        self._lines.clear()
        self._ahead.clear()
        self._behind = 0

    def _fall_in(self, line: _Line[Request], update: Waiting) -> None:
        heapq.heappush(line.behind, update)
        self._behind += 1

    def _let_all_step_forward(self) -> None:
        for conversation in list(self._lines):
            self._step_forward(conversation, self._behind)

    def _step_forward(self, conversation: Conversation, most: int) -> None:
        """Let the oldest updates of a conversation be taken.

        Only as many as one request holds: whoever has a hundred thousand updates behind a request
        would otherwise move them all for each.
        """
        line = self._lines[conversation]
        for _ in range(min(most, len(line.behind))):
            heapq.heappush(self._free, heapq.heappop(line.behind))
            self._behind -= 1
        if not line.requests and not line.behind:
            del self._lines[conversation]
