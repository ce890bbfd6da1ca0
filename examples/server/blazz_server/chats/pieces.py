"""The content of files that no provider keeps, in pieces: none of them is whole in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import anyio
from anyio.to_thread import run_sync
from sqlalchemy import delete, select

from blazz_server.chats.tables import MediaFile, MediaPiece
from blazz_server.database import Database, utc_now
from blazz_server.errors import not_found

PIECE: Final = 1024 * 1024
"""Bytes of a piece; each is written by a transaction of its own, so that others write meanwhile."""


class Pieces:
    """The table of pieces.

    Args:
        database: Where it is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store(self, row: MediaFile, content: Path) -> int:
        """Store the content of a file that is yet to be written down; give how many pieces it has.

        What was stored of one that is never written down goes when it is old.
        """
        number = 0
        async with await anyio.open_file(content, "rb") as file:
            while piece := await file.read(PIECE):
                async with self._database.begin() as transaction:
                    transaction.add(
                        MediaPiece(
                            workspace=row.workspace,
                            session=row.session,
                            media=row.id,
                            number=number,
                            content=piece,
                            created_at=utc_now(),
                        )
                    )
                number += 1
        return number

    async def read(self, row: MediaFile) -> AsyncGenerator[bytes]:
        """Give the content of a file piece by piece.

        Raises:
            ApiError: It has been deleted meanwhile.
        """
        if row.content is not None:
            for start in range(0, len(row.content), PIECE):
                yield row.content[start : start + PIECE]
        for number in range(row.pieces or 0):
            query = select(MediaPiece.content).where(
                MediaPiece.workspace == row.workspace,
                MediaPiece.session == row.session,
                MediaPiece.media == row.id,
                MediaPiece.number == number,
            )
            async with self._database.read() as transaction:
                piece = await transaction.scalar(query)
            if piece is None:
                raise not_found("media", row.id)
            yield piece

    async def as_file(self, row: MediaFile, files: ExitStack) -> Path:
        """Write the content into a file that is there until `files` are closed.

        Raises:
            ApiError: It has been deleted meanwhile.
        """
        made = NamedTemporaryFile(prefix="blazz-media-")  # noqa: SIM115  # with `files`
        file = files.enter_context(made)
        async with aclosing(self.read(row)) as pieces:
            async for piece in pieces:
                await run_sync(file.write, piece)
        await run_sync(file.flush)
        return Path(file.name)

    async def forget_old(self, before: datetime) -> None:
        """Forget the pieces that were stored before a time."""
        async with self._database.begin() as transaction:
            await transaction.execute(delete(MediaPiece).where(MediaPiece.created_at < before))
