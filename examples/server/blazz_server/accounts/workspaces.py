"""Makes, finds and removes workspaces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from blazz_server.accounts.tables import Workspace
from blazz_server.database import Database, Table
from blazz_server.errors import ApiError, not_found

NAME: Final = r"^[a-z0-9][a-z0-9_-]{0,62}$"
"""What workspaces, sessions and campaigns are called; the library wants it so."""


class Workspaces:
    """The tenants of this server."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._on_removal: list[Callable[[str], Awaitable[None]]] = []

    def on_removal(self, callback: Callable[[str], Awaitable[None]]) -> None:
        """Have something done before the rows of a workspace are deleted.

        Args:
            callback: Gets the workspace's name; ends its sessions, closes its connections. If it
                fails, nothing is deleted.
        """
        self._on_removal.append(callback)

    async def create(self, name: str, *, title: str) -> Workspace:
        """Make a workspace.

        Raises:
            ApiError: One of that name exists.
        """
        workspace = Workspace(name=name, title=title or name)
        try:
            async with self._database.begin() as transaction:
                transaction.add(workspace)
        except IntegrityError as error:
            detail = f"there is a workspace {name!r}; choose another name"
            raise ApiError(409, "workspace_exists", detail) from error
        return workspace

    async def get(self, name: str) -> Workspace:
        """Find a workspace.

        Raises:
            ApiError: There is none.
        """
        async with self._database.read() as transaction:
            workspace = await transaction.get(Workspace, name)
        if workspace is None:
            raise not_found("workspace", name)
        return workspace

    async def page(self, *, after: str, limit: int) -> list[Workspace]:
        """List workspaces by name, beginning after one."""
        some = select(Workspace).where(Workspace.name > after).order_by(Workspace.name)
        async with self._database.read() as transaction:
            return list(await transaction.scalars(some.limit(limit)))

    async def rename(self, name: str, *, title: str) -> Workspace:
        """Give a workspace another title; its name stays."""
        async with self._database.begin() as transaction:
            workspace = await transaction.get(Workspace, name)
            if workspace is None:
                raise not_found("workspace", name)
            workspace.title = title
        return workspace

    async def remove(self, name: str) -> None:
        """Delete a workspace with everything that any table knows of it."""
        await self.get(name)
        for callback in self._on_removal:
            await callback(name)
        async with self._database.begin() as transaction:
            # Those that point to others first.
            for table in reversed(Table.metadata.sorted_tables):
                if "workspace" in table.columns:
                    await transaction.execute(
                        delete(table).where(table.columns["workspace"] == name)
                    )
            await transaction.execute(delete(Workspace).where(Workspace.name == name))
