"""Which number sends a chunk, where several share a campaign, and who takes over from whom."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from blazz.addresses import Address
from blazz.campaigns.content import draw
from blazz.campaigns.ledger.records import CampaignRow
from blazz.campaigns.options import CampaignOptions, Share
from blazz.campaigns.pacing import Pace, Stop
from blazz.messages.base import Message
from blazz.providers.base import Receipt

_MOST_TROUBLE = 3
_AWAY = 60.0
_BLOCKED = 900.0


class Sender(Protocol):
    """What a campaign sends through; every `Provider` is one.

    It must not retry inside: the ledger counts attempts, and a pause between two of them would
    pass for a request without an answer.
    """

    async def send(self, to: Address, message: Message, *, token: str) -> Receipt:
        """Send one message, once.

        Raises:
            Refused: The other side said no; nothing was sent.
            NotSent: It certainly did not leave.
            DeliveryUnknown: It left, but no answer came.
        """
        ...


Senders: TypeAlias = Callable[[CampaignRow, str], Sender | None]
"""Gives what one of a campaign's sessions sends through; None if this process does not have it."""

Ready: TypeAlias = Callable[[CampaignRow, Sequence[str]], Awaitable[object]]
"""Opens those of a campaign's sessions that this process can open."""


@dataclass(frozen=True, slots=True)
class Route:
    """A number that may send a chunk.

    Attributes:
        place: Its place among the campaign's sessions.
        session: Its session.
        sender: What it sends through.
    """

    place: int
    session: str
    sender: Sender


def lane_of(address: str, sessions: Sequence[str]) -> int:
    """Give the place of the number that a person belongs to.

    The session with the highest draw for the person has it (rendezvous hashing), so that a number
    that is added or removed moves no more people than it must.

    Example:
        >>> all(
        ...     lane_of(f"+62812{n:08}", ["a", "b", "c"]) == lane_of(f"+62812{n:08}", ["a", "b"])
        ...     for n in range(100) if lane_of(f"+62812{n:08}", ["a", "b", "c"]) != 2
        ... )
        True
    """
    if len(sessions) < 2:
        return 0
    return max(range(len(sessions)), key=lambda place: draw(address, sessions[place].encode()))


def choose(
    options: CampaignOptions,
    *,
    lane: int,
    loads: Sequence[float],
) -> int | None:
    """Choose the number for a chunk. Pure.

    Args:
        options: The campaign's.
        lane: The number that the chunk's people belong to.
        loads: For each number how much it has to do; infinite where it cannot send now.

    Returns:
        The number's place; None if none can send now.

    Example:
        >>> from blazz.campaigns.options import Numbers
        >>> mine = CampaignOptions(sessions=("a", "b"), numbers=Numbers(share="recipients"))
        >>> choose(mine, lane=1, loads=[0, 5]), choose(mine, lane=1, loads=[0, math.inf])
        (1, 0)
    """
    able = [place for place, load in enumerate(loads) if load != math.inf]
    numbers = options.numbers
    if numbers.share is Share.RECIPIENTS and lane < len(loads):
        if lane in able:
            return lane
        if not numbers.failover:
            return None
    return min(able, key=lambda place: (loads[place], place), default=None)


def gives_way(pace: Pace, *, now: float) -> Stop | None:
    """Whether a number that gets no answers should let others take over; see `pacing.verdict`."""
    if pace.trouble < _MOST_TROUBLE:
        return None
    return Stop("it gets no answers", now + _AWAY)


class Routes:
    """Knows, for one worker, which numbers of which campaigns can send.

    Args:
        senders: What each campaign is sent through.
        load: How much a session of a workspace has to do.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        senders: Senders,
        *,
        load: Callable[[str, str], float],
        clock: Callable[[], float],
    ) -> None:
        self._senders = senders
        self._load = load
        self._clock = clock
        self._out: dict[tuple[int, str], float] = {}

    def serves(self, row: CampaignRow, options: CampaignOptions) -> bool:
        """Whether this process has any number of a campaign."""
        return any(self._senders(row, session) is not None for session in sessions_of(row, options))

    def pick(self, row: CampaignRow, options: CampaignOptions, lane: int) -> Route | None:
        """Choose a number for a chunk; None if none can send now."""
        sessions = sessions_of(row, options)
        loads = [self._able(row, session) for session in sessions]
        place = choose(options, lane=lane, loads=loads)
        if place is None:
            return None
        sender = self._senders(row, sessions[place])
        return None if sender is None else Route(place, sessions[place], sender)

    def take_out(
        self, row: CampaignRow, options: CampaignOptions, session: str, stop: Stop
    ) -> bool:
        """Let other numbers take over from one for a while.

        Returns:
            Whether there are others; if not, the campaign has to stop as a whole, and all numbers
            are tried again when it goes on.
        """
        if not options.numbers.failover:
            return False
        until = stop.until if stop.until is not None else self._clock() + _BLOCKED
        self._out[row.number, session] = until
        sessions = sessions_of(row, options)
        if any(self._able(row, each) != math.inf for each in sessions):
            return True
        for each in sessions:
            self._out.pop((row.number, each), None)
        return False

    def _able(self, row: CampaignRow, session: str) -> float:
        if self._senders(row, session) is None:
            return math.inf
        if self._out.get((row.number, session), 0.0) > self._clock():
            return math.inf
        return self._load(row.workspace, session)


def sessions_of(row: CampaignRow, options: CampaignOptions) -> Sequence[str]:
    """The sessions that send a campaign, by their places."""
    return options.sessions or (row.session,)
