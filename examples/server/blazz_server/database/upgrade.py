"""Opens the database, and brings its tables up to this version."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from blazz_server.database.base import Database
from blazz_server.settings import Settings

_STEPS: Final = Path(__file__).with_name("migrations")
_LOCK: Final = 7_203_114_001
"""The number of PostgreSQL's advisory lock; no other program uses it by chance."""
_log = logging.getLogger(__name__)


async def open_database(settings: Settings) -> Database:
    """Open the database, and bring its tables up to this version.

    Instances that start at the same time wait for the first one to have done it.
    """
    url = settings.database_url
    if not url:
        settings.folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{settings.folder / 'server.db'}"
    database = Database(url)
    try:
        await upgrade(database)
    except BaseException:
        await database.close()
        raise
    return database


async def upgrade(database: Database) -> None:
    """Take the steps that are missing; all of them are taken, or none."""
    # One transaction, which in SQLite is the only one that writes.
    async with database.engine.begin() as connection:
        if database.is_postgres:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    present = MigrationContext.configure(connection).get_current_revision()
    known = _steps()
    if present == known[0]:
        return
    if present is not None and present not in known:
        # A later version was here, and steps only add: this one can work with its tables, too. So
        # instances are upgraded one by one, and a later version can be taken back.
        _log.warning(
            "the tables are of a later version, at step %s; they stay as they are", present
        )
        return
    command.upgrade(configuration(connection), "head")


@functools.cache
def _steps() -> tuple[str, ...]:
    """All steps, the latest first."""
    return tuple(step.revision for step in ScriptDirectory(str(_STEPS)).walk_revisions())


def configuration(connection: Connection, attributes: Mapping[str, Any] | None = None) -> Config:
    """Tell Alembic where the steps are, and on which connection to take them."""
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes.update(attributes or {}, connection=connection)
    return config
