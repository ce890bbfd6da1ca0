"""The seam of what carries chunk ids to workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from blazz.campaigns.priority import Priority


@dataclass(frozen=True, slots=True, order=True)
class ChunkId:
    """Which chunk of which campaign, by the ledger's numbers."""

    campaign: int
    number: int


class Declined(Exception):
    """A handler cannot work on a chunk in this process; another may."""


Handler: TypeAlias = Callable[[ChunkId], Awaitable[None]]


class Engine(Protocol):
    """Hands chunk ids to handlers, in this process or in others.

    It knows nothing of recipients. The ledger leases chunks and offers those again that nobody
    finished, so an engine that loses or doubles a job costs time, never a message.

    Semantics that `blazz.testing.check_engine` tests:

    * An offered chunk reaches a handler once it is due; the more urgent first, then the older.
    * A chunk that is offered again while it still waits need not be handled twice.
    * A handler that raises gets its chunk again later, or another process does; one that is
      cancelled need not. `Declined` is not worth a line in the log.
    * Some handlers are kept free for what is more urgent than a campaign.
    * `run` serves until it is cancelled or `close` is called; `close` lets handlers finish.
    """

    async def offer(
        self,
        chunk: ChunkId,
        *,
        priority: Priority = Priority.CAMPAIGN,
        not_before: float | None = None,
    ) -> None:
        """Queue a chunk; `not_before` is in seconds since the epoch.

        Raises:
            EngineUnavailable: Its server cannot be reached; offer the chunk again.
        """
        ...

    async def run(self, handler: Handler) -> None:
        """Give chunks to the handler, several at once."""
        ...

    async def close(self) -> None:
        """End `run` everywhere in this process once its handlers are done."""
        ...
