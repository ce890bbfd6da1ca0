"""Uploaded audiences: streamed to a file, looked at, and kept where every instance has them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import ColumnElement, delete, func, insert, select

from blazz.campaigns.audience import Glance, glance
from blazz_server.campaigns.tables import WORKED_ON, AudiencePart, AudienceRow, CampaignRow, State
from blazz_server.database import Database, utc_now
from blazz_server.database.ids import new_id
from blazz_server.errors import ApiError, not_found

KEPT: Final = timedelta(days=30)
"""How long an audience is kept that no campaign will need any more."""
MOST: Final = 200
"""How many audiences a workspace may keep."""
MOST_COLUMNS: Final = 500
_PART: Final = 256 * 1024
_NAME: Final = 80
_FOREIGN: Final = re.compile(r"[^\w. ()+-]")


class Audiences:
    """The uploaded files of all workspaces.

    Args:
        database: Where they are.
        folder: Where files are put together while they are needed.
        limit: How many bytes a file may have.
    """

    def __init__(self, database: Database, *, folder: Path, limit: int) -> None:
        self._database = database
        self._folder = folder
        self._limit = limit

    async def receive(
        self,
        workspace: str,
        content: AsyncIterable[bytes],
        *,
        filename: str,
        encoding: str | None = None,
        delimiter: str | None = None,
    ) -> tuple[AudienceRow, Glance]:
        """Take a file as it comes; no more than a piece of it is in memory.

        Raises:
            ApiError: It is too large, there are too many, or it is no CSV file.
            AudienceError: It cannot be read.
        """
        filename = safe_name(filename)
        await self._check_room(workspace)
        with tempfile.TemporaryDirectory(dir=self._made_folder(), prefix="upload-") as folder:
            path = Path(folder) / filename
            size, digest = await self._write(path, content)
            seen = await asyncio.to_thread(_look, path, encoding=encoding, delimiter=delimiter)
            row = AudienceRow(
                id=new_id("aud"),
                workspace=workspace,
                filename=filename,
                size=size,
                sha256=digest,
                columns=list(seen.columns),
                phone=seen.phone,
                encoding=seen.encoding,
                delimiter=seen.delimiter,
                created_at=utc_now(),
            )
            await self._keep(row, path)
        return row, seen

    async def get(self, workspace: str, id: str) -> AudienceRow:  # noqa: A002
        """Find an audience.

        Raises:
            ApiError: There is none in this workspace.
        """
        async with self._database.read() as session:
            row = await session.get(AudienceRow, id)
        if row is None or row.workspace != workspace:
            raise not_found("audience", id)
        return row

    async def page(self, workspace: str, *, after: str, limit: int) -> list[AudienceRow]:
        """List them, the newest first, and one more than asked for if there are more."""
        query = select(AudienceRow).where(AudienceRow.workspace == workspace)
        if after:
            query = query.where(AudienceRow.id < after)
        async with self._database.read() as session:
            found = await session.scalars(query.order_by(AudienceRow.id.desc()).limit(limit + 1))
            return list(found)

    async def delete(self, workspace: str, id: str) -> None:  # noqa: A002
        """Delete an audience that no campaign needs.

        Raises:
            ApiError: There is none, or a campaign has not read it yet.
        """
        row = await self.get(workspace, id)
        async with self._database.begin() as session:
            needed = await session.scalar(
                select(CampaignRow.id).where(
                    CampaignRow.workspace == workspace, CampaignRow.audience == id, _needs_it()
                )
            )
            if needed is not None:
                raise ApiError(
                    409, "audience_needed", f"the campaign {needed!r} has not read it yet"
                )
            await session.execute(delete(AudienceRow).where(AudienceRow.id == row.id))

    @asynccontextmanager
    async def opened(self, workspace: str, id: str) -> AsyncIterator[Path]:  # noqa: A002
        """Put the file together; it is there until the block ends.

        Raises:
            ApiError: There is none in this workspace.
        """
        row = await self.get(workspace, id)
        with tempfile.TemporaryDirectory(dir=self._made_folder(), prefix="audience-") as folder:
            # Errors tell of it by its name.
            path = Path(folder) / row.filename
            with path.open("wb") as file:
                async for part in self._parts(id):
                    await asyncio.to_thread(file.write, part)
            yield path

    async def prune(self) -> None:
        """Forget files that are old and that no campaign needs any more."""
        needed = select(CampaignRow.audience).where(_needs_it())
        statement = delete(AudienceRow).where(
            AudienceRow.created_at < utc_now() - KEPT, AudienceRow.id.not_in(needed)
        )
        async with self._database.begin() as session:
            await session.execute(statement)

    async def _check_room(self, workspace: str) -> None:
        query = select(func.count()).where(AudienceRow.workspace == workspace)
        async with self._database.read() as session:
            count = await session.scalar(query) or 0
        if count >= MOST:
            detail = f"a workspace keeps at most {MOST} audiences; delete some"
            raise ApiError(409, "too_many_audiences", detail)

    async def _write(self, path: Path, content: AsyncIterable[bytes]) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        with path.open("wb") as file:
            async for piece in content:
                size += len(piece)
                if size > self._limit:
                    raise ApiError(
                        413,
                        "too_large",
                        f"a file has at most {self._limit} bytes",
                        limit=self._limit,
                    )
                digest.update(piece)
                await asyncio.to_thread(file.write, piece)
        return size, digest.hexdigest()

    async def _keep(self, row: AudienceRow, path: Path) -> None:
        with path.open("rb") as file:
            async with self._database.begin() as session:
                session.add(row)
                await session.flush()
                number = 0
                while part := await asyncio.to_thread(file.read, _PART):
                    values = {"audience": row.id, "number": number, "content": part}
                    await session.execute(insert(AudiencePart), values)
                    number += 1

    async def _parts(self, id: str) -> AsyncIterator[bytes]:  # noqa: A002
        number = 0
        while True:
            async with self._database.read() as session:
                part = await session.get(AudiencePart, (id, number))
            if part is None:
                return
            yield part.content
            number += 1

    def _made_folder(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder


def _needs_it() -> ColumnElement[bool]:
    waiting = [State.DRAFT, State.PAUSED, *WORKED_ON]
    return CampaignRow.imported.is_(False) & CampaignRow.state.in_([it.value for it in waiting])


def _look(path: Path, *, encoding: str | None, delimiter: str | None) -> Glance:
    seen = glance(path, encoding=encoding, delimiter=delimiter)
    if len(seen.columns) > MOST_COLUMNS:
        raise ApiError(422, "too_many_columns", f"a file has at most {MOST_COLUMNS} columns")
    return seen


def safe_name(filename: str) -> str:
    r"""Make a file's name that is one everywhere, and nothing but a name.

    Example:
        >>> [safe_name(it) for it in ("../../etc/passwd", "C:\\Kontakte Köln.csv", "..")]
        ['passwd', 'Kontakte Köln.csv', 'contacts.csv']
    """
    last = filename.replace("\\", "/").rpartition("/")[2]
    return _FOREIGN.sub("_", last).strip(". ")[:_NAME] or "contacts.csv"
