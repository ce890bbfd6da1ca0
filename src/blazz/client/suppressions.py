"""The suppression lists that campaigns heed: each session's, and one for the whole workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

import anyio

from blazz import addresses
from blazz.addresses import Address, Identity
from blazz.campaigns.audience import Audience, Needs, Recipient, Rejected
from blazz.campaigns.options import OptOuts
from blazz.conversations.base import ConversationStore, Suppression
from blazz.conversations.naming import names_of
from blazz.errors import ConnectionFailed

_FRESH = 10.0


def workspace_list(workspace: str) -> str:
    """What the workspace's own list is kept under; no session can have that name."""
    return f"{workspace}/*"


class WorkspaceSuppressions:
    """People who get no campaigns of a workspace, whatever number they come from.

    Args:
        store: Where the lists are kept.
        workspace: The tenant.

    Example:
        ::

            await client.suppressions.import_from("opted-out.csv", region="ID")
            await client.suppressions.add("+62 812-3456-7890", reason="asked by phone")
    """

    def __init__(self, store: ConversationStore, workspace: str) -> None:
        self._store = store
        self._key = workspace_list(workspace)

    async def add(self, *contacts: str | Address | Identity, reason: str = "added") -> None:
        """Put people on the list.

        Args:
            contacts: Addresses; or all that is known of people, such as senders of messages.
            reason: Stands in the list.

        Raises:
            InvalidAddress: One is not an address; none was added.
        """
        await self._add(_names(contacts), reason)

    async def remove(self, *contacts: str | Address | Identity) -> None:
        """Take people off the list; lists of sessions stay as they are.

        Raises:
            InvalidAddress: One is not an address; none was removed.
        """
        now = datetime.now(UTC)
        for name in _names(contacts):
            await self._store.unsuppress(self._key, name, now)

    async def list(self) -> list[Suppression]:
        """Give the whole list, the oldest entry first."""
        return await self._store.suppressions(self._key)

    async def import_from(
        self,
        source: str | Path | Audience,
        *,
        reason: str = "imported",
        region: str | None = None,
        rejected: Callable[[Rejected], None] = lambda _row: None,
    ) -> int:
        """Put everybody in a CSV file on the list; rows that cannot be read are passed over.

        Args:
            source: A file with a phone column, or an audience.
            reason: Stands in the list as the reason.
            region: The ISO 3166 country of numbers without a country code, such as `ID`.
            rejected: Told of each row that cannot be read.

        Returns:
            How many rows were put on the list.

        Raises:
            AudienceError: It cannot be read, or has no phone column.
        """
        audience = source if isinstance(source, Audience) else Audience.csv(source, region=region)
        added = 0
        async with audience.open(Needs()) as reader:
            async for batch in reader.batches():
                found = [row.address for row in batch if isinstance(row, Recipient)]
                for row in batch:
                    if isinstance(row, Rejected):
                        rejected(row)
                await self._add(_names(found), reason)
                added += len(found)
        return added

    async def _add(self, found: Iterable[str], reason: str) -> None:
        now = datetime.now(UTC)
        entries = [Suppression(address=address, reason=reason, at=now) for address in found]
        await self._store.suppress(self._key, entries)


def _names(contacts: Iterable[str | Address | Identity]) -> list[str]:
    """The names of people, each under all that they go by."""
    found = [it if isinstance(it, Identity) else addresses.parse(it) for it in contacts]
    return [name for contact in found for name in names_of(contact)]


class SuppressionCheck:
    """Looks addresses up in suppression lists; those asked for at once share one query.

    Args:
        store: Where the lists are kept.
        workspace: The tenant.
        session: The session that sends, as `<workspace>/<name>`.
        opt_outs: Whose lists hold.
    """

    def __init__(
        self, store: ConversationStore, workspace: str, session: str, opt_outs: OptOuts
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._everywhere = opt_outs is OptOuts.WORKSPACE
        self._own = (session, workspace_list(workspace))
        self._lists: tuple[str, ...] = self._own
        self._lists_at = -_FRESH
        self._asking = anyio.Lock()
        self._next = _Addresses()

    async def has(self, address: str) -> bool:
        """Whether an address is on one of the lists.

        Raises:
            ConnectionFailed: That cannot be told; nothing may be sent.
        """
        batch = self._next
        batch.asked.add(address)
        async with self._asking:
            if batch.found is None:
                # Swapped before the query, so that whoever comes during it waits for the next.
                if self._next is batch:
                    self._next = _Addresses()
                try:
                    batch.found = await self._find(batch.asked)
                except Exception as error:  # whatever it was: nothing has left
                    raise ConnectionFailed(f"opt-outs cannot be read: {error!r}") from error
        return address in batch.found

    async def _find(self, asked: Collection[str]) -> set[str]:
        now = time.monotonic()
        if self._everywhere and now - self._lists_at >= _FRESH:
            others = await self._store.suppressing(self._workspace)
            self._lists = tuple(dict.fromkeys((*self._own, *others)))
            self._lists_at = now
        found: set[str] = set()
        for each in self._lists:
            found |= await self._store.suppressed(each, asked)
        return found


class _Addresses:
    """Addresses that are looked up together."""

    __slots__ = ("asked", "found")

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.found: set[str] | None = None
