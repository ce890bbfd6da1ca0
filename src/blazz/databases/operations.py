"""Operations as generators of statements: one logic for every SQL database, without I/O.

An operation yields a `Statement`, a `Batch` or an `Insert` and is sent what came of it. Whoever
drives it keeps it in one transaction: SQLite in its writer thread, PostgreSQL on a connection.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")
_ANY = re.compile(r"= ANY\(\$(\d+)\)")
_PARAMETER = re.compile(r"\$(\d+)")
_ROW_LOCK = re.compile(r"\s+FOR UPDATE( OF [a-z]+)?( SKIP LOCKED)?\b")
_ROWS_AT_ONCE = 20
Rows: TypeAlias = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Statement:
    """One named query and its parameters; answered by its rows.

    A parameter may be a list, for `= ANY($1)`.
    """

    query: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """One named query for each row of parameters; answered by how many rows it changed.

    SQLite runs it row by row. PostgreSQL runs it once, with a list for each column: there the query
    reads its parameters with `unnest`. The parameters `args` are the same for all rows and come
    first.
    """

    query: str
    rows: Rows
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of a table; PostgreSQL copies them, straight into a partition if one is given.

    The rows are read once, so they may be made while they are written.
    """

    table: str
    columns: tuple[str, ...]
    rows: Iterable[Sequence[Any]]
    partition: int | None = None


Operation: TypeAlias = Generator[Statement | Batch | Insert, Any, T]


def for_sqlite(queries: Mapping[str, str]) -> dict[str, str]:
    """Write queries as SQLite understands them.

    `$1` is a name there, `?1` is a number; a list is a JSON array; one writer at a time needs no
    locks on rows; and the least of several values is their `min`.

    Example:
        >>> for_sqlite({"one": "SELECT x FROM t WHERE y = ANY($1) FOR UPDATE"})["one"]
        'SELECT x FROM t WHERE y IN (SELECT value FROM json_each(?1))'
    """
    return {name: _for_sqlite(sql) for name, sql in queries.items()}


def _for_sqlite(sql: str) -> str:
    sql = _ANY.sub(r"IN (SELECT value FROM json_each($\1))", _ROW_LOCK.sub("", sql))
    sql = sql.replace("LEAST(", "min(").replace("GREATEST(", "max(")
    return _PARAMETER.sub(r"?\1", sql)


def run_on_sqlite(
    connection: sqlite3.Connection, queries: Mapping[str, str], operation: Operation[T]
) -> T:
    """Drive an operation; its queries are those of `for_sqlite`."""
    answer: Any = None
    try:
        while True:
            step = operation.send(answer)
            if isinstance(step, Statement):
                args = [json.dumps(a) if isinstance(a, list) else a for a in step.args]
                answer = connection.execute(queries[step.query], args).fetchall()
            else:
                before = connection.total_changes
                if isinstance(step, Insert):
                    _insert(connection, step)
                else:
                    rows = [(*step.args, *row) for row in step.rows] if step.args else step.rows
                    connection.executemany(queries[step.query], rows)
                answer = connection.total_changes - before
    except StopIteration as finished:
        result: T = finished.value
        return result


def _insert(connection: sqlite3.Connection, step: Insert) -> None:
    """Write rows, many with each statement: each statement finds its place in the table anew."""
    # Names of tables and columns cannot be parameters; these are written in our own code.
    start = f"INSERT INTO {step.table} ({', '.join(step.columns)}) VALUES "  # noqa: S608
    row = f"({', '.join('?' * len(step.columns))})"
    values = chain.from_iterable(step.rows)
    most = len(step.columns) * _ROWS_AT_ONCE
    many = start + ", ".join([row] * _ROWS_AT_ONCE)
    while some := tuple(islice(values, most)):
        if len(some) == most:
            connection.execute(many, some)
        else:
            rows = len(some) // len(step.columns)
            connection.execute(start + ", ".join([row] * rows), some)


async def run_on_postgres(
    connection: asyncpg.Connection, queries: Mapping[str, str], operation: Operation[T]
) -> T:
    """Drive an operation; its queries number their parameters: `$1`, `$2`."""
    answer: Any = None
    try:
        while True:
            step = operation.send(answer)
            if isinstance(step, Statement):
                answer = await connection.fetch(queries[step.query], *step.args)
            elif not step.rows:
                answer = 0
            else:
                answer = await _write(connection, queries, step)
    except StopIteration as finished:
        result: T = finished.value
        return result


async def _write(
    connection: asyncpg.Connection, queries: Mapping[str, str], step: Batch | Insert
) -> int:
    if isinstance(step, Insert):
        part = "" if step.partition is None else f"_{step.partition:d}"
        tag = await connection.copy_records_to_table(
            f"{step.table}{part}", records=step.rows, columns=step.columns
        )
    else:
        columns = (list(column) for column in zip(*step.rows, strict=True))
        tag = await connection.execute(queries[step.query], *step.args, *columns)
    # The server answers with a tag such as `INSERT 0 5` or `COPY 5`.
    return int(tag.rpartition(" ")[2])
