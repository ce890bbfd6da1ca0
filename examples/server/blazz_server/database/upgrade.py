"""Opens the database with the tables of this version."""

from __future__ import annotations

from blazz_server.database.base import Database, Table
from blazz_server.settings import Settings


async def open_database(settings: Settings) -> Database:
    """Open the database, and bring its tables up to this version."""
    url = settings.database_url
    if not url:
        settings.folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{settings.folder / 'server.db'}"
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    return database
