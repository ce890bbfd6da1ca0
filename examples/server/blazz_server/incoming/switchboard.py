"""Passes what one URL receives on to the workspaces that it is for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import TypeAlias

from blazz.errors import WebhookError
from blazz.providers.meta_cloud.inbound import divide

Deliver: TypeAlias = Callable[[str, bytes, str], Awaitable[object]]
"""Keeps a body in a workspace's inbox: the workspace, the body, its signer."""
KeepStray: TypeAlias = Callable[[str | None, bytes, str, str], Awaitable[object]]
"""Keeps a body that belongs to nobody: the account, the body, its signer, the reason."""


class Switchboard:
    """The intake of the receiver that stands before all workspaces.

    An update goes to the workspaces whose sessions have its account *and* the secret that signed
    it: with the secret of one tenant's app nobody brings updates in for another's number. When
    `put` returns, every part of the body is kept where it belongs; when it fails, Meta sends the
    body again, and the parts that were kept are known then.

    Args:
        deliver: Keeps a body in a workspace's inbox.
        keep_stray: Keeps a body that belongs to nobody.
        refresh: Looks for sessions that are new; tells whether there were any.
    """

    def __init__(
        self,
        *,
        deliver: Deliver,
        keep_stray: KeepStray,
        refresh: Callable[[], Awaitable[bool]],
    ) -> None:
        self._deliver = deliver
        self._keep_stray = keep_stray
        self._refresh = refresh
        self._routes: dict[str, frozenset[tuple[str, str]]] = {}
        # Made when it is next needed: at the start, all sessions are registered one by one.
        self._workspaces: dict[tuple[str, str], frozenset[str]] | None = None

    async def register(
        self, session: str, *, accounts: Collection[str], signers: Collection[str]
    ) -> int:
        """Route the updates of these accounts that these secrets sign to a session's workspace."""
        self._routes[session] = frozenset((it, signer) for it in accounts for signer in signers)
        self._workspaces = None
        return 0

    def unregister(self, session: str) -> None:
        """Forget a session."""
        if self._routes.pop(session, None) is not None:
            self._workspaces = None

    async def backlog(self, sessions: Collection[str] | None = None) -> int:
        """Nothing waits here; the inboxes of the workspaces have limits of their own."""
        return 0

    async def put(self, body: bytes, *, signer: str) -> None:
        """Keep a body: the parts of each workspace in its inbox, the rest as strays.

        Raises:
            WebhookError: An inbox does not take it at the moment.
        """
        try:
            shares = self._divide(body, signer)
            if _strays(shares) and await self._refresh():
                shares = self._divide(body, signer)
        except WebhookError as error:  # signed, but no batch
            await self._keep_stray(None, body, signer, str(error))
            return
        for (workspace, account), share in shares.items():
            if workspace is not None:
                await self._deliver(workspace, share, signer)
            else:
                reason = "no session has this account with the secret that signed it"
                await self._keep_stray(account, share, signer, reason)

    def _divide(self, body: bytes, signer: str) -> dict[tuple[str | None, str | None], bytes]:
        """The parts of a body by whom they are for: a workspace, or nobody and an account."""
        workspaces = self._index()

        def owners(account: str | None) -> list[tuple[str | None, str | None]]:
            found = workspaces.get((account or "", signer))
            return [(it, None) for it in found] if found else [(None, account)]

        return divide(body, owners)

    def _index(self) -> dict[tuple[str, str], frozenset[str]]:
        """The workspaces of each account and secret."""
        if self._workspaces is not None:
            return self._workspaces
        index: dict[tuple[str, str], set[str]] = {}
        for session, routes in self._routes.items():
            for route in routes:
                index.setdefault(route, set()).add(session.partition("/")[0])
        self._workspaces = {route: frozenset(names) for route, names in index.items()}
        return self._workspaces


def _strays(shares: Collection[tuple[str | None, str | None]]) -> bool:
    return any(workspace is None for workspace, _ in shares)
