"""The server's own tables, in SQLite or PostgreSQL.

Who changes a table also writes a step: `python -m blazz_server.database.revise "what is new"`.
"""

from blazz_server.database.base import Database, Table
from blazz_server.database.times import UtcTime, utc_now

__all__ = ["Database", "Table", "UtcTime", "utc_now"]
