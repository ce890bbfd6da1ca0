"""Reads recipients from a CSV file, as spreadsheets and other programs write it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import itertools
import json
import os
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from blazz.campaigns.audience.base import BATCH, AudienceReader, Needs, Rejected, Row
from blazz.campaigns.audience.columns import (
    check_needed,
    find_phone,
    looks_like_data,
    suggest_phone,
)
from blazz.campaigns.audience.csv_rows import CsvRow, CsvRows
from blazz.campaigns.audience.encodings import scan
from blazz.errors import AudienceError, InvalidValue

_LONGEST_LINE = 1 << 20
_SAMPLE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvSource:
    """A CSV file and how to read it; see `Audience.csv`."""

    path: Path
    phone: str | None = None
    region: str | None = None
    encoding: str | None = None
    delimiter: str | None = None

    def __post_init__(self) -> None:
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            raise InvalidValue("Audience.csv.delimiter", "one character", self.delimiter)

    @asynccontextmanager
    async def open(self, needs: Needs) -> AsyncIterator[AudienceReader]:
        """Begin to read the file; see `AudienceSource`."""
        # Opened and closed here, not in a thread: a task that is cancelled does not wait for its
        # thread, and nobody would close what that has opened meanwhile.
        with open_csv(self.path, self.path.name) as file:
            yield await asyncio.to_thread(_CsvReader, self, needs, file)

    async def fingerprint(self) -> str:
        """Tell this file's content and reading from others; see `AudienceSource`."""
        async with self.open(Needs()) as reader:
            return reader.fingerprint()


class _CsvReader:
    """An open CSV file. All but `batches` blocks, so it runs in threads."""

    def __init__(self, source: CsvSource, needs: Needs, file: BinaryIO) -> None:
        self._name = source.path.name
        self._region = source.region
        self._needs = needs
        self._file = file
        self._stamp = self._changed_at()
        scanned = scan(file, name=self._name, encoding=source.encoding)
        file.seek(0)
        # Kept, because a text wrapper that is forgotten closes the file.
        self._text = io.TextIOWrapper(file, scanned.encoding, errors="strict", newline="")
        rows = CsvRows(
            read_lines(self._text, self._name), name=self._name, delimiter=source.delimiter
        )
        self._rows = iter(rows)
        # A bare `next` raises StopIteration, which hangs whoever waits for this thread.
        if (header := next(self._rows, None)) is None:
            raise AudienceError(f"{self._name}: the file has no header")
        self._columns = [column.strip() for column in header.fields]
        phone = self._find_columns(source.phone)
        self._phone = self._columns.index(phone)
        self._places = [(column, self._columns.index(column)) for column in needs.columns]
        parts = ["csv", scanned.digest, scanned.encoding, rows.delimiter, phone, source.region]
        self._fingerprint = hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def columns(self) -> Sequence[str]:
        """The names in the header."""
        return self._columns

    def fingerprint(self) -> str:
        """Tell this audience from others: by its bytes, and how they are read."""
        return self._fingerprint

    async def batches(self) -> AsyncIterator[list[Row]]:
        """Read all rows, many at a time; see `AudienceReader`."""
        empty = True
        while batch := await asyncio.to_thread(self._batch):
            empty = False
            yield batch
        if empty:
            raise AudienceError(f"{self._name}: there is a header, but no row below it")
        if await asyncio.to_thread(self._changed_at) != self._stamp:
            raise AudienceError(f"{self._name}: the file changed while it was read; start again")

    def _find_columns(self, asked: str | None) -> str:
        try:
            phone = find_phone(self._name, self._columns, asked)
        except AudienceError as error:
            raise AudienceError(f"{error}{self._hint()}") from None
        check_needed(self._name, self._columns, self._needs.columns)
        return phone

    def _hint(self) -> str:
        """Look at the first rows for what the user may have meant."""
        if looks_like_data(self._columns):
            return "; the first line looks like a contact: put a line with column names above it"
        sample = [row.fields for row in itertools.islice(self._rows, _SAMPLE)]
        likely = suggest_phone(self._columns, sample)
        return f"; {likely!r} holds phone numbers: is it phone={likely!r}?" if likely else ""

    def _batch(self) -> list[Row]:
        try:
            return [self._judge(row) for row in itertools.islice(self._rows, BATCH)]
        except UnicodeError as error:  # it could be read a moment ago
            raise AudienceError(f"{self._name}: the file changed while it was read") from error

    def _judge(self, row: CsvRow) -> Row:
        fields = row.fields
        if row.problem is not None:
            return Rejected(row.line, tuple(fields), row.problem)
        if len(fields) != len(self._columns):
            reason = f"it has {len(fields)} fields, the header has {len(self._columns)}"
            return Rejected(row.line, tuple(fields), reason)
        values = {column: fields[place] for column, place in self._places}
        return self._needs.judge(row.line, fields, fields[self._phone], values, region=self._region)

    def _changed_at(self) -> tuple[int, int]:
        status = os.fstat(self._file.fileno())
        return status.st_size, status.st_mtime_ns


def open_csv(path: Path, name: str) -> BinaryIO:
    """Open a file that can be read more than once.

    Raises:
        AudienceError: It cannot be opened, or is a pipe.
    """
    try:
        # A pipe could be read only once, and opening one waits until somebody writes.
        if not stat.S_ISREG(path.stat().st_mode):
            raise AudienceError(f"{name}: it is not a file; save it to a file first")
        return path.open("rb")
    except OSError as error:
        raise AudienceError(f"{path}: {error.strerror or error}") from error


def read_lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    """Read line by line, and give up on lines that no table has."""
    number = 0
    while line := text.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise AudienceError(
                f"{name}, line {number}: it is longer than a million characters; is this CSV?"
            )
        yield line
