"""Writes down where sessions stand and tells of each change, whatever their provider is.

First the table knows, and in the same transaction the outbox of webhooks; then browsers are told.
So whoever asks because they were told sees what they were told of.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import anyio

from blazz import Session
from blazz.cluster.registry.base import Change, Registry
from blazz.errors import RegistryUnavailable
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.realtime.broadcasts import of_event
from blazz_server.hosting.records import LONGEST_DETAIL, SessionRecords
from blazz_server.hosting.tables import SessionRow
from blazz_server.live.service import Live

_IN_ORDER: Final = frozenset({SessionState.STARTING, SessionState.CONNECTING, SessionState.READY})
_REST: Final = 1.0
_log = logging.getLogger(__name__)


class StateTeller:
    """Tells of the states of all sessions of this instance.

    Args:
        records: What is known of sessions.
        registry: Is told why sessions were disconnected.
        live: Tells browsers.
    """

    def __init__(self, records: SessionRecords, registry: Registry, live: Live) -> None:
        self._records = records
        self._registry = registry
        self._live = live

    async def tell(
        self, session: Session, changes: Sequence[SessionStateChanged], *, epoch: int
    ) -> None:
        """Tell of what became of a session that runs here, unless a later owner has told more."""
        workspace, name = session.workspace, session.name
        account = getattr(session.provider, "number", None)
        noted = await self._records.note(
            workspace,
            name,
            changes,
            epoch=epoch,
            account=None if account is None else str(account),
        )
        if noted:
            await self._show(workspace, name, changes)
        for change in changes:
            if change.state not in _IN_ORDER:
                await self._add_to_history(session.key, change, epoch)

    async def failed(self, workspace: str, name: str, problem: str) -> None:
        """Tell that a session could not be started; once, however often it is tried again."""
        row = await self._records.get(workspace, name)
        change = _stopped(row, StateReason.FAILED, problem[:LONGEST_DETAIL])
        if (row.state, row.reason, row.detail) == (change.state, change.reason, change.detail):
            return
        if await self._records.note(workspace, name, [change], epoch=row.epoch):
            await self._show(workspace, name, [change])

    async def deleted(self, workspace: str, name: str) -> None:
        """Forget a session, and tell that it is no more."""
        row = await self._records.get(workspace, name)
        change = _stopped(row, StateReason.CLOSED, "the session was deleted")
        if await self._records.delete(workspace, name, told=[change]):
            await self._show(workspace, name, [change])

    async def _show(
        self, workspace: str, name: str, changes: Sequence[SessionStateChanged]
    ) -> None:
        for change in changes:
            for broadcast in of_event(workspace, name, change):
                await self._live.publish(broadcast)

    async def _add_to_history(self, key: str, change: SessionStateChanged, epoch: int) -> None:
        try:
            await self._registry.note(
                key, epoch=epoch, change=Change.DISCONNECTED, reason=change.reason
            )
        except RegistryUnavailable as error:
            _log.warning("%s: its history has not that it is %s: %s", key, change.state, error)


class SessionStates:
    """The states of one session, told one after another and each once.

    Args:
        session: The session; it may be one that is being opened.
        teller: Tells of them.
    """

    def __init__(self, session: Session, teller: StateTeller) -> None:
        self._session = session
        self._teller = teller
        self._told = 0
        self._telling = anyio.Lock()

    async def follow(self) -> None:
        """Tell each change, until the session is not ours any more, or has ended by itself.

        What ended while it is ours was opened elsewhere by an earlier owner, or has failed: it is
        started again. A logout or a ban is for people to mend, so such a session stays.
        """
        session = self._session
        while session.owned:
            await session.states.changed(self._told)
            try:
                await self.tell()
            except Exception:  # noqa: BLE001  # the session itself goes on; it is told again
                _log.exception("%s: its state was not written down yet", session.key)
                await anyio.sleep(_REST)
                continue
            if session.state is SessionState.STOPPED:
                return

    async def tell(self) -> None:
        """Tell what has not been told yet."""
        async with self._telling:
            states = self._session.states
            changes, count = states.since(self._told), states.changes
            if changes:
                epoch = self._session.epoch or 0
                await self._teller.tell(self._session, changes, epoch=epoch)
            self._told = count

    async def tell_the_last(self) -> None:
        """Tell what is left once it has ended; nobody tries again."""
        try:
            await self.tell()
        except Exception:  # noqa: BLE001  # the next owner tells where it stands
            _log.exception("%s: its last state was not written down", self._session.key)


def _stopped(row: SessionRow, reason: StateReason, detail: str) -> SessionStateChanged:
    return SessionStateChanged(
        key=f"state:{secrets.token_hex(12)}",
        at=datetime.now(UTC),
        state=SessionState.STOPPED,
        previous=SessionState(row.state),
        reason=reason,
        detail=detail,
    )
