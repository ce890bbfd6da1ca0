"""SQLite behind one writer thread with group commit, and one reader thread.

The stdlib module in a thread of our own is as fast as any async wrapper (measured), and owning the
thread gives group commit: everything that waits when the thread comes round shares one fsync.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self, TypeVar

from blazz.databases.queries import Migration
from blazz.databases.sqlite_grouping import Group
from blazz.databases.sqlite_jobs import Job, Work, tell_all

__all__ = ["SqliteDatabase", "Work"]

T = TypeVar("T")
Row = TypeVar("Row")

_GROUP_LIMIT = 512
_BUSY_TIMEOUT_MS = 30_000


class SqliteDatabase:
    """One SQLite file: WAL, foreign keys, `synchronous=FULL`, and an own writer and reader thread.

    A committed write survives a power cut. Work given to `write` is atomic by itself (it runs in a
    savepoint) and is shared into one transaction with whatever else waits at that moment. Work that
    was given away runs even if the caller is cancelled while waiting.

    Args:
        path: The file; its folder is made if it is missing. `:memory:` is not supported.
        migrations: The schema's steps, see `blazz.databases.queries.migrations`.

    Example:
        >>> import anyio, tempfile
        >>> from blazz.databases.queries import Migration
        >>> async def main() -> int:
        ...     steps = [Migration(1, "CREATE TABLE t (x INTEGER);")]
        ...     async with SqliteDatabase(f"{tempfile.mkdtemp()}/a.db", migrations=steps) as db:
        ...         await db.write(lambda c: c.execute("INSERT INTO t VALUES (7)"))
        ...         return await db.read(lambda c: c.execute("SELECT x FROM t").fetchone()[0])
        >>> anyio.run(main)
        7
    """

    def __init__(self, path: str | Path, *, migrations: Sequence[Migration]) -> None:
        self.path = Path(path)
        self._migrations = migrations
        self._writer = _ConnectionThread(self.path, name="blazz-sqlite-writer", writes=True)
        self._reader = _ConnectionThread(self.path, name="blazz-sqlite-reader", writes=False)

    async def open(self) -> None:
        """Open the file and bring its schema up to date.

        Raises:
            sqlite3.Error: The file cannot be opened, or is not a database.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writer.start()
        try:
            await self._writer.run(lambda connection: _migrate(connection, self._migrations))
        except BaseException:
            self._writer.stop()
            raise
        self._reader.start()

    def submit(self, group: Group[Row]) -> None:
        """Hand a group to the writer thread; see `blazz.databases.sqlite_grouping`."""
        self._writer.submit(group)

    async def write(self, work: Work[T], *, durable: bool = True) -> T:
        """Run `work` in the writer thread; return once it is committed and fsynced.

        An exception from `work` undoes that work alone and is raised here.

        Args:
            work: What to do.
            durable: Whether to wait for the disk. Without it a killed process loses nothing, but a
                power cut may undo the work. A later durable write makes all before it durable.
        """
        return await self._writer.run(work, durable=durable)

    async def read(self, work: Work[T]) -> T:
        """Run a read-only `work` in the reader thread; it never waits for writers."""
        return await self._reader.run(work)

    async def close(self) -> None:
        """Finish what was submitted and close both connections."""
        try:
            await self._reader.end()
        finally:  # whoever is cancelled here does not wait, and leaves no thread either
            await self._writer.end()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()


class _ConnectionThread:
    """A thread that owns one connection and works through a queue."""

    def __init__(self, path: Path, *, name: str, writes: bool) -> None:
        self._path = path
        self._name = name
        self._writes = writes
        self._jobs: queue.SimpleQueue[Job[object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._ended: Callable[[], None] = lambda: None
        self._durable = True

    def start(self) -> None:
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._main, name=self._name, daemon=True)
        self._thread.start()

    def submit(self, job: Job[T]) -> None:
        if self._thread is None:
            raise sqlite3.ProgrammingError(f"the database {self._path} is not open")
        self._jobs.put(job)  # type: ignore[arg-type]  # the thread does not look at T

    async def run(self, work: Work[T], *, durable: bool = True) -> T:
        job: Job[T] = Job(work, durable=durable)
        self.submit(job)
        return await job.result()

    def stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join()

    async def end(self) -> None:
        """As `stop`, without blocking the loop; works while the interpreter shuts down, too."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop did not wait for us
                loop.call_soon_threadsafe(ended.set)

        self._ended = tell
        self._jobs.put(None)
        await ended.wait()
        thread.join()

    def _main(self) -> None:
        try:
            self._serve()
        finally:
            self._ended()

    def _serve(self) -> None:
        try:
            connection = self._connect()
        except sqlite3.Error as error:
            self._fail_all(error)
            return
        serve = self._serve_writes if self._writes else self._serve_reads
        with contextlib.closing(connection):
            while (job := self._jobs.get()) is not None:
                if serve(connection, job):
                    return

    def _fail_all(self, error: sqlite3.Error) -> None:
        while (job := self._jobs.get()) is not None:
            job.fail(error)
            tell_all([job])

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(connection)
        except BaseException:  # it is no database, for one; that shows only when it is read
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        self._durable = True
        connection.execute("PRAGMA foreign_keys=ON")
        # Random keys dirty a page each: room for them, and time to gather before they are copied
        # from the WAL, save a quarter of the work (measured).
        connection.execute("PRAGMA cache_size=-16384")
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        if not self._writes:
            # It dirties nothing, and what it misses the system has in memory; it sorts in as much.
            connection.execute("PRAGMA cache_size=-4096")
            connection.execute("PRAGMA query_only=ON")

    def _serve_reads(self, connection: sqlite3.Connection, job: Job[object]) -> bool:
        job.run(connection)
        tell_all([job])
        return False

    def _serve_writes(self, connection: sqlite3.Connection, first: Job[object]) -> bool:
        """Run all waiting jobs in one transaction; return whether the thread must stop."""
        jobs, stop = self._waiting(first)
        try:
            self._wait_for_disk(connection, durable=any(job.durable for job in jobs))
            connection.execute("BEGIN IMMEDIATE")
            for job in jobs:
                job.run_in_savepoint(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for job in jobs:
                job.fail(error)
        tell_all(jobs)
        return stop

    def _wait_for_disk(self, connection: sqlite3.Connection, *, durable: bool) -> None:
        """Set whether the next commit waits; in WAL mode it is a matter of each commit."""
        if durable != self._durable:
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable

    def _waiting(self, first: Job[object]) -> tuple[list[Job[object]], bool]:
        jobs = [first]
        while len(jobs) < _GROUP_LIMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False


def _migrate(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Apply what is missing; the number of the last step is kept in `user_version`."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    newest = steps[-1].number if steps else 0
    if version > newest:
        raise sqlite3.DatabaseError(
            f"the database has schema {version}, this version of blazz knows up to {newest};"
            " use the newer blazz that wrote it"
        )
    for step in steps:
        if step.number > version:
            for statement in _statements(step.sql):
                connection.execute(statement)
            # A pragma takes no parameters; the number is an int that we read ourselves.
            connection.execute(f"PRAGMA user_version={step.number:d}")


def _statements(script: str) -> Iterator[str]:
    """Split a script: `executescript` would commit the transaction that we are in."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending
