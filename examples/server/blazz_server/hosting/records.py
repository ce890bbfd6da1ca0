"""What is known of sessions, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from blazz.events.sessions import SessionState, StateReason
from blazz_server.database import Database, utc_now
from blazz_server.errors import ApiError, not_found
from blazz_server.hosting.tables import SessionRow

_LONGEST_DETAIL: Final = 2_000


class SessionRecords:
    """The table of sessions.

    Args:
        database: The server's own tables.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

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

    async def delete(self, workspace: str, name: str) -> None:
        """Forget a session."""
        query = delete(SessionRow).where(SessionRow.workspace == workspace, SessionRow.name == name)
        async with self._database.begin() as session:
            await session.execute(query)

    async def note(
        self,
        workspace: str,
        name: str,
        *,
        epoch: int,
        state: SessionState,
        reason: StateReason | str,
        detail: str | None = None,
        account: str | None = None,
    ) -> None:
        """Write down where a session stands, unless a later owner has."""
        values = {
            "state": state.value,
            "reason": str(reason),
            "detail": (detail or "")[:_LONGEST_DETAIL],
            "epoch": epoch,
            "changed_at": utc_now(),
        }
        if account is not None:
            values["account"] = account
        query = update(SessionRow).where(
            SessionRow.workspace == workspace,
            SessionRow.name == name,
            SessionRow.epoch <= epoch,
        )
        async with self._database.begin() as session:
            await session.execute(query.values(**values))

    async def _update(self, workspace: str, name: str, **values: Any) -> None:  # noqa: ANN401
        query = update(SessionRow).where(SessionRow.workspace == workspace, SessionRow.name == name)
        async with self._database.begin() as session:
            await session.execute(query.values(**values))
