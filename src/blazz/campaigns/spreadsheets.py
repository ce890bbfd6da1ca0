"""CSV files for people and their spreadsheets, in which no cell is a formula.

What others wrote into an audience, or into the name of an error, must not become a formula on the
machine of whoever opens an export. So a cell that begins like one gets an apostrophe in front,
which spreadsheets take for "this is text"; `blazz` takes it away again when it reads a CSV file.
Phone numbers need none: a sign and digits are a number, whoever reads them.

Sources: OWASP, "CSV Injection"; RFC 4180 for the form of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

_MARK: Final = "'"
# With the full-width forms of the signs, which some spreadsheets take for the signs.
_BEGINS_FORMULA: Final = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NUMBER: Final = re.compile(r"[+-][0-9 ().-]*")


def guarded(text: str) -> str:
    """A cell as no spreadsheet takes it for a formula.

    Example:
        >>> guarded("=HYPERLINK(A1)"), guarded("+6281234567890"), guarded("Ana")
        ("'=HYPERLINK(A1)", '+6281234567890', 'Ana')
    """
    if not _BEGINS_FORMULA.match(text) or _NUMBER.fullmatch(text):
        return text
    return _MARK + text


def unguarded(text: str) -> str:
    """A cell as it was before it was guarded, here or by others who do the same.

    Example:
        >>> unguarded("'=HYPERLINK(A1)"), unguarded("'+6281234567890"), unguarded("'t Hooft")
        ('=HYPERLINK(A1)', '+6281234567890', "'t Hooft")
    """
    if text.startswith(_MARK) and _BEGINS_FORMULA.match(text, 1):
        return text[1:]
    return text


class Table:
    """Writes rows whose cells are guarded.

    Args:
        file: Where to; a text file without translation of line ends.
        line_end: What ends a row.
    """

    def __init__(self, file: IO[str], *, line_end: str = "\r\n") -> None:
        self._file = file
        self._rows = csv.writer(file, lineterminator=line_end)

    def write(self, *rows: Iterable[object]) -> None:
        """Write rows."""
        self._rows.writerows(
            [guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
        )

    def close(self) -> None:
        """Close the file; may be called again."""
        self._file.close()


def open_table(path: Path, header: Iterable[str]) -> Table:
    """Begin a CSV file.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # With a byte-order mark, because spreadsheets take a CSV file without one for Latin-1.
    table = Table(path.open("w", encoding="utf-8-sig", newline=""))
    try:
        table.write(header)
    except BaseException:
        table.close()
        raise
    return table
