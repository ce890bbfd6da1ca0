"""Splits the text of a CSV file into rows, and finds the delimiter."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from blazz.campaigns.spreadsheets import unguarded
from blazz.errors import AudienceError

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"(?:[^"]|"")*"?')
# Excel writes the delimiter into the first line of files for readers in other countries.
_EXCEL_HINT = re.compile(r'"?sep=(?P<delimiter>[^"])"?\s*')
_ENDLESS = ("field larger than field limit", "unexpected end of data")


class CsvRow(NamedTuple):
    """A row, the number of the line that it starts in, and what is wrong with its form."""

    line: int
    fields: list[str]
    problem: str | None = None


class CsvRows:
    r"""The rows of a CSV text: first the header, then the others. Empty rows are left out.

    The apostrophe that keeps a spreadsheet from taking a cell for a formula is no part of it.

    Args:
        lines: The text's lines, with their ends.
        name: What to call the file in errors.
        delimiter: What stands between fields; None: judge by the header.

    Attributes:
        delimiter: What stands between fields.

    Raises:
        AudienceError: There is no header.

    Example:
        >>> rows = CsvRows(iter(["name;phone\n", "Ana;+34600000001\n"]), name="a.csv")
        >>> [row.fields for row in rows]
        [['name', 'phone'], ['Ana', '+34600000001']]
    """

    def __init__(self, lines: Iterator[str], *, name: str, delimiter: str | None = None) -> None:
        self._name = name
        self._zero = False
        self._guarded = False
        watched = self._watch(lines)
        first = next(watched, "")
        hint = _EXCEL_HINT.fullmatch(first)
        self._skipped = 0
        if hint is not None:
            delimiter = delimiter or hint["delimiter"]
            first = next(watched, "")
            self._skipped = 1
        while first.isspace():
            first = next(watched, "")
            self._skipped += 1
        if not first:
            raise AudienceError(f"{name}: the file has no header")
        self.delimiter = delimiter or _most_frequent(first)
        self._reader = csv.reader(
            itertools.chain([first], watched), delimiter=self.delimiter, strict=True
        )

    def __iter__(self) -> Iterator[CsvRow]:
        while True:
            line = self._skipped + self._reader.line_num + 1
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._malformed(line, str(error))
                continue
            if any(field and not field.isspace() for field in fields):
                problem = "it has a NUL byte" if self._zero else None
                if self._guarded:
                    fields = [unguarded(field) for field in fields]
                yield CsvRow(line, fields, problem)
            self._zero = self._guarded = False

    def _malformed(self, line: int, problem: str) -> CsvRow:
        if problem.startswith(_ENDLESS):
            # Whatever follows was swallowed by this field: how many rows, nobody can tell.
            raise AudienceError(
                f"{self._name}, line {line}: a quote is opened and never closed ({problem})"
            )
        self._zero = self._guarded = False
        return CsvRow(line, [], f"it is not CSV: {problem}")

    def _watch(self, lines: Iterator[str]) -> Iterator[str]:
        """Take note on the way of NUL bytes, which show that something is broken, and of marks."""
        for line in lines:
            if "'" in line:
                self._guarded = True
            if "\0" in line:
                self._zero = True
            yield line


def _most_frequent(header: str) -> str:
    """Choose the delimiter that stands most often outside the header's quotes."""
    unquoted = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=unquoted.count)
