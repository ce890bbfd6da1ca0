"""Operations as generators of statements: one logic for every SQL database, without I/O.

An operation yields a `Statement` or a `Batch` and is sent what came of it. Whoever drives it keeps
it in one transaction: SQLite in its writer thread, PostgreSQL on a connection.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")
_PARAMETER = re.compile(r"\$(\d+)")
Rows: TypeAlias = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Statement:
    """One named query and its parameters; answered by its rows."""

    query: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """One named query for each row of parameters; answered by how many rows it changed.

    SQLite runs it row by row. PostgreSQL runs it once, with a list for each column: there the query
    reads its parameters with `unnest`.
    """

    query: str
    rows: Rows


Operation: TypeAlias = Generator[Statement | Batch, Any, T]


def for_sqlite(queries: Mapping[str, str]) -> dict[str, str]:
    """Number parameters as SQLite does it: `$1` is a name there, `?1` is a number.

    Example:
        >>> for_sqlite({"one": "SELECT x FROM t WHERE y = $1"})["one"]
        'SELECT x FROM t WHERE y = ?1'
    """
    return {name: _PARAMETER.sub(r"?\1", sql) for name, sql in queries.items()}


def run_on_sqlite(
    connection: sqlite3.Connection, queries: Mapping[str, str], operation: Operation[T]
) -> T:
    """Drive an operation; its queries are those of `for_sqlite`."""
    answer: Any = None
    try:
        while True:
            step = operation.send(answer)
            sql = queries[step.query]
            if isinstance(step, Statement):
                answer = connection.execute(sql, step.args).fetchall()
            else:
                before = connection.total_changes
                connection.executemany(sql, step.rows)
                answer = connection.total_changes - before
    except StopIteration as finished:
        result: T = finished.value
        return result


async def run_on_postgres(
    connection: asyncpg.Connection, queries: Mapping[str, str], operation: Operation[T]
) -> T:
    """Drive an operation; its queries number their parameters: `$1`, `$2`."""
    answer: Any = None
    try:
        while True:
            step = operation.send(answer)
            sql = queries[step.query]
            if isinstance(step, Statement):
                answer = await connection.fetch(sql, *step.args)
            elif step.rows:
                # The server answers with a tag such as `INSERT 0 5`.
                columns = (list(column) for column in zip(*step.rows, strict=True))
                tag = await connection.execute(sql, *columns)
                answer = int(tag.rpartition(" ")[2])
            else:
                answer = 0
    except StopIteration as finished:
        result: T = finished.value
        return result
