"""Writes the next step of the tables: `python -m blazz_server.database.revise "add a column"`.

It compares the tables in the code with those that all steps so far make, in an empty SQLite
database. Read what it writes: a renamed column looks to it like one that was dropped and one added,
and steps only add, so that two versions can run side by side.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

# All tables are declared once all parts are there.
import blazz_server.platform  # noqa: F401
from blazz_server.database.base import Database
from blazz_server.database.upgrade import configuration


def write(connection: Connection, message: str) -> None:
    """Write the step that is missing."""
    config = configuration(connection)
    command.upgrade(config, "head")
    steps = len(list(ScriptDirectory.from_config(config).walk_revisions()))
    command.revision(config, message, autogenerate=True, rev_id=f"{steps + 1:04}")


async def main(message: str) -> None:
    """Compare with an empty database, and write."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'empty.db'}")
        async with database.engine.begin() as connection:
            await connection.run_sync(write, message)
        await database.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    anyio.run(main, sys.argv[1])
