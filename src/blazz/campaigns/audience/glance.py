"""A first look at a CSV file, before anybody says which of its columns holds what."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass
from pathlib import Path

from blazz.campaigns.audience.columns import find_phone, suggest_phone
from blazz.campaigns.audience.csv_file import open_csv, read_lines
from blazz.campaigns.audience.csv_rows import CsvRows
from blazz.campaigns.audience.encodings import scan
from blazz.errors import AudienceError

_SHOWN = 10
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a file looks like.

    Attributes:
        columns: The names in its header.
        phone: The column that seems to hold the phone numbers; None: it must be named.
        encoding: Its encoding, as Python names it.
        delimiter: What stands between its fields.
        rows: The first rows below the header.
    """

    columns: tuple[str, ...]
    phone: str | None
    encoding: str
    delimiter: str
    rows: tuple[tuple[str, ...], ...]


def glance(
    path: str | Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    shown: int = _SHOWN,
) -> Glance:
    r"""Look at a CSV file; it is read to its end once, to be sure of its encoding. Blocks.

    Args:
        path: The file.
        encoding: As Python names it; by default it is found out.
        delimiter: What stands between fields; by default judged by the header.
        shown: How many rows to give.

    Raises:
        AudienceError: It cannot be read, is not text, or has no header.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "a.csv"
        ...     _ = file.write_text("name;phone\nAna;+34600000001\n")
        ...     seen = glance(file)
        >>> seen.columns, seen.phone, seen.rows
        (('name', 'phone'), 'phone', (('Ana', '+34600000001'),))
    """
    path = Path(path)
    with open_csv(path, path.name) as file:
        found = scan(file, name=path.name, encoding=encoding)
        file.seek(0)
        text = io.TextIOWrapper(file, found.encoding, errors="strict", newline="")
        rows = CsvRows(read_lines(text, path.name), name=path.name, delimiter=delimiter)
        reader = iter(rows)
        header = next(reader, None)
        if header is None:
            raise AudienceError(f"{path.name}: the file has no header")
        columns = tuple(column.strip() for column in header.fields)
        first = [tuple(row.fields) for row in itertools.islice(reader, max(shown, _LOOKED_AT))]
        text.detach()
    return Glance(
        columns=columns,
        phone=_phone(path.name, columns, first),
        encoding=found.encoding,
        delimiter=rows.delimiter,
        rows=tuple(first[:shown]),
    )


def _phone(name: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str | None:
    try:
        return find_phone(name, columns, None)
    except AudienceError:
        return suggest_phone(columns, rows)
