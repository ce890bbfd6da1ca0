"""The suppression list of a workspace, blocking."""

from __future__ import annotations

import functools
from pathlib import Path

from anyio.from_thread import BlockingPortal

from blazz.addresses import Address, Identity
from blazz.campaigns import Audience
from blazz.client.suppressions import WorkspaceSuppressions
from blazz.conversations.base import Suppression


class Suppressions:
    """`blazz.client.suppressions.WorkspaceSuppressions`, blocking; `Client.suppressions`."""

    def __init__(self, suppressions: WorkspaceSuppressions, portal: BlockingPortal) -> None:
        self._suppressions = suppressions
        self._portal = portal

    def add(self, *contacts: str | Address | Identity, reason: str = "added") -> None:
        """See `WorkspaceSuppressions.add`."""
        add = functools.partial(self._suppressions.add, *contacts, reason=reason)
        self._portal.call(add)

    def remove(self, *contacts: str | Address | Identity) -> None:
        """See `WorkspaceSuppressions.remove`."""
        self._portal.call(self._suppressions.remove, *contacts)

    def list(self) -> list[Suppression]:
        """See `WorkspaceSuppressions.list`."""
        return self._portal.call(self._suppressions.list)

    def import_from(
        self,
        source: str | Path | Audience,
        *,
        reason: str = "imported",
        region: str | None = None,
    ) -> int:
        """See `WorkspaceSuppressions.import_from`."""
        work = functools.partial(
            self._suppressions.import_from, source, reason=reason, region=region
        )
        return self._portal.call(work)
