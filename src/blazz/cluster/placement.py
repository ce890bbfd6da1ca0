"""Which instance is to run a session: pure decisions, the same on every instance.

Rendezvous hashing (Thaler and Ravishankar, 1998) gives each workspace its own order of instances.
An instance that comes takes over only what it ranks first for; one that goes leaves the others as
they are.
"""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from blazz.errors import InvalidValue

DEFAULT_CAPACITY: Final = 500
_HASHES: Final = 2.0**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A process that runs sessions.

    Attributes:
        name: Tells it from all others: 1 to 100 characters.
        address: Where the others reach it: an HTTP URL.
        version: The version of its software.
        capacity: How many sessions it may run.
        weight: Its share of the workspaces, compared with the others'.
        draining: Whether it is about to stop: it gets nothing new, and what it has moves away.
        labels: Anything else that is to be shown about it.
    """

    name: str
    address: str
    version: str = ""
    capacity: int = DEFAULT_CAPACITY
    weight: float = 1.0
    draining: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= 100:
            raise InvalidValue("Instance.name", "1 to 100 characters", self.name)
        if not self.address.startswith(("http://", "https://")):
            raise InvalidValue("Instance.address", "an http:// or https:// URL", self.address)
        if self.capacity < 0:
            raise InvalidValue("Instance.capacity", "0 or more sessions", self.capacity)
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise InvalidValue("Instance.weight", "a number above 0", self.weight)


class Cause(enum.StrEnum):
    """Why a session moves."""

    OWNER_GONE = "owner_gone"
    """The instance that ran it is not alive."""
    DRAIN = "drain"
    """Its instance is about to stop."""
    BALANCE = "balance"
    """Another instance is the first choice of its workspace, and has room."""
    NEW = "new"
    """It has not run before."""
    REQUEST = "request"
    """Somebody asked for it."""


@dataclass(frozen=True, slots=True)
class Move:
    """A session that is to run elsewhere.

    Attributes:
        session: Its key, `<workspace>/<name>`.
        source: The instance that runs it, or ran it; None: none.
        target: The instance that is to run it.
        cause: Why.
    """

    session: str
    source: str | None
    target: str
    cause: Cause


def rank(workspace: str, instances: Iterable[Instance]) -> list[Instance]:
    """Put instances in the order in which a workspace prefers them.

    Example:
        >>> east = Instance(name="east", address="http://east")
        >>> west = Instance(name="west", address="http://west")
        >>> rank("acme", [east, west]) == rank("acme", [west, east])
        True
    """
    return sorted(instances, key=lambda it: (-_score(workspace, it), it.name))


def place(
    workspace: str,
    instances: Iterable[Instance],
    loads: Mapping[str, int],
    *,
    current: str | None = None,
) -> Instance | None:
    """Choose the instance for one more session of a workspace.

    Args:
        workspace: The workspace.
        instances: Those that are alive.
        loads: How many sessions each of them runs, by name; without this one.
        current: The instance that runs it: it stays there while it can.

    Returns:
        The first choice of the workspace that has room; None: there is none.
    """
    fit = [it for it in instances if not it.draining and loads.get(it.name, 0) < it.capacity]
    for instance in fit:
        if instance.name == current:
            return instance
    return rank(workspace, fit)[0] if fit else None


def plan(
    owners: Mapping[str, str | None],
    instances: Collection[Instance],
    *,
    balance: int = 0,
    wishes: Mapping[str, str | None] | None = None,
) -> list[Move]:
    """Decide which sessions are to move.

    Sessions of instances that are gone or draining move to where there is room; what finds no room
    stays out of the plan. With `balance`, so many others move to the first choice of their
    workspace at most, where that has room: a few at a time bring a cluster into balance. A session
    that is wished on an instance moves there and stays, as long as that is alive and has room.

    Args:
        owners: Each session, `<workspace>/<name>`, and the name of its instance; None: it has none.
        instances: The instances that are alive.
        balance: How many sessions may move for the sake of balance.
        wishes: On which instance sessions are wished; None: on none.
    """
    alive = {instance.name: instance for instance in instances}
    wished = {
        session: wish
        for session, wish in (wishes or {}).items()
        if wish in alive and not alive[wish].draining
    }
    loads = Counter(owner for owner in owners.values() if owner in alive)
    moves: list[Move] = []
    for session, owner in sorted(owners.items()):
        wish = wished.get(session)
        cause = _cause(owner, alive)
        if wish is not None and wish != owner and cause in {None, Cause.NEW}:
            cause = Cause.REQUEST
        if cause is None:
            continue
        target = place(_workspace(session), instances, loads, current=wish)
        if cause is Cause.REQUEST and owner is not None and target is not alive[wish or ""]:
            continue  # no room: better where it is than somewhere else
        if target is not None:
            moves.append(Move(session, owner, target.name, cause))
            loads[target.name] += 1
            if owner in alive:
                loads[owner] -= 1
    settled = {move.session for move in moves} | wished.keys()
    return moves + _balanced(owners, alive, loads, settled, balance)


def stagger(count: int, *, per_second: float, jitter: Sequence[float]) -> list[float]:
    """Spread the starts of sessions, so that an outage is not followed by a stampede.

    Args:
        count: How many are to start.
        per_second: How many may start in a second.
        jitter: Random numbers from 0 to 1, one for each: two instances do not start in step.

    Returns:
        The seconds after which each starts, ascending.

    Example:
        >>> stagger(3, per_second=2, jitter=[0.0, 0.5, 0.0])
        [0.0, 0.75, 1.0]
    """
    if per_second <= 0:
        raise InvalidValue("stagger.per_second", "above 0", per_second)
    return [(number + jitter[number]) / per_second for number in range(count)]


def _cause(owner: str | None, alive: Mapping[str, Instance]) -> Cause | None:
    if owner is None:
        return Cause.NEW
    if owner not in alive:
        return Cause.OWNER_GONE
    return Cause.DRAIN if alive[owner].draining else None


def _balanced(
    owners: Mapping[str, str | None],
    alive: Mapping[str, Instance],
    loads: Counter[str],
    settled: Collection[str],
    most: int,
) -> list[Move]:
    moves: list[Move] = []
    for session, owner in sorted(owners.items()):
        if len(moves) >= most:
            break
        if session in settled or owner is None or owner not in alive or alive[owner].draining:
            continue
        target = place(_workspace(session), alive.values(), loads)
        if target is None or target.name == owner:
            continue
        # Its own seat does not count: whatever is first choice with it would be so without.
        if rank(_workspace(session), (target, alive[owner]))[0].name != target.name:
            continue
        moves.append(Move(session, owner, target.name, Cause.BALANCE))
        loads[target.name] += 1
        loads[owner] -= 1
    return moves


def _workspace(session: str) -> str:
    return session.partition("/")[0]


def _score(workspace: str, instance: Instance) -> float:
    """Weighted rendezvous: the shares of the workspaces are as the weights."""
    digest = blake2b(f"{workspace}\0{instance.name}".encode(), digest_size=8).digest()
    # Strictly between 0 and 1, so that the logarithm is finite and not 0.
    part = (int.from_bytes(digest, "big") + 0.5) / _HASHES
    return -instance.weight / math.log(min(part, 1 - 2**-53))
