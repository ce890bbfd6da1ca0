"""What is known of sessions, in the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from blazz.events.sessions import SessionStateChanged
from blazz_server.database import Database, utc_now
from blazz_server.errors import ApiError, not_found
from blazz_server.hosting.tables import SessionRow

LONGEST_DETAIL: Final = 2_000

Listener: TypeAlias = Callable[
    [AsyncSession, str, str, Sequence[SessionStateChanged]], Awaitable[object]
]
"""Writes what follows from changes: the transaction that they are in, workspace, session, they."""


class SessionRecords:
    """The table of sessions.

    Args:
        database: The server's own tables.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Have something written in the same transaction as each change of a session's state."""
        self._listeners.append(listener)

    async def create(
        self, workspace: str, name: str, *, kind: str, config: dict[str, Any], running: bool
    ) -> SessionRow:
        """Add a session.

        Raises:
            ApiError: There is one of that name.
        """
        row = SessionRow(workspace=workspace, name=name, kind=kind, config=config, running=running)
        try:
            async with self._database.begin() as session:
                session.add(row)
        except IntegrityError as error:
            detail = f"there is a session {name!r} already"
            raise ApiError(409, "session_exists", detail) from error
        return row

    async def get(self, workspace: str, name: str) -> SessionRow:
        """Find a session.

        Raises:
            ApiError: There is none.
        """
        async with self._database.read() as session:
            row = await session.get(SessionRow, (workspace, name))
        if row is None:
            raise not_found("session", name)
        return row

    async def page(self, workspace: str, *, after: str, limit: int) -> Sequence[SessionRow]:
        """List sessions of a workspace by name."""
        query = select(SessionRow).where(SessionRow.workspace == workspace, SessionRow.name > after)
        async with self._database.read() as session:
            found = await session.scalars(query.order_by(SessionRow.name).limit(limit))
            return found.all()

    async def wanted(self) -> dict[str, str | None]:
        """All sessions that are to run, and the instances that they were moved to by hand."""
        query = select(SessionRow.workspace, SessionRow.name, SessionRow.wished)
        async with self._database.read() as session:
            found = await session.execute(query.where(SessionRow.running.is_(True)))
            return {f"{workspace}/{name}": wished for workspace, name, wished in found}

    async def run(self, workspace: str, name: str, *, running: bool) -> None:
        """Say whether a session is to run."""
        await self._update(workspace, name, running=running)

    async def wish(self, workspace: str, name: str, instance: str | None) -> None:
        """Say where a session is to run."""
        await self._update(workspace, name, wished=instance)

    async def renewed(self, workspace: str, name: str, *, by: str) -> SessionRow:
        """Note that a session has other credentials; whoever knows the former ones reads them anew.

        Args:
            workspace: Its workspace.
            name: Its name.
            by: The key of who replaced them.

        Raises:
            ApiError: There is none.
        """
        async with self._database.begin() as session:
            row = await session.get(SessionRow, (workspace, name), with_for_update=True)
            if row is None:
                raise not_found("session", name)
            row.config = {
                **row.config,
                "credentials_changed_at": utc_now().isoformat(),
                "credentials_changed_by": by,
            }
        return row

    async def delete(
        self, workspace: str, name: str, *, told: Sequence[SessionStateChanged] = ()
    ) -> bool:
        """Forget a session; False: there is none.

        Args:
            workspace: Its workspace.
            name: Its name.
            told: What listeners are told of it.
        """
        query = delete(SessionRow).where(SessionRow.workspace == workspace, SessionRow.name == name)
        async with self._database.begin() as session:
            if await session.scalar(query.returning(SessionRow.name)) is None:
                return False
            await self._tell(session, workspace, name, told)
        return True

    async def note(
        self,
        workspace: str,
        name: str,
        changes: Sequence[SessionStateChanged],
        *,
        epoch: int,
        account: str | None = None,
    ) -> bool:
        """Write down what became of a session; False: a later owner has, or it is no more.

        Args:
            workspace: Its workspace.
            name: Its name.
            changes: Its states, one after another; where it stands now is the last.
            epoch: Under which lease.
            account: The number that is linked to it, if that is known.
        """
        last = changes[-1]
        values = {
            "state": last.state.value,
            "reason": last.reason.value,
            "detail": (last.detail or "")[:LONGEST_DETAIL],
            "epoch": epoch,
            "changed_at": last.at,
        }
        if account is not None:
            values["account"] = account
        query = update(SessionRow).where(
            SessionRow.workspace == workspace,
            SessionRow.name == name,
            SessionRow.epoch <= epoch,
        )
        noted = query.values(**values).returning(SessionRow.name)
        async with self._database.begin() as session:
            if await session.scalar(noted) is None:
                return False
            await self._tell(session, workspace, name, changes)
        return True

    async def _tell(
        self,
        session: AsyncSession,
        workspace: str,
        name: str,
        changes: Sequence[SessionStateChanged],
    ) -> None:
        for listener in self._listeners:
            await listener(session, workspace, name, changes)

    async def _update(self, workspace: str, name: str, **values: Any) -> None:  # noqa: ANN401
        query = update(SessionRow).where(SessionRow.workspace == workspace, SessionRow.name == name)
        async with self._database.begin() as session:
            await session.execute(query.values(**values))
