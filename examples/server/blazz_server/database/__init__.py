"""The server's own tables, in SQLite or PostgreSQL."""

from blazz_server.database.base import Database, Table
from blazz_server.database.times import UtcTime, utc_now

__all__ = ["Database", "Table", "UtcTime", "utc_now"]
